import { chmodSync, chownSync, existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import type { Step } from './journal.js';
import { lstatOrNull } from './real-folder.js';

/** Makes one folder below `folder`, with the permissions that `modes` has for it; one that is there is left alone. */
export function makeFolder(folder: string, name: string, modes: Readonly<Record<string, number>> = {}): void {
  const absolute = path.join(folder, name);
  if (lstatOrNull(absolute) !== null) return;
  mkdirSync(absolute);
  giveToOwner(absolute, folder, path.posix.dirname(name));
  const mode = modes[name];
  if (mode !== undefined) chmodSync(absolute, mode);
}

/** Permissions of the folders that the steps may leave empty, by path. */
export function removableFolders(folder: string, steps: readonly Step[]): Record<string, number> {
  const modes: Record<string, number> = {};
  for (const step of steps) {
    if (step.after.kind !== 'absent') continue;
    for (const parent of parentsOf(step.path)) {
      const stats = lstatOrNull(path.join(folder, parent));
      if (stats?.isDirectory() === true) modes[parent] = stats.mode & 0o7777;
    }
  }
  return modes;
}

/** Folders that the steps need and that are not there, the outermost first. */
export function missingFolders(folder: string, steps: readonly Step[]): string[] {
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
export function parentsOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

export function removeEmptyParents(folder: string, name: string): void {
  for (const parent of parentsOf(name).reverse()) removeIfEmpty(path.join(folder, parent));
}

export function removeIfEmpty(absolute: string): void {
  try {
    rmdirSync(absolute);
  } catch (error) {
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR')) throw error;
  }
}

/** Run as root, a new file goes to the owner of the old one, or of the folder. */
export function giveToOwner(file: string, folder: string, name: string): void {
  if (process.getuid?.() !== 0) return;
  const model = [name, ...[...parentsOf(name)].reverse(), '.']
    .map((part) => path.join(folder, part))
    .find((place) => lstatOrNull(place) !== null && existsSync(place));
  if (model === undefined) return;
  const { uid, gid } = statSync(model);
  chownSync(file, uid, gid);
}
