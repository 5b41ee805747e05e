import { lstatSync, type Stats } from 'node:fs';
import path from 'node:path';
import { hasErrno } from '../errors.js';

/** `lstat` that gives null where there is nothing, or where something above is no folder. */
export function lstatOrNull(absolute: string): Stats | null {
  try {
    return lstatSync(absolute, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    // A path that is too long names nothing either.
    if (hasErrno(error, 'ENOTDIR', 'ENAMETOOLONG')) return null;
    throw error;
  }
}

/**
 * Tells whether a folder, given relative to `root` with forward slashes, is reached through folders alone. A symlink on
 * the way leads elsewhere, so nothing below it belongs to `root`. Answers are remembered.
 */
export function realFolderCheck(root: string): (folder: string) => boolean {
  const known = new Map<string, boolean>([['.', true]]);
  const check = (folder: string): boolean => {
    const found = known.get(folder);
    if (found !== undefined) return found;
    const real = check(path.posix.dirname(folder)) && lstatOrNull(path.join(root, folder))?.isDirectory() === true;
    known.set(folder, real);
    return real;
  };
  return check;
}
