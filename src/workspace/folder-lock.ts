import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { isAlive, ownIdentity, type ProcessIdentity } from '../platform/process-identity.js';

/**
 * Runs `action` while no other wilson process changes the same user's folder. Rejects with `FOLDER_BUSY` when one does;
 * a lock whose process is gone does not count.
 */
export async function withFolderLock<T>(lockDir: string, folder: string, action: () => Promise<T>): Promise<T> {
  mkdirSync(lockDir, { recursive: true, mode: 0o700 });
  const file = path.join(lockDir, `${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.lock`);
  for (let tries = 0; !take(file); tries += 1) {
    const holder = readHolder(file);
    if (tries >= 3 || (holder !== null && isAlive(holder))) {
      throw new WilsonError('FOLDER_BUSY', `Another wilson is changing ${folder} at this moment`, {
        hint: 'Try again in a moment.',
      });
    }
    rmSync(file, { force: true });
  }
  try {
    return await action();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, JSON.stringify(ownIdentity()), { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

function readHolder(file: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch (error) {
    // Released meanwhile, or cut by a crash: nobody holds it.
    if (hasErrno(error, 'ENOENT') || error instanceof SyntaxError) return null;
    throw error;
  }
}
