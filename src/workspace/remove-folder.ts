import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';

/**
 * Removes a folder of ours with all that is in it, whatever a command did there: folders that it closed are opened, and
 * those deeper than any path may name are left to `rm`, which goes down step by step. One that is not there is no error.
 */
export async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!hasErrno(error, 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ENOTEMPTY')) throw error;
    openUp(folder);
    const { execa } = await import('execa');
    const result = await execa('rm', ['-rf', '--', folder], { reject: false, stdin: 'ignore' });
    if (result.exitCode === 0) return;
    throw new WilsonError('NOT_REMOVED', `Could not remove ${folder}: ${result.stderr || result.message || ''}`, {
      hint: 'Remove it by hand.',
      cause: error,
    });
  }
}

function openUp(folder: string): void {
  try {
    if (!lstatSync(folder).isDirectory()) return;
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) openUp(path.join(folder, entry.name));
    }
  } catch (error) {
    // Gone, or too deep to be named: what lies there was closed by nobody who could not open it for `rm`.
    if (!hasErrno(error, 'ENOENT', 'ENAMETOOLONG', 'EPERM')) throw error;
  }
}
