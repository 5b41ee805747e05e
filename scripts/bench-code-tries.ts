import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AgentContext, AgentModel, AgentResult } from '../src/agents/agent.js';
import { codeAgent } from '../src/agents/code/code-agent.js';
import { barePrompt, codeFor, wholeTokens } from '../src/agents/code/complete-prompts.js';
import { toErrorRecord, WilsonError } from '../src/errors.js';
import type { CommandRunner } from '../src/platform/command.js';
import type { ModelRef } from '../src/protocol/messages.js';
import { protocolVersion } from '../src/protocol/version.js';
import { planChecks } from '../src/verification/plan-checks.js';
import { runChecks } from '../src/verification/run-checks.js';
import { createWorkspace } from '../src/workspace/create.js';
import { diffWorkspace } from '../src/workspace/diff.js';
import type { Workspace } from '../src/workspace/workspace.js';
import { type Completion, headerOf } from './bench-code-problems.js';

export interface Surroundings {
  readonly model: AgentModel;
  readonly ref: ModelRef;
  readonly commands: CommandRunner;
  /** Longest that the agent may work on one problem. */
  readonly deadlineMs: number;
  /** Gets what the agent logs. */
  log(text: string): void;
}

export interface Attempt {
  /** Whether the hidden test passes. */
  readonly solved: boolean;
  /** Why it does not; empty when it does. */
  readonly fault: string;
  readonly seconds: number;
  readonly outputTokens: number;
}

export interface AgentAttempt extends Attempt {
  /** Whether the task would end `done`: the agent said so and the checks of the parent agree. */
  readonly done: boolean;
  readonly said: string;
}

const hiddenTestMs = 10_000;

/** The model without an agent: one greedy answer. */
export async function tryBare(problem: Completion, around: Surroundings): Promise<Attempt> {
  const { model } = around;
  const before = model.usage().outputTokens;
  const startedMs = performance.now();
  const { text } = await model.complete({
    messages: barePrompt(problem.prompt),
    maxTokens: wholeTokens,
    temperature: 0,
    // Nothing ends the answer but the model itself.
    stop: [],
  });
  const seconds = (performance.now() - startedMs) / 1_000;
  const outputTokens = model.usage().outputTokens - before;
  // An answer that leaves out what the prompt gave is not held against it.
  const code = `${headerOf(problem)}\n\n${codeFor(text, problem.entry_point)}`;
  return { ...(await runHidden(problem, code, around.commands)), seconds, outputTokens };
}

/** The Code Agent on the same problem, in an empty workspace, and the parent's look at what it left there. */
export async function tryAgent(problem: Completion, around: Surroundings): Promise<AgentAttempt> {
  const place = mkdtempSync(path.join(tmpdir(), 'wilson-bench-code-'));
  try {
    const folder = path.join(place, 'folder');
    mkdirSync(folder);
    const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder: path.join(place, 'state') });
    const description = `Complete this function.\n\n${problem.prompt}`;
    const before = around.model.usage().outputTokens;
    const startedMs = performance.now();
    const result = await runAgent(description, workspace, around);
    const seconds = (performance.now() - startedMs) / 1_000;
    const outputTokens = around.model.usage().outputTokens - before;
    const { done, code } = await lookAt(description, workspace, result, problem, around);
    const hidden = await runHidden(problem, code, around.commands);
    return { ...hidden, seconds, outputTokens, done, said: `${result.outcome}: ${result.summary}` };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Lets the Code Agent work on a request in a workspace; what it throws is its failure, as in a worker. */
export async function runAgent(description: string, workspace: Workspace, around: Surroundings): Promise<AgentResult> {
  const context: AgentContext = {
    order: {
      type: 'work',
      protocol: protocolVersion,
      taskId: workspace.taskId,
      attempt: 1,
      role: 'work',
      taskType: 'code',
      title: description.split('\n')[0]?.slice(0, 80) ?? '',
      description,
      workspaceRoot: workspace.root,
      model: around.ref,
      findings: [],
      definitionOfDone: [],
      handover: [],
      partOf: null,
      review: null,
      limits: { deadlineMs: around.deadlineMs, commandTimeoutMs: 60_000, maxTurns: 12 },
      sandboxed: around.commands.sandbox !== 'none',
    },
    model: around.model,
    commands: around.commands,
    signal: AbortSignal.timeout(around.deadlineMs),
    progress: ({ basis, message }) => around.log(`${basis}: ${message}`),
    log: (level, text) => around.log(`${level}: ${text}`),
    call: (tool) => Promise.reject(new WilsonError('CALL_REFUSED', `There is no ${tool} here.`)),
  };
  try {
    return await codeAgent(context);
  } catch (error) {
    // As the worker does: what an agent throws is its failure, and what it left stays.
    const record = toErrorRecord(error);
    return { outcome: 'failed', summary: record.message, checks: [], error: record };
  }
}

/** Whether the checks that the parent runs once the worker is gone bear out what it said, and what it changed. */
export async function judgeResult(
  description: string,
  workspace: Workspace,
  result: AgentResult,
  { commands }: Surroundings,
): Promise<{ done: boolean; changed: readonly string[] }> {
  const { files } = await diffWorkspace(workspace);
  const plan = planChecks({ description, type: 'code', changed: files, proposed: result.checks });
  const checks = await runChecks(plan, { workspace, commands, signal: new AbortController().signal });
  const done = result.outcome === 'finished' && checks.length > 0 && checks.every((each) => each.passed);
  return { done, changed: files.map((each) => each.path) };
}

/** What the parent does once the worker is gone, and the code that was left. */
async function lookAt(
  description: string,
  workspace: Workspace,
  result: AgentResult,
  problem: Completion,
  around: Surroundings,
): Promise<{ done: boolean; code: string }> {
  const { done, changed } = await judgeResult(description, workspace, result, around);
  for (const file of changed) {
    if (!file.endsWith('.py')) continue;
    const text = await readFile(path.join(workspace.root, file), 'utf8');
    if (new RegExp(`^(?:async )?def ${problem.entry_point}\\b`, 'm').test(text)) return { done, code: text };
  }
  return { done, code: '' };
}

/** Runs the hidden test on a piece of code, in a folder of its own. */
async function runHidden(
  problem: Completion,
  code: string,
  commands: CommandRunner,
): Promise<{ solved: boolean; fault: string }> {
  if (code.trim() === '') return { solved: false, fault: 'there is no code' };
  const folder = mkdtempSync(path.join(tmpdir(), 'wilson-bench-code-test-'));
  try {
    // Only a run that got past the last line counts: code can end a program with any exit code.
    const mark = `passed ${Math.random().toString(36).slice(2)}`;
    const program = `${code}\n\n${problem.test}\n\ncheck(${problem.entry_point})\nprint(${JSON.stringify(mark)})\n`;
    writeFileSync(path.join(folder, 'hidden_test.py'), program);
    const result = await commands.run({
      argv: ['python3', '-B', 'hidden_test.py'],
      cwd: folder,
      workspaceRoot: folder,
      timeoutMs: hiddenTestMs,
      outputLimitBytes: 64 * 1024,
      signal: new AbortController().signal,
      own: true,
    });
    const solved = result.exitCode === 0 && result.stdout.includes(mark);
    const said = result.timedOut ? 'took too long' : result.stderr.trim().split('\n').at(-1) || 'it ended early';
    return { solved, fault: solved ? '' : said.slice(0, 200) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
