import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { isGitName } from '../workspace/git-name.js';

const linkLimit = 40;

/**
 * The absolute path that `name` means inside `root`, with every symlink on the way resolved. The file need not exist.
 *
 * Rejects with `PATH_OUTSIDE_WORKSPACE` for whatever leads, or would lead on another system, out of `root`: `..`,
 * absolute paths elsewhere, symlinks, drive letters, UNC and device paths, URLs, `~`, NUL, names of nothing but dots and
 * spaces, and the `.git` that tells git where the repository is, in every spelling. Backslashes count as slashes. `root` itself is allowed and written `.`.
 */
export async function resolveInside(root: string, name: string): Promise<string> {
  const realRoot = await realpath(root);
  let pending = partsOf([realRoot, path.resolve(root)], name);
  let current = realRoot;
  let links = 0;
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === '..') {
      current = path.dirname(current);
      if (!isInside(realRoot, current)) throw outside(name, 'it leads out of the workspace');
      continue;
    }
    if (isGitName(part)) throw outside(name, '.git belongs to git');
    // Windows drops dots and spaces at the end: `.. ` would be `..` there.
    if (/^[. ]+$/.test(part)) throw outside(name, 'a part of it is only dots and spaces');
    const next = path.join(current, part);
    const target = await linkTarget(next);
    if (target === null) {
      current = next;
      continue;
    }
    links += 1;
    if (links > linkLimit) throw outside(name, 'its symlinks go round in a circle');
    if (path.isAbsolute(target)) {
      if (!isInside(realRoot, path.normalize(target))) throw outside(name, 'a symlink leads out of the workspace');
      current = realRoot;
      pending = [...split(path.relative(realRoot, path.normalize(target))), ...pending];
    } else {
      pending = [...split(target), ...pending];
    }
  }
  return current;
}

/** As people and models write it: relative to the root, with forward slashes. */
export function shownPath(root: string, absolute: string): string {
  return path.relative(root, absolute).split(path.sep).join('/') || '.';
}

/**
 * Opens a file of the workspace for reading. After {@link resolveInside} it is opened without following links, and what
 * was opened is looked at once more, so that a file swapped in between is not read. A second hard link means that the
 * same file may lie outside: the workspace was made without any, so such a file is refused.
 */
export async function openInside(
  root: string,
  name: string,
): Promise<{ file: FileHandle; absolute: string; stats: Stats }> {
  const absolute = await resolveInside(root, name);
  let file: FileHandle;
  try {
    file = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) throw new WilsonError('FILE_NOT_FOUND', `There is no file ${name}`);
    if (hasErrno(error, 'ELOOP')) throw outside(name, 'it became a symlink');
    if (hasErrno(error, 'EACCES', 'EPERM')) throw new WilsonError('FILE_UNREADABLE', `${name} may not be read`);
    if (hasErrno(error, 'ENXIO')) throw new WilsonError('FILE_NOT_FOUND', `${name} is not a regular file`);
    throw error;
  }
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new WilsonError('FILE_NOT_FOUND', `${name} is a folder, not a file`);
    if (!stats.isFile()) throw new WilsonError('FILE_NOT_FOUND', `${name} is not a regular file`);
    if (stats.nlink > 1) throw outside(name, 'it is a hard link, and may be a file from outside');
    await checkOpened(file, root, name);
    return { file, absolute, stats };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** On Linux the system tells where an opened file really lies; elsewhere the check before opening has to do. */
async function checkOpened(file: FileHandle, root: string, name: string): Promise<void> {
  if (process.platform !== 'linux') return;
  const really = await readlink(`/proc/self/fd/${file.fd}`);
  if (!isInside(await realpath(root), really)) throw outside(name, 'it was swapped for a file outside');
}

/** The parts below the root; an absolute path counts when it is below one of the forms of the root. */
function partsOf(roots: readonly string[], name: string): string[] {
  if (name.includes('\0')) throw outside(name, 'it holds a NUL');
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(name)) throw outside(name, 'it is a URL');
  if (/^[a-z]:/i.test(name)) throw outside(name, 'it names a drive');
  const slashed = name.replaceAll('\\', '/');
  if (slashed.startsWith('//')) throw outside(name, 'it is a network or device path');
  if (/^~[^/]*(\/|$)/.test(slashed)) throw outside(name, 'it names a home folder');
  if (!slashed.startsWith('/')) return split(slashed);
  const normal = path.posix.normalize(slashed);
  for (const form of roots) {
    const root = form.split(path.sep).join('/');
    if (normal === root || normal.startsWith(`${root}/`)) return split(normal.slice(root.length));
  }
  throw outside(name, 'it is an absolute path elsewhere');
}

function split(name: string): string[] {
  return name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
}

function isInside(root: string, absolute: string): boolean {
  return absolute === root || absolute.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}

async function linkTarget(absolute: string): Promise<string | null> {
  try {
    if (!(await lstat(absolute)).isSymbolicLink()) return null;
    return await readlink(absolute);
  } catch (error) {
    // Not there yet, or below a file: opening it will say so.
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    if (hasErrno(error, 'ENAMETOOLONG')) throw new WilsonError('BAD_ARGUMENTS', 'The name is too long');
    if (hasErrno(error, 'EACCES')) throw new WilsonError('FILE_UNREADABLE', 'A folder on the way may not be read');
    throw error;
  }
}

function outside(name: string, reason: string): WilsonError {
  const shown = JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
  return new WilsonError('PATH_OUTSIDE_WORKSPACE', `${shown} is refused: ${reason}`, {
    hint: 'Use a path relative to the workspace, such as src/main.py.',
  });
}
