import { readFile } from 'node:fs/promises';
import { hasErrno } from '../errors.js';
import { descendants } from './process-tree.js';

/** Memory of a process tree. PSS shares each common page among its users; RSS counts it once for every process. */
export interface ProcessMemory {
  readonly bytes: number;
  /** The part of the root alone. */
  readonly rootBytes: number;
  readonly kind: 'pss' | 'rss';
}

/** PSS of one process in bytes; null when it is gone or the kernel does not tell. */
export async function readPss(pid: number): Promise<number | null> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
    const match = /^Pss:\s+(\d+) kB$/m.exec(text);
    return match?.[1] === undefined ? null : Number(match[1]) * 1024;
  } catch (error) {
    // ENOENT and ESRCH: gone. EACCES: not ours. All mean that there is no figure.
    if (hasErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return null;
    throw error;
  }
}

/**
 * Memory of a process and all its descendants: PSS on Linux, RSS from pidusage elsewhere.
 * Null when the root is gone. A failed probe is "unknown", never zero and never an error (facts, scenario 15).
 */
export async function treeMemory(pid: number): Promise<ProcessMemory | null> {
  const pids = [pid, ...(await descendants(pid)).map((identity) => identity.pid)];
  if (process.platform === 'linux') {
    const parts = await Promise.all(pids.map(readPss));
    const known = parts.filter((bytes) => bytes !== null);
    if (parts[0] === null || parts[0] === undefined) return null;
    return { bytes: known.reduce((sum, bytes) => sum + bytes, 0), rootBytes: parts[0], kind: 'pss' };
  }
  const { default: pidusage } = await import('pidusage');
  try {
    const stats = await pidusage(pids);
    const bytes = Object.values(stats).reduce((sum, stat) => sum + (stat?.memory ?? 0), 0);
    return { bytes, rootBytes: stats[pid]?.memory ?? 0, kind: 'rss' };
  } catch {
    // The tree ended while it was read.
    return null;
  }
}
