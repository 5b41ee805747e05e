import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { AgentResult } from '../../src/agents/agent.js';
import { agentFor } from '../../src/agents/registry.js';
import type { CommandRunner } from '../../src/platform/command.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import type { TaskType } from '../../src/task/task.js';
import { agentContext } from './agent-context.js';
import { put } from './folder-snapshot.js';
import { type AgentScript, ScriptedModel, type ScriptedModelOptions } from './scripted-model.js';
import { tempFolder } from './temp-folder.js';

export interface AgentRun {
  readonly root: string;
  readonly result: AgentResult;
  readonly logs: readonly string[];
  readonly steps: readonly string[];
  readonly model: ScriptedModel;
  text(file: string): string;
  has(file: string): boolean;
}

export interface AgentRunOptions extends ScriptedModelOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly taskType?: TaskType;
  readonly commands?: CommandRunner;
}

/** A runner of commands for every test of a file, and agents that work with it. */
export interface AgentRig {
  owner: string;
  commands: CommandRunner;
  /** Lets the agent of the type work on a request in a folder of its own, with a model that says what its script says. */
  run(description: string, script: AgentScript, options?: AgentRunOptions): Promise<AgentRun>;
}

let count = 0;

/** Registers the set-up of a test file, and the look that no process was left. */
export function agentRig(): AgentRig {
  const rig: AgentRig = {
    owner: '',
    commands: {} as CommandRunner,
    async run(description, script, options = {}) {
      const root = tempFolder();
      for (const [file, text] of Object.entries(options.files ?? {})) put(root, file, text);
      const model = new ScriptedModel(script, options);
      const { taskType = 'code', commands = rig.commands } = options;
      const context = agentContext({ root, model, description, taskType, commands });
      const result = await agentFor(context.order)(context);
      const text = (file: string): string => readFileSync(path.join(root, file), 'utf8');
      const has = (file: string): boolean => existsSync(path.join(root, file));
      return { root, result, logs: context.logs, steps: context.steps, model, text, has };
    },
  };

  beforeEach(async () => {
    count += 1;
    rig.owner = `agent-test-${process.pid}-${count}`;
    rig.commands = await createCommandRunner({ ownerToken: rig.owner, env: process.env });
  });

  afterEach(() => {
    expect(ownedProcesses(rig.owner)).toEqual([]);
  });

  return rig;
}
