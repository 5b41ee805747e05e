import { homedir } from 'node:os';
import type { Config } from '../config/config.js';
import { toErrorRecord } from '../errors.js';
import type { SandboxKind } from '../platform/command.js';
import { createCommandRunner } from '../platform/run-command.js';
import type { StoreThread } from '../store/store-thread.js';
import type { ImageCheckOptions } from '../supervisor/check-images.js';
import type { VerificationPort, WorkspacePort } from '../supervisor/port.js';
import type { Task } from '../task/task.js';
import { planChecks } from '../verification/plan-checks.js';
import { runChecks } from '../verification/run-checks.js';
import { applyWorkspace } from '../workspace/apply.js';
import { createWorkspace } from '../workspace/create.js';
import { diffWorkspace } from '../workspace/diff.js';
import { resetWorkspace } from '../workspace/reset.js';
import { bringImages } from './bring-images.js';

export interface VerificationOptions {
  readonly sessionId: string;
  readonly stateFolder: string;
  readonly env: NodeJS.ProcessEnv;
  /** What was found to work here. */
  readonly sandbox: SandboxKind;
}

/**
 * The supervisor's look at a workspace: what changed, and the Definition of Done run on it. The commands carry the mark of
 * their task, so that whoever ends the task finds them.
 */
export function createVerification(options: VerificationOptions): VerificationPort {
  const { sessionId, stateFolder, env, sandbox } = options;
  return {
    verify: async (task, workspace, proposed, signal) => {
      const ownerToken = `${sessionId}:${task.id}:${task.attempt}:check`;
      const commands = await createCommandRunner({ ownerToken, env, hide: [stateFolder], force: sandbox });
      const { files } = await diffWorkspace(workspace);
      const plan = planChecks({ description: task.description, type: task.type, changed: files, proposed });
      const checks = await runChecks(plan, { workspace, commands, signal });
      return { checks, artifacts: files };
    },
  };
}

/** A copy for the first attempt of a task; brought back to its start for each later one. */
export function createWorkspaces(stateFolder: string, store: StoreThread): WorkspacePort {
  return {
    prepare: async (task, signal) => {
      const existing = await store.tasks.workspaceOf(task.id);
      const workspace = await createWorkspace({ taskId: task.id, folder: task.folder, stateFolder, signal });
      if (existing !== null) await resetWorkspace(workspace);
      await bringImages(task, workspace.root);
      return workspace;
    },
  };
}

/** What the look at a request's images has to know. */
export function imageCheckFor(config: Config): ImageCheckOptions {
  return { visionConfigured: config.llms.vision !== null, home: homedir() };
}

/** For `workers.apply: auto`: what a done task made goes into the folder at once, unless it conflicts. */
export function createAutoApply(store: StoreThread): (task: Task) => Promise<string> {
  return async (task) => {
    const workspace = await store.tasks.workspaceOf(task.id);
    if (workspace === null) return 'There is nothing to apply.';
    try {
      const { applied, merged } = await applyWorkspace(workspace);
      await store.tasks.setOutcome(task.id, 'applied');
      const note = merged.length === 0 ? '' : ` Merged with what was changed since: ${merged.join(', ')}.`;
      return `Applied: ${applied.map((file) => file.path).join(', ')}.${note} \`wilson undo ${task.id}\` takes it back.`;
    } catch (error) {
      const { message, hint } = toErrorRecord(error);
      return `Not applied: ${message} ${hint}`.trim();
    }
  };
}
