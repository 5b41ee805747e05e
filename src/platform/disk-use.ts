import { lstatSync } from 'node:fs';
import { readdir, readlink, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { ProcessIdentity } from './process-identity.js';

/** What a file takes at least: without this, a million empty files would be free. */
const leastBytes = 1024;
/** Files that are looked at in one go: about a millisecond. */
const breakEvery = 200;

/** What is free on the disk of a folder, files counted as a little room each; null where the system does not tell. */
export async function freeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize, ffree } = await statfs(folder);
    return bavail * bsize + ffree * leastBytes;
  } catch {
    return null;
  }
}

/** What the files below a folder take on the disk, links not followed; counting ends above `limit`. */
export async function usedBytes(folder: string, limit: number): Promise<number> {
  let used = 0;
  let looked = 0;
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined && used <= limit; next = pending.pop()) {
    for (const entry of await readdirOrNothing(next)) {
      const file = path.join(next, entry.name);
      if (entry.isDirectory()) pending.push(file);
      used += blocksOf(file);
      looked += 1;
      if (used > limit) break;
      // Many short synchronous looks, a break now and then: far quicker than a promise each.
      if (looked % breakEvery === 0) await setImmediate();
    }
  }
  return used;
}

/** What files take that were deleted and are still open in one of these processes (Linux). */
export async function deletedBytes(processes: readonly ProcessIdentity[]): Promise<number> {
  const seen = new Set<string>();
  let used = 0;
  for (const { pid } of processes) {
    for (const entry of await readdirOrNothing(`/proc/${pid}/fd`)) {
      const file = `/proc/${pid}/fd/${entry.name}`;
      try {
        if (!(await readlink(file)).endsWith(' (deleted)')) continue;
        const stats = await stat(file);
        const key = `${stats.dev}:${stats.ino}`;
        if (!seen.has(key)) used += stats.blocks * 512;
        seen.add(key);
      } catch {
        // Closed meanwhile, or the process is gone.
      }
    }
  }
  return used;
}

async function readdirOrNothing(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    // Gone meanwhile, not for us to read, or too deep to be named: nothing to count.
    return [];
  }
}

function blocksOf(file: string): number {
  try {
    const stats = lstatSync(file, { throwIfNoEntry: false });
    return stats === undefined ? 0 : Math.max(leastBytes, stats.blocks * 512);
  } catch {
    // Not for us to look at, or too deep to be named.
    return 0;
  }
}
