import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hasErrno } from '../errors.js';
import { isAlive, ownIdentity, type ProcessIdentity } from '../platform/process-identity.js';

interface LockRecord extends ProcessIdentity {
  /** Tells two locks of one process apart. */
  readonly token: string;
}

export type LockAttempt =
  | { readonly taken: true; release(): Promise<void> }
  | { readonly taken: false; readonly holderPid: number };

/**
 * Tries to become the one process that fetches a file. The lock names its holder by pid, start time and boot, so that
 * one whose holder died (`kill -9`, power loss) is taken over at once. Rejects with what the file system says.
 *
 * The lock spares a second download; it does not guard the result, which is only ever renamed into place whole and
 * checked. So the moment in which two processes take over the same dead lock costs bytes at worst.
 */
export async function tryLock(path: string): Promise<LockAttempt> {
  const mine: LockRecord = { ...ownIdentity(), token: randomUUID() };
  const draft = `${path}.${mine.token}`;
  await writeFile(draft, JSON.stringify(mine));
  try {
    for (;;) {
      try {
        await publish(draft, path, mine);
        return { taken: true, release: () => release(path, mine) };
      } catch (error) {
        if (!hasErrno(error, 'EEXIST')) throw error;
      }
      const holder = await readLock(path);
      if (holder !== null && isAlive(holder)) return { taken: false, holderPid: holder.pid };
      await removeStale(path, holder);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** A link is made whole or not at all: nobody ever reads a half-written lock. Some file systems have no links. */
async function publish(draft: string, path: string, mine: LockRecord): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasErrno(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
    await writeFile(path, JSON.stringify(mine), { flag: 'wx' });
  }
}

/** Moves a dead holder's lock away, and puts it back should it have become a live one's in between. */
async function removeStale(path: string, stale: LockRecord | null): Promise<void> {
  const grave = `${path}.${randomUUID()}`;
  try {
    await rename(path, grave);
  } catch (error) {
    // Somebody else has removed it already.
    if (hasErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = await readLock(grave);
  if (moved !== null && moved.token !== stale?.token) {
    await link(grave, path).catch((error: unknown) => {
      // A third process holds it by now; see above for what that costs.
      if (!hasErrno(error, 'EEXIST')) throw error;
    });
  }
  await rm(grave, { force: true });
}

async function release(path: string, mine: LockRecord): Promise<void> {
  const holder = await readLock(path);
  if (holder?.token === mine.token) await rm(path, { force: true });
}

/** The record in a lock file; null when it is gone or is no lock of ours. */
async function readLock(path: string): Promise<LockRecord | null> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    // Gone, or not JSON.
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { bootId, pid, startTime, token } = value as Record<string, unknown>;
  if (typeof bootId !== 'string' || typeof pid !== 'number') return null;
  if (typeof startTime !== 'string' || typeof token !== 'string') return null;
  return { bootId, pid, startTime, token };
}
