import { readdirSync, readFileSync } from 'node:fs';
import { type Clock, sleep } from '../clock.js';
import { isAlive, type ProcessIdentity, processIdentity, signalProcess } from './process-identity.js';

/**
 * The environment variable that marks everything Wilson starts: `<session token>:<task>:<attempt>`. Children inherit
 * it, so a process that left its group, its session and its parent is still found by what it was born with.
 */
export const ownerVariable = 'WILSON_OWNER';

function childPids(pid: number): number[] {
  const found: number[] = [];
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // The process is gone, and so are its children lists.
    return found;
  }
  for (const thread of threads) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
      for (const child of text.split(' ')) if (child !== '') found.push(Number(child));
    } catch {
      // This thread ended between the two reads.
    }
  }
  return found;
}

/** Every live descendant of a process, nearest first; empty when it is gone. Linux reads /proc, others ask `ps`. */
export async function descendants(pid: number): Promise<ProcessIdentity[]> {
  const pids: number[] = [];
  if (process.platform === 'linux') {
    const pending = [pid];
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      const children = childPids(next);
      pids.push(...children);
      pending.push(...children);
    }
  } else {
    const { default: pidtree } = await import('pidtree');
    try {
      pids.push(...(await pidtree(pid)));
    } catch {
      // pidtree rejects when the root is gone.
    }
  }
  return pids.map(processIdentity).filter((identity) => identity !== null);
}

/**
 * Live processes whose environment carries `WILSON_OWNER=<prefix>…`, wherever they hang in the process tree.
 * Linux only; elsewhere the answer is empty. The calling process is never among them.
 */
export function ownedProcesses(prefix: string): ProcessIdentity[] {
  if (process.platform !== 'linux' || prefix === '') return [];
  const needle = `${ownerVariable}=${prefix}`;
  const found: ProcessIdentity[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    let environment: string;
    try {
      environment = readFileSync(`/proc/${name}/environ`, 'latin1');
    } catch {
      // Gone, or another user's: not ours to look at.
      continue;
    }
    if (!environment.startsWith(needle) && !environment.includes(`\0${needle}`)) continue;
    const identity = processIdentity(pid);
    if (identity !== null) found.push(identity);
  }
  return found;
}

export interface KillTreeOptions {
  readonly clock: Clock;
  /** Time for an orderly end after SIGTERM; 0 goes straight to SIGKILL. */
  readonly graceMs: number;
  /** Value (or start) of WILSON_OWNER in everything that belongs to the tree; empty when it is not known. */
  readonly ownerPrefix: string;
  /** How long to wait for the kernel after SIGKILL. */
  readonly killWaitMs?: number;
}

const pollMs = 10;

/**
 * Ends a process, its group, its descendants and whatever else carries its owner mark: SIGTERM, the grace, SIGKILL.
 * Resolves with what is still alive (normally nothing) once all are gone or `killWaitMs` (default 2 s) is over.
 * The descendants are collected before the first signal, since orphans can no longer be found by their parent.
 */
export async function killTree(root: ProcessIdentity, options: KillTreeOptions): Promise<ProcessIdentity[]> {
  const { clock } = options;
  const known = new Map<string, ProcessIdentity>();
  const remember = (identities: Iterable<ProcessIdentity>): void => {
    for (const identity of identities) known.set(`${identity.pid}:${identity.startTime}`, identity);
  };
  const collect = async (): Promise<void> => {
    // Only of the very process: a stranger may have its pid by now, with children of its own (scenario 6).
    if (isAlive(root)) remember(await descendants(root.pid));
    remember(ownedProcesses(options.ownerPrefix));
  };
  const living = (): ProcessIdentity[] => [...known.values()].filter(isAlive);
  const waitUntilGone = async (deadline: number): Promise<boolean> => {
    for (;;) {
      if (living().length === 0) return true;
      if (clock.monotonicMs() >= deadline) return false;
      await sleep(clock, pollMs);
    }
  };

  remember([root]);
  if (isAlive(root)) await collect();
  if (options.graceMs > 0) {
    signalProcess(root, 'SIGTERM', { group: isGroupLeader(root.pid) });
    // A stopped process cannot act on SIGTERM before it is continued.
    signalProcess(root, 'SIGCONT', { group: isGroupLeader(root.pid) });
    if (await waitUntilGone(clock.monotonicMs() + options.graceMs)) {
      remember(ownedProcesses(options.ownerPrefix));
      if (living().length === 0) return [];
    }
  }
  const deadline = clock.monotonicMs() + (options.killWaitMs ?? 2_000);
  for (;;) {
    await collect();
    const targets = living();
    if (targets.length === 0) return [];
    for (const target of targets) signalProcess(target, 'SIGKILL', { group: isGroupLeader(target.pid) });
    if (clock.monotonicMs() >= deadline) return living();
    await waitUntilGone(Math.min(deadline, clock.monotonicMs() + 200));
  }
}

/** Whether a process leads its own group, so that signalling the group reaches no stranger. */
function isGroupLeader(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2]) === pid;
  } catch {
    // Gone.
    return false;
  }
}
