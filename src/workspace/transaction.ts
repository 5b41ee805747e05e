import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { type FileState, sameContent, stateAt } from './file-state.js';
import { lstatOrNull, realFolderCheck } from './real-folder.js';
import { TimeSlice } from './time-slice.js';

/** One path that is to change. */
export interface Step {
  readonly path: string;
  /** What may lie there now; anything else is a conflict. */
  readonly expected: readonly FileState[];
  readonly after: FileState;
  /** Where the bytes of a file come from, absolute; null for links and deletions. */
  readonly source: string | null;
}

/** A step in the journal, with what lay there before. */
export interface RecordedStep {
  readonly path: string;
  readonly before: FileState;
  readonly after: FileState;
  /** Name of the saved bytes in the record folder; null where there was no file. */
  readonly backup: string | null;
}

/** The journal of one transaction: enough to take it back at any moment, also after a crash. */
export interface TransactionRecord {
  readonly folder: string;
  /** `started`: take back whatever was done. `done`: it holds, and can be undone. */
  readonly state: 'started' | 'done';
  readonly steps: readonly RecordedStep[];
  /** Folder inside `folder` where the new files wait for their rename. */
  readonly staging: string;
  /** Folders that it makes, the outermost first. */
  readonly newFolders: readonly string[];
}

const recordFile = 'record.json';

/**
 * Makes all changes or none. New files are written and synced beside the old ones before the first rename; the journal in
 * `recordDir` allows to take everything back, which {@link recover} does after a crash. Nothing outside `folder` is
 * touched: a symlink on the way to a path is a conflict.
 *
 * Throws `conflictCode` with the paths when something else lies there than expected; then nothing was changed.
 */
export async function runTransaction(
  folder: string,
  steps: readonly Step[],
  recordDir: string,
  conflictCode: string,
): Promise<TransactionRecord> {
  const slice = new TimeSlice();
  mkdirSync(recordDir, { recursive: true, mode: 0o700 });
  const recorded: RecordedStep[] = [];
  const conflicts: string[] = [];
  for (const [index, step] of steps.entries()) {
    await slice.pause();
    const before = reachable(folder, step.path, steps) ? stateAt(folder, step.path) : null;
    if (before === null || !isExpected(folder, step, before, steps)) {
      conflicts.push(step.path);
      continue;
    }
    const backup = before.kind === 'file' ? `before-${index}` : null;
    if (backup !== null) copySynced(path.join(folder, step.path), path.join(recordDir, backup));
    recorded.push({ path: step.path, before, after: step.after, backup });
  }
  if (conflicts.length > 0) {
    rmSync(recordDir, { recursive: true, force: true });
    throw conflict(conflictCode, conflicts);
  }

  const record: TransactionRecord = {
    folder,
    state: 'started',
    steps: recorded,
    staging: `.wilson-${randomBytes(6).toString('hex')}`,
    newFolders: missingFolders(folder, steps),
  };
  writeRecord(recordDir, record);
  try {
    await stage(folder, record, steps);
    const moved = place(folder, record, steps);
    if (moved !== null) throw conflict(conflictCode, [moved]);
    rmSync(path.join(folder, record.staging), { recursive: true, force: true });
  } catch (error) {
    takeBack(recordDir, record);
    if (hasErrno(error, 'ENOTEMPTY', 'EEXIST')) throw conflict(conflictCode, [relativeTo(folder, error)]);
    if (error instanceof WilsonError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new WilsonError('APPLY_FAILED', `Nothing was changed in ${folder}: ${reason}`, {
      hint: 'Look at the permissions of the folder and the space on its disk.',
      cause: error,
    });
  }
  const done: TransactionRecord = { ...record, state: 'done' };
  writeRecord(recordDir, done);
  return done;
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

/** Null where there is none. */
export function readRecord(recordDir: string): TransactionRecord | null {
  try {
    return JSON.parse(readFileSync(path.join(recordDir, recordFile), 'utf8')) as TransactionRecord;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
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
function place(folder: string, record: TransactionRecord, steps: readonly Step[]): string | null {
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
  for (const name of record.newFolders) mkdirSync(path.join(folder, name), { recursive: true });
  for (const [index, step] of steps.entries()) {
    if (step.after.kind === 'absent') continue;
    if (!isCurrent(index)) return step.path;
    const target = path.join(folder, step.path);
    if (lstatOrNull(target)?.isDirectory() === true) rmdirSync(target);
    mkdirSync(path.dirname(target), { recursive: true });
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
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  for (const [index, step] of touched) {
    if (step.before.kind === 'absent') continue;
    // By rename as well: a second crash meanwhile leaves each file as before or as after, never half.
    const staged = path.join(staging, `back-${index}`);
    rmSync(staged, { force: true });
    if (step.before.kind === 'link') symlinkSync(Buffer.from(step.before.target, 'base64'), staged);
    if (step.before.kind === 'file' && step.backup !== null) {
      copySynced(path.join(recordDir, step.backup), staged);
      chmodSync(staged, step.before.mode);
      giveToOwner(staged, folder, step.path);
    }
    const target = path.join(folder, step.path);
    mkdirSync(path.dirname(target), { recursive: true });
    renameSync(staged, target);
  }
  rmSync(staging, { recursive: true, force: true });
  rmSync(recordDir, { recursive: true, force: true });
}

function writeRecord(recordDir: string, record: TransactionRecord): void {
  const temporary = path.join(recordDir, `${recordFile}.new`);
  writeFileSync(temporary, JSON.stringify(record), { flush: true });
  renameSync(temporary, path.join(recordDir, recordFile));
}

function copySynced(from: string, to: string): void {
  copyFileSync(from, to);
  const file = openSync(to, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Run as root, a new file goes to the owner of the old one, or of the folder. */
function giveToOwner(file: string, folder: string, name: string): void {
  if (process.getuid?.() !== 0) return;
  const model = [name, ...[...parentsOf(name)].reverse(), '.']
    .map((part) => path.join(folder, part))
    .find((place) => lstatOrNull(place) !== null && existsSync(place));
  if (model === undefined) return;
  const { uid, gid } = statSync(model);
  chownSync(file, uid, gid);
}

function missingFolders(folder: string, steps: readonly Step[]): string[] {
  const missing = new Set<string>();
  for (const step of steps) {
    if (step.after.kind === 'absent') continue;
    for (const parent of parentsOf(step.path)) {
      if (lstatOrNull(path.join(folder, parent))?.isDirectory() !== true) missing.add(parent);
    }
  }
  return [...missing].sort();
}

/** `a/b/c` gives `a`, `a/b`. */
function parentsOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function removeEmptyParents(folder: string, name: string): void {
  for (const parent of parentsOf(name).reverse()) removeIfEmpty(path.join(folder, parent));
}

function removeIfEmpty(absolute: string): void {
  try {
    rmdirSync(absolute);
  } catch (error) {
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR')) throw error;
  }
}

function relativeTo(folder: string, error: unknown): string {
  const place = error instanceof Error && 'path' in error ? String(error.path) : folder;
  return path.relative(folder, place) || '.';
}

function conflict(code: string, paths: readonly string[]): WilsonError {
  const shown = paths.slice(0, 10).join(', ') + (paths.length > 10 ? ` and ${paths.length - 10} more` : '');
  return new WilsonError(code, `Changed since, so nothing was touched: ${shown}`, {
    hint: 'Save your own changes elsewhere or take them back, then try again. `wilson diff` shows what the task made.',
  });
}
