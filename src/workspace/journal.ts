import {
  closeSync,
  copyFileSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import type { FileState } from './file-state.js';
import { mergeLimitBytes } from './merge-text.js';

/** One path that is to change. */
export interface Step {
  readonly path: string;
  /** What may lie there now; anything else is a conflict. */
  readonly expected: readonly FileState[];
  readonly after: FileState;
  /** Where the bytes of a file come from: an absolute path or themselves; null for links and deletions. */
  readonly source: string | { readonly bytes: Buffer } | null;
  /** When `after` is a merge: what was merged into the file that lay there. */
  readonly part?: { readonly state: FileState; readonly source: string };
}

/** A step in the journal, with what lay there before. */
export interface RecordedStep {
  readonly path: string;
  readonly before: FileState;
  readonly after: FileState;
  /** Name of the saved bytes in the record folder; null where there was no file. */
  readonly backup: string | null;
  /** Name of the saved bytes of `after`, for a later merge; absent where none is possible. */
  readonly kept?: string;
  /** When `after` is a merge: what was merged in, and the name of its saved bytes. */
  readonly part?: { readonly state: FileState; readonly kept: string };
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
  /** Permissions of the folders that it may remove because nothing is left in them. */
  readonly folderModes?: Readonly<Record<string, number>>;
}

const recordFile = 'record.json';

/** Null where there is none. */
export function readRecord(recordDir: string): TransactionRecord | null {
  try {
    return JSON.parse(readFileSync(path.join(recordDir, recordFile), 'utf8')) as TransactionRecord;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

export function writeRecord(recordDir: string, record: TransactionRecord): void {
  const temporary = path.join(recordDir, `${recordFile}.new`);
  writeFileSync(temporary, JSON.stringify(record), { flush: true });
  renameSync(temporary, path.join(recordDir, recordFile));
}

/** Saves what will be needed to take the step back, alone or after others have changed the file again. */
export function recordStep(
  folder: string,
  recordDir: string,
  index: number,
  step: Step,
  before: FileState,
): RecordedStep {
  const backup = before.kind === 'file' ? `before-${index}` : null;
  if (backup !== null) copySynced(path.join(folder, step.path), path.join(recordDir, backup));
  const plain = { path: step.path, before, after: step.after, backup };
  if (before.kind !== 'file' || step.after.kind !== 'file' || step.source === null) return plain;
  if (sizeOf(step.source) > mergeLimitBytes) return plain;
  const kept = `after-${index}`;
  copySynced(step.source, path.join(recordDir, kept));
  if (step.part === undefined) return { ...plain, kept };
  const part = { state: step.part.state, kept: `part-${index}` };
  copySynced(step.part.source, path.join(recordDir, part.kept));
  return { ...plain, kept, part };
}

function sizeOf(source: string | { readonly bytes: Buffer }): number {
  return typeof source === 'string' ? statSync(source).size : source.bytes.length;
}

/** Copies and waits until the bytes are on the disk. */
export function copySynced(from: string | { readonly bytes: Buffer }, to: string): void {
  if (typeof from === 'string') copyFileSync(from, to);
  else writeFileSync(to, from.bytes);
  const file = openSync(to, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
