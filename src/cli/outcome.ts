import { loadConfig } from '../config/load.js';
import { WilsonError } from '../errors.js';
import type { Store } from '../store/store.js';
import { seenFiles } from '../task/seen-files.js';
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

/** `wilson diff <task>`; of a subtask what it changed itself, as long as its own copy is there. */
export function diff(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(name, io, async (task, workspace) => {
    const { diffWorkspace } = await import('../workspace/diff.js');
    const found = await diffWorkspace(workspace, seenFiles(task));
    if (options.json) writeJson({ task: task.id, ...found }, io);
    else if (found.files.length === 0) io.stdout.write(`${task.id} changed nothing.\n`);
    // A pipe gets the patch byte for byte, for `git apply`; a terminal gets no control codes.
    else io.stdout.write(isTerminal(io.stdout) ? safeText(found.patch) : found.patch);
    return 0;
  });
}

/** `wilson apply <task>`: all of it or nothing. */
export function apply(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(
    name,
    io,
    async (task, workspace, store) => {
      if (store.tasks.outcomeOf(task.id) === 'applied') {
        throw new WilsonError('ALREADY_APPLIED', `${task.id} has been applied already.`, {
          hint: `\`wilson undo ${task.id}\` takes it back.`,
        });
      }
      if (!isOver(task.status)) throw stillRunning(task);
      const { applyWorkspace } = await import('../workspace/apply.js');
      const { applied, merged } = await applyWorkspace(workspace, seenFiles(task));
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
    },
    'apply',
  );
}

/** `wilson undo <task>`: the folder as it was before `apply`. */
export function undo(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(
    name,
    io,
    async (task, workspace, store) => {
      const { isApplied, undoApply } = await import('../workspace/apply.js');
      // Who applied it may have been killed before that was written down.
      const wasCutOff = isOver(task.status) && isApplied(workspace);
      if (store.tasks.outcomeOf(task.id) !== 'applied' && !wasCutOff) {
        throw new WilsonError('NOT_APPLIED', `${task.id} has not been applied: there is nothing to undo.`);
      }
      const undone = await undoApply(workspace);
      store.tasks.setOutcome(task.id, null);
      record(store, task.id, 'undone', 'the apply was taken back');
      if (options.json) writeJson({ task: task.id, ...undone }, io);
      else io.stdout.write(`${task.folder} is as it was before ${task.id} was applied.\n`);
      return 0;
    },
    'undo',
  );
}

/** `wilson discard <task>`: the workspace goes, with those of its subtasks; the history stays. */
export function discard(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(
    name,
    io,
    async (task, workspace, store) => {
      if (!isOver(task.status)) throw stillRunning(task);
      const below = allBelow(store, task.id);
      const alive = below.find(({ status }) => !isOver(status));
      if (alive !== undefined) throw stillRunning(alive);
      const { discardWorkspace } = await import('../workspace/discard.js');
      for (const { id } of below) {
        const own = store.tasks.workspaceOf(id);
        if (own === null) continue;
        await discardWorkspace(own);
        forget(store, id);
      }
      await discardWorkspace(workspace);
      forget(store, task.id);
      record(store, task.id, 'discarded', 'the workspace was thrown away');
      if (options.json) writeJson({ task: task.id, discarded: true }, io);
      else io.stdout.write(`What ${task.id} made is thrown away.\n`);
      return 0;
    },
    'discard',
  );
}

function forget(store: Store, taskId: string): void {
  store.tasks.setWorkspace(taskId, null);
  store.tasks.setOutcome(taskId, 'discarded');
}

function allBelow(store: Store, taskId: string): Task[] {
  return store.families.subtasksOf(taskId).flatMap((task) => [task, ...allBelow(store, task.id)]);
}

/**
 * `wilson retry <task>`: a failed or cancelled task, queued again with all of its family that failed with it; a parent of
 * its folder runs it.
 */
export async function retry(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  const config = await loadConfig({
    env: io.env,
    cwd: io.cwd,
    path: options.config,
  });
  return withStore(io, async (store) => {
    const task = requireTask(store, name);
    if (store === null || !store.families.retry(task.id)) throw notRetryable(store, task);
    record(store, task.id, 'retried', 'queued again on request');
    await startDetachedParent(task.folder, config.file, io);
    const status = store.tasks.get(task.id)?.status ?? 'ready';
    if (options.json) writeJson({ task: task.id, status }, io);
    else io.stdout.write(`${task.id} is queued again. Follow it with: wilson logs -f ${task.id}\n`);
    return 0;
  });
}

function notRetryable(store: Store | null, task: Task): WilsonError {
  const parent = task.parentId === null ? null : (store?.tasks.get(task.parentId) ?? null);
  // What it was to be a part of is there without it.
  const isMadeUpFor = isOver(task.status) && parent?.status === 'done';
  const why = isMadeUpFor ? `${parent.id}, which it is a part of, is done` : `${task.id} is ${task.status}`;
  return new WilsonError('NOT_RETRYABLE', `${why}: only failed and cancelled tasks can be retried.`, {
    hint: isOver(task.status) ? 'Ask for it anew with `wilson run`.' : `\`wilson kill ${task.id}\` ends it first.`,
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

const withTheWhole = {
  apply: ['applied', 'takes all of it'],
  undo: ['undone', 'takes all of it back'],
  discard: ['discarded', 'throws all of it away'],
} as const;

type WorkspaceAction = (task: Task, workspace: Workspace, store: Store) => Promise<number>;

/** `whole`: what can only be done with all of a family, since what a subtask made belongs to its parent. */
function withWorkspace(
  name: string,
  io: CommandIo,
  action: WorkspaceAction,
  whole: keyof typeof withTheWhole | null = null,
): Promise<number> {
  return withStore(io, (store) => {
    const task = requireTask(store, name);
    if (store !== null && task.parentId !== null && whole !== null) throw notByItself(store, task, whole);
    const workspace = store?.tasks.workspaceOf(task.id) ?? null;
    if (store !== null && workspace !== null) return action(task, workspace, store);
    throw noWorkspace(store, task);
  });
}

function notByItself(store: Store, task: Task, command: keyof typeof withTheWhole): WilsonError {
  const top = topOf(store, task);
  const [participle, effect] = withTheWhole[command];
  const message = `${task.id} is a part of ${top} and cannot be ${participle} by itself.`;
  return new WilsonError('PART_OF_PARENT', message, { hint: `\`wilson ${command} ${top}\` ${effect}.` });
}

function noWorkspace(store: Store | null, task: Task): WilsonError {
  if (store?.tasks.outcomeOf(task.id) === 'discarded') {
    return new WilsonError('NO_WORKSPACE', `What ${task.id} made was thrown away.`, {
      hint: `\`wilson show ${task.id}\` still has its story.`,
    });
  }
  if (store === null || task.parentId === null || task.status !== 'done') {
    return new WilsonError('NO_WORKSPACE', `${task.id} has made nothing yet.`);
  }
  const top = topOf(store, task);
  return new WilsonError('PART_OF_PARENT', `What ${task.id} changed is part of ${top}.`, {
    hint: `\`wilson diff ${top}\` shows it.`,
  });
}

/** The id of the task that a subtask is, in the end, a part of. */
function topOf(store: Store, task: Task): string {
  let top = task;
  for (
    let next: Task | null = task;
    next !== null;
    next = top.parentId === null ? null : store.tasks.get(top.parentId)
  ) {
    top = next;
  }
  return top.id;
}
