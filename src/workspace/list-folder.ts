import { readdirSync } from 'node:fs';
import { hasErrno } from '../errors.js';

/** The names in a folder, sorted; none where it is not there. */
export function listIfThere(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
