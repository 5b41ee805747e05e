import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmdirSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { type Conflict, conflictError } from './conflict.js';
import { diskFaultOf } from './disk-fault.js';
import { type FileState, sameContent, stateAt } from './file-state.js';
import {
  copySynced,
  type RecordedStep,
  readRecord,
  recordStep,
  type Step,
  type TransactionRecord,
  writeRecord,
} from './journal.js';
import {
  giveToOwner,
  makeFolder,
  missingFolders,
  parentsOf,
  removableFolders,
  removeEmptyParents,
  removeIfEmpty,
} from './make-folders.js';
import { lstatOrNull, realFolderCheck } from './real-folder.js';
import { TimeSlice } from './time-slice.js';

export interface TransactionOptions {
  readonly folder: string;
  readonly steps: readonly Step[];
  readonly recordDir: string;
  readonly conflictCode: string;
  /** What is known already to be in the way: then nothing is done, and these are named with what else is found. */
  readonly conflicts?: readonly Conflict[];
  /** Permissions for folders that have to be made; others get what the system gives. */
  readonly folderModes?: Readonly<Record<string, number>>;
}

/**
 * Makes all changes or none. New files are written and synced beside the old ones before the first rename; the journal in
 * `recordDir` allows to take everything back, which {@link recover} does after a crash. Nothing outside `folder` is
 * touched: a symlink on the way to a path is a conflict.
 *
 * Throws `conflictCode` with the paths when something else lies there than expected; then nothing was changed.
 */
export async function runTransaction(options: TransactionOptions): Promise<TransactionRecord> {
  const { folder, steps, recordDir, conflictCode } = options;
  const recorded = await recordBefore(options);
  const record: TransactionRecord = {
    folder,
    state: 'started',
    steps: recorded,
    staging: `.wilson-${randomBytes(6).toString('hex')}`,
    newFolders: missingFolders(folder, steps),
    folderModes: removableFolders(folder, steps),
  };
  try {
    writeRecord(recordDir, record);
    await stage(folder, record, steps);
    const moved = place(options, record);
    if (moved !== null) throw conflictError(conflictCode, [{ path: moved, reason: 'it was changed at this moment' }]);
    rmSync(path.join(folder, record.staging), { recursive: true, force: true });
    const done: TransactionRecord = { ...record, state: 'done' };
    writeRecord(recordDir, done);
    return done;
  } catch (error) {
    takeBackNow(recordDir, record, error);
    if (hasErrno(error, 'ENOTEMPTY', 'EEXIST')) {
      throw conflictError(conflictCode, [{ path: relativeTo(folder, error), reason: 'something else lies there' }]);
    }
    throw error instanceof WilsonError ? error : nothingChanged(folder, error);
  }
}

/** Saves what lies there now. Throws, with nothing left in `recordDir`, when something else lies there than expected. */
async function recordBefore(options: TransactionOptions): Promise<RecordedStep[]> {
  const { folder, steps, recordDir, conflictCode } = options;
  const slice = new TimeSlice();
  const recorded: RecordedStep[] = [];
  const conflicts: Conflict[] = [...(options.conflicts ?? [])];
  try {
    mkdirSync(recordDir, { recursive: true, mode: 0o700 });
    for (const [index, step] of steps.entries()) {
      await slice.pause();
      const before = reachable(folder, step.path, steps) ? stateAt(folder, step.path) : null;
      if (before === null) conflicts.push({ path: step.path, reason: 'a part of its path is no folder any more' });
      else if (!isExpected(folder, step, before, steps)) {
        conflicts.push({ path: step.path, reason: 'something else lies there' });
      } else if (conflicts.length === 0) recorded.push(recordStep(folder, recordDir, index, step, before));
    }
  } catch (error) {
    rmSync(recordDir, { recursive: true, force: true });
    throw error instanceof WilsonError ? error : nothingChanged(folder, error);
  }
  if (conflicts.length === 0) return recorded;
  rmSync(recordDir, { recursive: true, force: true });
  throw conflictError(conflictCode, conflicts);
}

/** Takes back a transaction that failed with `cause`; what cannot be taken back now stays in the journal. */
function takeBackNow(recordDir: string, record: TransactionRecord, cause: unknown): void {
  try {
    takeBack(recordDir, record);
  } catch (error) {
    const [first, second] = [cause, error].map(reasonOf);
    throw new WilsonError(
      'APPLY_CUT_OFF',
      `${record.folder} is half changed: ${first}, and taking that back failed too: ${second}`,
      { hint: 'Make the folder writable again: the next start of Wilson, or the same command, takes it back.', cause },
    );
  }
}

function nothingChanged(folder: string, cause: unknown): WilsonError {
  return new WilsonError('APPLY_FAILED', `Nothing was changed in ${folder}: ${reasonOf(cause)}.`, {
    hint: 'Look at the permissions of the folder and the space on its disk, then try again.',
    cause,
  });
}

/** `its disk is full (…)`: in words where they are known, with what the system says. */
function reasonOf(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const fault = diskFaultOf(error);
  return fault === null ? said : `${fault.reason} (${said})`;
}

