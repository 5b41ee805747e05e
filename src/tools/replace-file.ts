import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';

/**
 * Replaces a file as a whole or not at all, keeping its permissions. `absolute` comes from `resolveInside`. A hard link
 * is broken by this, so that a file outside never changes; folders that are missing are made.
 */
export async function replaceFile(absolute: string, bytes: Buffer): Promise<void> {
  const mode = await modeOf(absolute);
  await makeParent(absolute);
  const temporary = path.join(path.dirname(absolute), `.${randomBytes(6).toString('hex')}.wilson-new`);
  try {
    const file = await open(temporary, 'wx', mode ?? 0o666);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    // Past the umask, which only a new file should feel.
    if (mode !== null) await chmod(temporary, mode);
    await rename(temporary, absolute);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function makeParent(absolute: string): Promise<void> {
  try {
    await mkdir(path.dirname(absolute), { recursive: true });
  } catch (error) {
    if (hasErrno(error, 'EEXIST', 'ENOTDIR')) {
      throw new WilsonError('BAD_ARGUMENTS', 'A part of the path is a file, not a folder');
    }
    throw error;
  }
}

async function modeOf(absolute: string): Promise<number | null> {
  try {
    const stats = await lstat(absolute);
    if (stats.isDirectory()) throw new WilsonError('BAD_ARGUMENTS', 'There is a folder of that name');
    return stats.mode & 0o777;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
