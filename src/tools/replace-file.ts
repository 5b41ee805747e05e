import { randomBytes } from 'node:crypto';
import { chmod, lstat, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { openFolder } from './folder-handle.js';

/**
 * Replaces a file as a whole or not at all, keeping its permissions. `absolute` comes from `resolveInside` of `root`. A
 * hard link is broken by this, so that a file outside never changes, and no link is followed, also when one is put in
 * the way at this moment; folders that are missing are made.
 */
export async function replaceFile(root: string, absolute: string, bytes: Buffer): Promise<void> {
  const folder = await openFolder(await realpath(root), path.dirname(absolute), true);
  const target = folder.child(path.basename(absolute));
  const temporary = folder.child(`.${randomBytes(6).toString('hex')}.wilson-new`);
  try {
    const mode = await modeOf(target);
    const file = await open(temporary, 'wx', mode ?? 0o666);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    // Past the umask, which only a new file should feel.
    if (mode !== null) await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    if (hasErrno(error, 'ENAMETOOLONG')) throw new WilsonError('BAD_ARGUMENTS', 'The name is too long');
    throw error;
  } finally {
    await folder.close();
  }
}

/** Permissions of the file that lies there; null when there is none. What is no file is not replaced. */
async function modeOf(target: string): Promise<number | null> {
  try {
    const stats = await lstat(target);
    if (stats.isDirectory()) throw new WilsonError('BAD_ARGUMENTS', 'There is a folder of that name');
    if (!stats.isFile()) throw new WilsonError('BAD_ARGUMENTS', 'What lies there is not a regular file');
    return stats.mode & 0o777;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