/** Takes back a transaction that a crash cut short. True when there was one; a finished one is left alone. */
export function recover(recordDir: string): boolean {
  const record = readRecord(recordDir);
  if (record?.state === 'done') return false;
  if (record === null) {
    // It ended before its journal was there, so before it touched anything.
    rmSync(recordDir, { recursive: true, force: true });
    return false;
  }
  takeBack(recordDir, record);
  return true;
}

/** Whether nothing but folders leads to the path, once this transaction has removed what it removes. */
function reachable(folder: string, name: string, steps: readonly Step[]): boolean {
  for (const parent of parentsOf(name)) {
    const stats = lstatOrNull(path.join(folder, parent));
    if (stats === null) return true;
    if (stats.isDirectory()) continue;
    return steps.some((step) => step.path === parent && step.after.kind === 'absent');
  }
  return true;
}

function isExpected(folder: string, step: Step, before: FileState, steps: readonly Step[]): boolean {
  const isReal = realFolderCheck(folder)(path.posix.dirname(step.path));
  if (before.kind === 'absent' && isReal && lstatOrNull(path.join(folder, step.path)) !== null) {
    // A folder (or something odd) lies there: it may go only when all that it holds goes too.
    return step.after.kind !== 'absent' && steps.some((other) => other.path.startsWith(`${step.path}/`));
  }
  return [...step.expected, step.after].some((state) => sameContent(state, before));
}

async function stage(folder: string, record: TransactionRecord, steps: readonly Step[]): Promise<void> {
  const slice = new TimeSlice();
  const staging = path.join(folder, record.staging);
  mkdirSync(staging, { mode: 0o700 });
  for (const [index, step] of steps.entries()) {
    await slice.pause();
    const staged = path.join(staging, String(index));
    if (step.after.kind === 'link') symlinkSync(Buffer.from(step.after.target, 'base64'), staged);
    if (step.after.kind !== 'file' || step.source === null) continue;
    copySynced(step.source, staged);
    chmodSync(staged, step.after.mode);
    giveToOwner(staged, folder, step.path);
  }
}

/** Removes first and renames then; gives the path that somebody changed meanwhile, or null. */
function place(options: TransactionOptions, record: TransactionRecord): string | null {
  const { folder, steps } = options;
  const isCurrent = (index: number): boolean => {
    const step = record.steps[index];
    return step !== undefined && sameContent(stateAt(folder, step.path), step.before);
  };
  for (const [index, step] of steps.entries()) {
    if (step.after.kind !== 'absent') continue;
    if (!isCurrent(index)) return step.path;
    if (record.steps[index]?.before.kind !== 'absent') unlinkSync(path.join(folder, step.path));
    removeEmptyParents(folder, step.path);
  }
  for (const name of record.newFolders) makeFolder(folder, name, options.folderModes);
  for (const [index, step] of steps.entries()) {
    if (step.after.kind === 'absent') continue;
    if (!isCurrent(index)) return step.path;
    const target = path.join(folder, step.path);
    if (lstatOrNull(target)?.isDirectory() === true) rmdirSync(target);
    for (const parent of parentsOf(step.path)) makeFolder(folder, parent, options.folderModes);
    renameSync(path.join(folder, record.staging, String(index)), target);
  }
  return null;
}

function takeBack(recordDir: string, record: TransactionRecord): void {
  const { folder } = record;
  const staging = path.join(folder, record.staging);
  const touched = [...record.steps.entries()].filter(([, step]) => {
    const now = stateAt(folder, step.path);
    // What is neither as before nor as we left it was written by somebody else since, and stays.
    return !sameContent(now, step.before) && sameContent(now, step.after);
  });
  for (const [, step] of touched) if (step.before.kind === 'absent') unlinkSync(path.join(folder, step.path));
  for (const name of [...record.newFolders].reverse()) removeIfEmpty(path.join(folder, name));
  const toRestore = touched.filter(([, step]) => step.before.kind !== 'absent');
  // Where nothing is to be brought back there may be no right to write, and nothing to write.
  if (toRestore.length > 0) mkdirSync(staging, { recursive: true, mode: 0o700 });
  for (const [index, step] of toRestore) {
    // By rename as well: a second crash meanwhile leaves each file as before or as after, never half.
    const staged = path.join(staging, `back-${index}`);
    rmSync(staged, { force: true });
    if (step.before.kind === 'link') symlinkSync(Buffer.from(step.before.target, 'base64'), staged);
    if (step.before.kind === 'file' && step.backup !== null) {
      copySynced(path.join(recordDir, step.backup), staged);
      chmodSync(staged, step.before.mode);
      giveToOwner(staged, folder, step.path);
    }
    for (const parent of parentsOf(step.path)) makeFolder(folder, parent, record.folderModes);
    renameSync(staged, path.join(folder, step.path));
  }
  rmSync(staging, { recursive: true, force: true });
  rmSync(recordDir, { recursive: true, force: true });
}

function relativeTo(folder: string, error: unknown): string {
  const place = error instanceof Error && 'path' in error ? String(error.path) : folder;
  return path.relative(folder, place) || '.';
}
