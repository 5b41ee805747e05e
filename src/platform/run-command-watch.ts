import { readdir, readFile } from 'node:fs/promises';
import type { Timer } from '../clock.js';
import { deletedBytes, freeBytes, usedBytes } from './disk-use.js';
import type { ProcessIdentity } from './process-identity.js';
import { descendants } from './process-tree.js';
import type { Launch } from './run-command-process.js';

/** Why a command was stopped. */
export type StopReason = 'timeout' | 'abort' | 'process-limit' | 'thread-limit' | 'disk-limit';

/** How often a command is looked at. */
const watchMs = 100;
/** The files are counted when so much of their limit has gone from the disk since they were counted last. */
const recountShare = 1 / 8;

/**
 * Calls `stop` on the deadline, the signal, too many processes or threads, or too much written; falls silent when the
 * command has ended. What is looked at often is cheap (two small reads): the tree and the files are counted only when
 * the machine's own sums have moved.
 */
export function watchCommand(
  launch: Launch,
  pid: number,
  seen: Map<string, ProcessIdentity>,
  exit: Promise<void>,
  stop: (reason: StopReason) => void,
): void {
  const { clock, request } = launch;
  const deadline = clock.after(request.timeoutMs, () => stop('timeout'));
  const onAbort = (): void => stop('abort');
  request.signal.addEventListener('abort', onAbort, { once: true });
  if (request.signal.aborted) onAbort();
  let over = false;
  let tick: Timer | null = null;
  const lookAtTree = treeLook(launch, pid, seen, stop);
  const lookAtDisk = diskLook(launch, pid, stop);
  const look = async (): Promise<void> => {
    await lookAtTree();
    await lookAtDisk();
    if (!over) tick = clock.after(watchMs, () => void look());
  };
  void look();
  void exit.then(() => {
    over = true;
    deadline.cancel();
    tick?.cancel();
    request.signal.removeEventListener('abort', onAbort);
  });
}

function treeLook(
  launch: Launch,
  pid: number,
  seen: Map<string, ProcessIdentity>,
  stop: (reason: StopReason) => void,
): () => Promise<void> {
  let baseline: number | null = null;
  return async () => {
    const total = await machineTasks();
    baseline ??= total;
    const grew = total !== null && baseline !== null && total > baseline + launch.processLimit;
    if (!grew && launch.kind !== 'none') return;
    const tree = await descendants(pid);
    if (tree.length > launch.processLimit) stop('process-limit');
    else if (grew && (await threadsOf(tree)) > launch.threadLimit) stop('thread-limit');
    // Without a sandbox, what leaves the tree and drops its owner mark is only known from before.
    if (launch.kind === 'none') for (const one of tree) seen.set(`${one.pid}:${one.startTime}`, one);
  };
}

function diskLook(launch: Launch, pid: number, stop: (reason: StopReason) => void): () => Promise<void> {
  const { diskLimitBytes } = launch;
  let lastFree: number | null = null;
  return async () => {
    const free = await freeBytes(launch.writable);
    lastFree ??= free;
    if (free === null || lastFree === null) return;
    if (free > lastFree) lastFree = free;
    if (lastFree - free < diskLimitBytes * recountShare) return;
    lastFree = free;
    const written = await usedBytes(launch.writable, diskLimitBytes);
    const hidden = written > diskLimitBytes ? 0 : await deletedBytes(await descendants(pid));
    if (written + hidden > diskLimitBytes) stop('disk-limit');
  };
}

/** Processes and threads on this machine; null where the system does not tell. */
async function machineTasks(): Promise<number | null> {
  try {
    const text = await readFile('/proc/loadavg', 'utf8');
    const total = Number(/\/(\d+)/.exec(text)?.[1]);
    return Number.isFinite(total) ? total : null;
  } catch {
    // Not Linux: there the process limit of the system has to do.
    return null;
  }
}

async function threadsOf(tree: readonly ProcessIdentity[]): Promise<number> {
  let threads = 0;
  for (const { pid } of tree) {
    try {
      threads += (await readdir(`/proc/${pid}/task`)).length;
    } catch {
      // Gone meanwhile.
    }
  }
  return threads;
}
