import { lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BasePack, type ChangeSet } from '../workspace/changes.js';
import type { Workspace } from '../workspace/workspace.js';

/** Which changes of a task are taken back in a copy of its workspace. */
export interface PutBack {
  /** What it changed or deleted, by its path. */
  readonly restores: (file: string) => boolean;
  /** What it added. */
  readonly removes: (file: string) => boolean;
}

/**
 * Makes files of a scratch copy what they were before the task. Links are not put back, and none is followed: one that the
 * task put in the place of a folder would lead to files of the user.
 */
export function putBack(tree: string, { changes }: ChangeSet, workspace: Workspace, which: PutBack): void {
  const base = new BasePack(workspace);
  try {
    for (const { path: name, before } of changes) {
      const target = path.join(tree, name);
      if (before === null && which.removes(name)) removeInside(tree, name);
      if (before?.kind === 'file' && which.restores(name)) {
        clearWay(tree, name);
        rmSync(target, { recursive: true, force: true });
        mkdirSync(path.dirname(target), { recursive: true });
        writeFileSync(target, base.bytesOf(before));
      }
    }
  } finally {
    base.close();
  }
}

/** Removes a file of a copy, if it is reached through folders alone. */
export function removeInside(tree: string, name: string): void {
  if (blockOnWay(tree, name) === null) rmSync(path.join(tree, name), { force: true });
}

/** Removes what stands where a folder of the path should be. */
function clearWay(tree: string, name: string): void {
  const block = blockOnWay(tree, name);
  if (block !== null) rmSync(block, { force: true });
}

/** The first part above a path that is there and no folder; null where there is none. */
function blockOnWay(tree: string, name: string): string | null {
  const parts = name.split('/');
  for (let depth = 1; depth < parts.length; depth += 1) {
    const place = path.join(tree, ...parts.slice(0, depth));
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined) return null;
    if (!stats.isDirectory()) return place;
  }
  return null;
}
