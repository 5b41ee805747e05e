import { stat } from 'node:fs/promises';
import { hasErrno } from '../errors.js';

/** Size of a file in bytes; 0 where there is none. */
export async function fileSizeBytes(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return 0;
    throw error;
  }
}
