import { readFileSync } from 'node:fs';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import { readSide } from './changes.js';
import { type Conflict, overlapReason } from './conflict.js';
import { type FileState, sameContent, stateAt, stateOf } from './file-state.js';
import type { Step } from './journal.js';
import { mergeLimitBytes, mergeText } from './merge-text.js';
import { lstatOrNull } from './real-folder.js';

/** One path that shall go from one state to another, in a folder where it may have become something else meanwhile. */
export interface Wish {
  readonly path: string;
  /** What lies there if nobody touched it. */
  readonly from: FileState;
  /** Another state that may be there: how it was before the first of several changes. */
  readonly orFrom?: FileState;
  /** The bytes of `from`; null when they were not kept. */
  readonly fromBytes: () => Buffer | null;
  readonly to: FileState;
  /** File with the bytes of `to`, absolute; null for links and deletions. */
  readonly source: string | null;
  /** Why the copy never held what lies there, in words. */
  readonly leftOut?: string | undefined;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Paths where the change was brought together with others of the same file. */
  readonly merged: readonly string[];
  readonly conflicts: readonly Conflict[];
}

/**
 * Works out what has to be done in `folder`: nothing where the wish is fulfilled already, the wish itself where nobody
 * touched the file, a merge of texts where both changed other lines, and otherwise a conflict with its reason.
 * `wisher` names whose change it is in such a reason ("of the task").
 */
export async function planSteps(folder: string, wishes: readonly Wish[], wisher: string): Promise<Plan> {
  const steps: Step[] = [];
  const merged: string[] = [];
  const conflicts: Conflict[] = [];
  for (const wish of wishes) {
    const current = currentState(folder, wish.path);
    if (current === null) conflicts.push({ path: wish.path, reason: 'it cannot be read' });
    else if (sameContent(current, wish.to) && !inTheWay(folder, wish, current)) {
      if (current.kind === 'file' && wish.to.kind === 'file' && current.mode !== wish.to.mode) {
        steps.push({ path: wish.path, expected: [current], after: wish.to, source: wish.source });
      }
    } else if (sameContent(current, wish.from) || (wish.orFrom !== undefined && sameContent(current, wish.orFrom))) {
      steps.push({ path: wish.path, expected: [current], after: wish.to, source: wish.source });
    } else {
      const result = await merge(folder, wish, current, wisher);
      if (typeof result === 'string') conflicts.push({ path: wish.path, reason: result });
      else {
        steps.push(result);
        merged.push(wish.path);
      }
    }
  }
  return { steps, merged, conflicts };
}

/** The merged step, or why there is none. */
async function merge(folder: string, wish: Wish, current: FileState, wisher: string): Promise<Step | string> {
  if (wish.from.kind === 'absent') {
    if (wish.leftOut === undefined) return 'another file of that name was made meanwhile';
    return `a file lies there that the task had no copy of: ${wish.leftOut}`;
  }
  if (current.kind === 'absent') {
    const other = lstatOrNull(path.join(folder, wish.path)) !== null;
    return other ? 'something that is no file lies there now' : 'it is gone from the folder';
  }
  if (wish.to.kind === 'absent') return 'it was changed, and would be deleted';
  if (current.kind !== 'file' || wish.from.kind !== 'file' || wish.to.kind !== 'file' || wish.source === null) {
    return 'it is no longer the same kind of file';
  }
  const ourPath = path.join(folder, wish.path);
  if (isBig(ourPath) || isBig(wish.source)) return 'it is too big to be merged';
  const ours = readSide(folder, wish.path)?.bytes;
  const base = wish.fromBytes();
  if (ours === undefined || base === null) return 'somebody changed it';
  const result = await mergeText(base, ours, readFileSync(wish.source));
  if (result.kind === 'overlap') return overlapReason(result.places, wisher);
  if (result.kind === 'unmergeable') return `somebody changed it, and ${result.reason}`;
  // Permissions as they are in the folder, unless they are what the wish is about.
  const mode = wish.from.mode === wish.to.mode ? current.mode : wish.to.mode;
  return {
    path: wish.path,
    expected: [current],
    after: stateOf({ kind: 'file', mode, bytes: result.bytes }),
    source: { bytes: result.bytes },
    part: { state: wish.to, source: wish.source },
  };
}

function currentState(folder: string, name: string): FileState | null {
  try {
    return stateAt(folder, name);
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM')) return null;
    throw error;
  }
}

/** A folder lies where a file shall be, or where nothing shall be: the transaction decides about that. */
function inTheWay(folder: string, wish: Wish, current: FileState): boolean {
  return current.kind === 'absent' && wish.from.kind !== 'absent' && lstatOrNull(path.join(folder, wish.path)) !== null;
}

function isBig(file: string): boolean {
  return (lstatOrNull(file)?.size ?? 0) > mergeLimitBytes;
}
