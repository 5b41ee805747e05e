import { existsSync } from 'node:fs';
import { loadConfig } from '../config/load.js';
import { WilsonError } from '../errors.js';
import type { Store } from '../store/store.js';
import { seenFiles } from '../task/seen-files.js';
import { isOver, type Task } from '../task/task.js';
import type { Applied } from '../workspace/apply.js';
import type { Workspace } from '../workspace/workspace.js';
import type { CommandIo } from './command-io.js';
import { requireTask, withStore } from './command-store.js';
import { startDetachedParent } from './detached.js';
import {
  allBelow,
  notByItself,
  notRetryable,
  noWorkspace,
  stillRunning,
  type WholeCommand,
  wouldLoseUndo,
} from './outcome-refusals.js';
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
      const { applyWorkspace, isApplied } = await import('../workspace/apply.js');
      // After a retry the journal still has what an earlier try has brought; the new result is brought on top of it.
      if (store.tasks.outcomeOf(task.id) === 'applied' && isApplied(workspace)) {
        throw new WilsonError('ALREADY_APPLIED', `${task.id} has been applied already.`, {
          hint: `\`wilson undo ${task.id}\` takes it back.`,
        });
      }
      if (!isOver(task.status)) throw stillRunning(store, task);
      const { applied, merged, takenBack } = await applyWorkspace(workspace, seenFiles(task));
      const isNothing = applied.length === 0 && takenBack.length === 0;
      if (!isNothing) {
        store.tasks.setOutcome(task.id, 'applied');
        record(store, task.id, 'applied', `applied ${applied.length} files to ${task.folder}`);
      }
      if (options.json) writeJson({ task: task.id, applied, merged, takenBack }, io);
      else if (isNothing) io.stdout.write(`${task.id} changed nothing: there is nothing to apply.\n`);
      else sayApplied(task, { applied, merged, takenBack }, io);
      return 0;
    },
    'apply',
  );
}

function sayApplied(task: Task, { applied, merged, takenBack }: Applied, io: CommandIo): void {
  if (task.status !== 'done') {
    io.stderr.write(`${task.id} is ${task.status}: what you applied has not been verified.\n`);
  }
  for (const file of applied) io.stdout.write(`${file.kind.padEnd(8)} ${file.path} (${sizeText(file.bytes)})\n`);
  for (const path of takenBack) io.stdout.write(`as before ${path} (an earlier try had changed it)\n`);
  if (merged.length > 0) {
    io.stderr.write(`Merged with what was changed since, so not verified together: ${merged.join(', ')}\n`);
  }
  io.stdout.write(`\`wilson undo ${task.id}\` takes it back.\n`);
}

/** `wilson undo <task>`: the folder as it was before the last `apply`, also when the task was tried again since. */
export function undo(name: string, options: OutcomeOptions, io: CommandIo): Promise<number> {
  return withWorkspace(
    name,
    io,
    async (task, workspace, store) => {
      const { isApplied, undoApply } = await import('../workspace/apply.js');
      // The journal decides: who applied it may have been killed before that was noted, and a retry forgets the note.
      const isLost = store.tasks.outcomeOf(task.id) === 'applied' && !existsSync(workspace.metaDir);
      if (!isLost && !isApplied(workspace)) {
        throw new WilsonError('NOT_APPLIED', `${task.id} has not been applied: there is nothing to undo.`);
      }
      const undone = await undoApply(workspace);
      const stillApplied = isApplied(workspace);
      store.tasks.setOutcome(task.id, null);
      record(store, task.id, 'undone', 'the apply was taken back');
      if (options.json) writeJson({ task: task.id, ...undone, stillApplied }, io);
      else if (!stillApplied) io.stdout.write(`${task.folder} is as it was before ${task.id} was applied.\n`);
      else io.stdout.write(`The last apply of ${task.id} is taken back. ${earlierApply(task)}\n`);
      return 0;
    },
    'undo',
  );
}

function earlierApply({ id }: Task): string {
  return `What an earlier try had brought is still there: \`wilson undo ${id}\` once more takes that back too.`;
}

export interface DiscardOptions extends OutcomeOptions {
  /** What was applied stays in the folder for good. */
  readonly keepApplied?: boolean;
}

/**
 * `wilson discard <task>`: the workspace goes, with those of its subtasks; the history stays. What was applied could not be
 * taken back after that, so it is refused unless that is wanted.
 */
export function discard(name: string, options: DiscardOptions, io: CommandIo): Promise<number> {
  return withWorkspace(
    name,
    io,
    async (task, workspace, store) => {
      if (!isOver(task.status)) throw stillRunning(store, task);
      const below = allBelow(store, task.id);
      const alive = below.find(({ status }) => !isOver(status));
      if (alive !== undefined) throw stillRunning(store, alive);
      const { isApplied } = await import('../workspace/apply.js');
      const applied = isApplied(workspace);
      if (applied && options.keepApplied !== true) throw wouldLoseUndo(task);
      const { discardWorkspace } = await import('../workspace/discard.js');
      for (const { id } of below) {
        const own = store.tasks.workspaceOf(id);
        if (own === null) continue;
        await discardWorkspace(own);
        forget(store, id, 'discarded');
      }
      await discardWorkspace(workspace);
      forget(store, task.id, applied ? 'applied' : 'discarded');
      record(store, task.id, 'discarded', 'the workspace was thrown away');
      if (options.json) writeJson({ task: task.id, discarded: true, applied }, io);
      else if (applied)
        io.stdout.write(`The copy of ${task.id} is thrown away; what was applied stays in ${task.folder}.\n`);
      else io.stdout.write(`What ${task.id} made is thrown away.\n`);
      return 0;
    },
    'discard',
  );
}

function forget(store: Store, taskId: string, outcome: 'applied' | 'discarded'): void {
  store.tasks.setWorkspace(taskId, null);
  store.tasks.setOutcome(taskId, outcome);
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

function record(store: Store, taskId: string, kind: string, text: string): void {
  store.events.append({ taskId, sessionId: null, level: 'info', kind, text });
}

type WorkspaceAction = (task: Task, workspace: Workspace, store: Store) => Promise<number>;

/** `whole`: what can only be done with all of a family, since what a subtask made belongs to its parent. */
function withWorkspace(
  name: string,
  io: CommandIo,
  action: WorkspaceAction,
  whole: WholeCommand | null = null,
): Promise<number> {
  return withStore(io, (store) => {
    const task = requireTask(store, name);
    if (store !== null && task.parentId !== null && whole !== null) throw notByItself(store, task, whole);
    const workspace = store?.tasks.workspaceOf(task.id) ?? null;
    if (store !== null && workspace !== null) return action(task, workspace, store);
    throw noWorkspace(store, task);
  });
}
