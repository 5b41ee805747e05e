import { loadConfig } from '../config/load.js';
import { WilsonError } from '../errors.js';
import type { Store } from '../store/store.js';
import { isOver, type Task } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';
import type { CommandIo } from './command-io.js';
import { requireTask, withStore } from './command-store.js';
import { startDetachedParent } from './detached.js';
import { writeJson } from './report.js';
import { isTerminal } from './view-options.js';
import { sizeText } from './views/amounts.js';
import { safeText } from './views/view.js';

/* What a task made, and what becomes of it: diff, apply, discard, undo, retry. */

export interface OutcomeOptions {
  readonly json: boolean;
  readonly config?: string;
}

/** `wilson diff <task>`. */
export function diff(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(name, io, async (task, workspace) => {
    const { diffWorkspace } = await import('../workspace/diff.js');
    const found = await diffWorkspace(workspace);
    if (options.json) writeJson({ task: task.id, ...found }, io);
    else if (found.files.length === 0) io.stdout.write(`${task.id} changed nothing.\n`);
    // A pipe gets the patch byte for byte, for `git apply`; a terminal gets no control codes.
    else io.stdout.write(isTerminal(io.stdout) ? safeText(found.patch) : found.patch);
    return 0;
  });
}

/** `wilson apply <task>`: all of it or nothing. */
export function apply(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(name, io, async (task, workspace, store) => {
    if (store.tasks.outcomeOf(task.id) === 'applied') {
      throw new WilsonError('ALREADY_APPLIED', `${task.id} has been applied already.`, {
        hint: `\`wilson undo ${task.id}\` takes it back.`,
      });
    }
    if (!isOver(task.status)) throw stillRunning(task);
    const { applyWorkspace } = await import('../workspace/apply.js');
    const { applied, merged } = await applyWorkspace(workspace);
    store.tasks.setOutcome(task.id, 'applied');
    record(store, task.id, 'applied', `applied ${applied.length} files to ${task.folder}`);
    if (options.json) {
      writeJson({ task: task.id, applied, merged }, io);
      return 0;
    }
    if (task.status !== 'done') {
      io.stderr.write(`${task.id} is ${task.status}: what you applied has not been verified.\n`);
    }
    for (const file of applied) io.stdout.write(`${file.kind.padEnd(8)} ${file.path} (${sizeText(file.bytes)})\n`);
    if (merged.length > 0) {
      io.stderr.write(`Merged with what was changed since, so not verified together: ${merged.join(', ')}\n`);
    }
    io.stdout.write(
      applied.length === 0 ? `${task.id} changed nothing.\n` : `\`wilson undo ${task.id}\` takes it back.\n`,
    );
    return 0;
  });
}

/** `wilson undo <task>`: the folder as it was before `apply`. */
export function undo(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(name, io, async (task, workspace, store) => {
    if (store.tasks.outcomeOf(task.id) !== 'applied') {
      throw new WilsonError('NOT_APPLIED', `${task.id} has not been applied: there is nothing to undo.`);
    }
    const { undoApply } = await import('../workspace/apply.js');
    const undone = await undoApply(workspace);
    store.tasks.setOutcome(task.id, null);
    record(store, task.id, 'undone', 'the apply was taken back');
    if (options.json) writeJson({ task: task.id, ...undone }, io);
    else io.stdout.write(`${task.folder} is as it was before ${task.id} was applied.\n`);
    return 0;
  });
}

/** `wilson discard <task>`: the workspace goes; the history stays. */
export function discard(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(name, io, async (task, workspace, store) => {
    if (!isOver(task.status)) throw stillRunning(task);
    const { discardWorkspace } = await import('../workspace/discard.js');
    await discardWorkspace(workspace);
    store.tasks.setWorkspace(task.id, null);
    store.tasks.setOutcome(task.id, 'discarded');
    record(store, task.id, 'discarded', 'the workspace was thrown away');
    if (options.json) writeJson({ task: task.id, discarded: true }, io);
    else io.stdout.write(`What ${task.id} made is thrown away.\n`);
    return 0;
  });
}

/** `wilson retry <task>`: a failed or cancelled task, queued again; a parent of its folder runs it. */
export async function retry(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  const config = await loadConfig({
    env: io.env,
    cwd: io.cwd,
    path: options.config,
  });
  return withStore(io, async (store) => {
    const task = requireTask(store, name);
    if (store === null || !store.tasks.retry(task.id, null)) {
      throw new WilsonError(
        'NOT_RETRYABLE',
        `${task.id} is ${task.status}: only failed and cancelled tasks can be retried.`,
        {
          hint: isOver(task.status)
            ? 'Ask for it anew with `wilson run`.'
            : `\`wilson kill ${task.id}\` ends it first.`,
        },
      );
    }
    record(store, task.id, 'retried', 'queued again on request');
    await startDetachedParent(task.folder, config.file, io);
    if (options.json) writeJson({ task: task.id, status: 'ready' }, io);
    else io.stdout.write(`${task.id} is queued again. Follow it with: wilson logs -f ${task.id}\n`);
    return 0;
  });
}

function stillRunning(task: Task): WilsonError {
  return new WilsonError('TASK_RUNNING', `${task.id} is not over: ${task.status.replace('_', ' ')}.`, {
    hint: `Wait for it, or end it with \`wilson kill ${task.id}\`.`,
  });
}

function record(store: Store, taskId: string, kind: string, text: string): void {
  store.events.append({ taskId, sessionId: null, level: 'info', kind, text });
}

function withWorkspace(
  name: string,
  io: CommandIo,
  action: (task: Task, workspace: Workspace, store: Store) => Promise<number>,
): Promise<number> {
  return withStore(io, (store) => {
    const task = requireTask(store, name);
    const workspace = store?.tasks.workspaceOf(task.id) ?? null;
    if (store === null || workspace === null) {
      const discarded = store?.tasks.outcomeOf(task.id) === 'discarded';
      throw new WilsonError(
        'NO_WORKSPACE',
        discarded ? `What ${task.id} made was thrown away.` : `${task.id} has made nothing yet.`,
        {
          hint: discarded ? `\`wilson show ${task.id}\` still has its story.` : '',
        },
      );
    }
    return action(task, workspace, store);
  });
}
