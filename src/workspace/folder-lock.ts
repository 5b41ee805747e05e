import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { isAlive, ownIdentity, type ProcessIdentity } from '../platform/process-identity.js';

/**
 * Takes the lock on a user's folder, which every wilson process takes before it changes files there. Gives the way to
 * release it, or null when a living process has it; a lock whose process is gone does not count.
 */
export function tryFolderLock(lockDir: string, folder: string): (() => void) | null {
  mkdirSync(lockDir, { recursive: true, mode: 0o700 });
  const file = path.join(lockDir, `${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.lock`);
  for (let tries = 0; tries < 3; tries += 1) {
    if (take(file)) return () => rmSync(file, { force: true });
    if (!setStaleAside(file)) return null;
  }
  return null;
}

/** Runs `action` with the lock on a folder. Rejects with `FOLDER_BUSY` when another process has it. */
export async function withFolderLock<T>(lockDir: string, folder: string, action: () => Promise<T>): Promise<T> {
  const release = tryFolderLock(lockDir, folder);
  if (release === null) {
    throw new WilsonError('FOLDER_BUSY', `Another wilson is changing ${folder} at this moment`, {
      hint: 'Try again in a moment.',
    });
  }
  try {
    return await action();
  } finally {
    release();
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

/** Removes a lock that nobody living holds; false when somebody does. */
function setStaleAside(file: string): boolean {
  const holder = readHolder(file);
  if (holder !== null && isAlive(holder)) return false;
  const aside = `${file}.${process.pid}`;
  try {
    // A rename, so that of two processes that see the same stale lock only one removes it.
    renameSync(file, aside);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return true;
    throw error;
  }
  const taken = readHolder(aside);
  const isOurs = taken === null || !isAlive(taken);
  // The other one was quicker and has it by now: it gets its lock back.
  if (!isOurs) renameSync(aside, file);
  else rmSync(aside, { force: true });
  return isOurs;
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
