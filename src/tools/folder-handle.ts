import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';

/** An open folder: what is done by {@link child} is done in this very folder, whatever its path means by then. */
export interface FolderHandle {
  child(name: string): string;
  /** The folder itself, to be listed. */
  readonly self: string;
  close(): Promise<void>;
}

/**
 * Opens a folder below `realRoot` part by part, no link followed, so that a folder that was swapped for a link since its
 * path was checked leads nowhere. With `make`, missing folders are made. `absolute` comes from `resolveInside`.
 *
 * Rejects with `FILE_NOT_FOUND`, `BAD_ARGUMENTS` (a part is a file) and `PATH_OUTSIDE_WORKSPACE` (a part became a link).
 * Where the system has no /proc, the check before has to do.
 */
export async function openFolder(realRoot: string, absolute: string, make: boolean): Promise<FolderHandle> {
  if (process.platform !== 'linux') {
    if (make) await makePlain(absolute);
    return { child: (name) => path.join(absolute, name), self: absolute, close: () => Promise.resolve() };
  }
  const parts = path.relative(realRoot, absolute).split(path.sep);
  let handle = await openPart(realRoot, realRoot);
  try {
    for (const part of parts) {
      if (part === '') continue;
      const below = `${placeOf(handle)}/${part}`;
      if (make) await makeIfMissing(below);
      const next = await openPart(below, part);
      await handle.close();
      handle = next;
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  const place = placeOf(handle);
  const opened = handle;
  return { child: (name) => `${place}/${name}`, self: place, close: () => opened.close() };
}

function placeOf(handle: FileHandle): string {
  return `/proc/self/fd/${handle.fd}`;
}

async function openPart(file: string, part: string): Promise<FileHandle> {
  try {
    return await open(file, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) throw new WilsonError('FILE_NOT_FOUND', `There is no folder ${part}`);
    if (hasErrno(error, 'ELOOP')) {
      throw new WilsonError('PATH_OUTSIDE_WORKSPACE', `${JSON.stringify(part)} is refused: it became a symlink`);
    }
    // A link gives the same code as a file here, and neither is a folder.
    if (hasErrno(error, 'ENOTDIR')) throw partIsFile();
    throw error;
  }
}

async function makeIfMissing(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error;
  }
}

async function makePlain(absolute: string): Promise<void> {
  try {
    await mkdir(absolute, { recursive: true });
  } catch (error) {
    if (hasErrno(error, 'EEXIST', 'ENOTDIR')) throw partIsFile();
    throw error;
  }
}

function partIsFile(): WilsonError {
  return new WilsonError('BAD_ARGUMENTS', 'A part of the path is a file, not a folder');
}
