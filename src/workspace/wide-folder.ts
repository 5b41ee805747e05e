import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../errors.js';

/**
 * What a folder is that holds far more than a project, in words: a whole disk, the home folder, or one that holds it. Null
 * for any other. A copy of it would take minutes and hold keys, mail and other people's files.
 */
export async function wideFolder(folder: string, home: string): Promise<string | null> {
  const [place, ownHome] = [await realOrGiven(folder), await realOrGiven(home)];
  if (path.dirname(place) === place) return 'a whole disk';
  if (place === ownHome) return 'your home folder';
  return ownHome.startsWith(place + path.sep) ? 'the folder that holds your home folder' : null;
}

async function realOrGiven(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    // Whoever needs it to be there says so.
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return path.resolve(folder);
    throw error;
  }
}
