import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import type { Clock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { type ChildExit, forkBound } from '../platform/bound-child.js';
import { type ProcessIdentity, signalProcess } from '../platform/process-identity.js';
import { killTree } from '../platform/process-tree.js';
import type { FromWorker, ToWorker } from '../protocol/messages.js';
import { isPriorityOff } from './chat-priority.js';

/** More messages than this in a second are a fault of the worker, not news (scenario 15). */
const maxMessagesPerSecond = 1_000;

export interface WorkerProcess {
  readonly identity: ProcessIdentity;
  send(message: ToWorker): void;
  /** Resolves when the process itself is gone, whatever way it ended. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Stops or continues the worker and what shares its group; nothing where the system has no such signals. */
  pause(): void;
  unpause(): void;
  /** Ends the worker and all it started; resolves with what is still alive, normally nothing. Safe to call twice. */
  stop(graceMs: number): Promise<ProcessIdentity[]>;
}

export interface SpawnOptions {
  /** Path of the compiled entry, or of its source when running through tsx. */
  readonly entry: URL;
  /** Value of WILSON_OWNER for the worker and all it starts. */
  readonly owner: string;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** Each valid message; what is not valid calls `onBroken` instead, once. */
  onMessage(message: FromWorker): void;
  onBroken(error: WilsonError): void;
}

/** Where the worker's entry is: beside us in dist/, or in the source tree when run through tsx. */
export function workerEntry(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(`../../workers/task-worker.${fromSource ? 'ts' : 'js'}`, import.meta.url);
}

/**
 * Forks a task worker in a process group of its own, at low priority, first in line for the kernel's OOM killer, and
 * bound to our life: `setpriv --pdeathsig KILL` where it is found (Linux), the closed IPC channel everywhere.
 * Rejects with `SPAWN_FAILED`.
 */
export async function spawnWorker(options: SpawnOptions): Promise<WorkerProcess> {
  const [child, { fromWorker }] = await Promise.all([
    forkBound({ entry: options.entry, env: options.env, owner: options.owner }),
    import('../protocol/messages.js'),
  ]);
  const { identity, exited } = child;
  if (identity === null) {
    const { stderrTail } = await exited;
    throw new WilsonError(
      'SPAWN_FAILED',
      `A worker process could not be started: ${stderrTail.trim() || 'no reason given'}.`,
      {
        hint: 'Check the limits of processes and memory (`ulimit -a`) and run `wilson doctor`.',
      },
    );
  }
  const lowPriority = !isPriorityOff(options.env);
  if (lowPriority) takeLowPriority(identity.pid);
  goFirstWhenMemoryEnds(identity.pid);

  let broken = false;
  const report = (error: WilsonError): void => {
    if (broken) return;
    broken = true;
    options.onBroken(error);
  };
  const rate = messageRate(options.clock);
  let greeted = false;
  child.onMessage((raw) => {
    if (broken) return;
    // Threads that it had begun before the first time would keep their priority, and those they begin inherit it.
    if (!greeted && lowPriority) takeLowPriority(identity.pid);
    greeted = true;
    if (rate.exceeded()) {
      report(
        new WilsonError('PROTOCOL_FLOOD', `The worker sent more than ${maxMessagesPerSecond} messages in a second.`),
      );
      return;
    }
    const parsed = fromWorker.safeParse(raw);
    if (parsed.success) options.onMessage(parsed.data);
    else
      report(
        new WilsonError('PROTOCOL_ERROR', `The worker sent a message that is not of the protocol: ${describe(raw)}.`),
      );
  });

  let stopping: Promise<ProcessIdentity[]> | null = null;
  return {
    identity,
    exited,
    send: (message) => child.send(message),
    pause: () => signalGroup(identity, 'SIGSTOP'),
    unpause: () => signalGroup(identity, 'SIGCONT'),
    stop: (graceMs) => {
      stopping ??= killTree(identity, { clock: options.clock, graceMs, ownerPrefix: options.owner });
      return stopping;
    },
  };
}

function signalGroup(identity: ProcessIdentity, signal: 'SIGSTOP' | 'SIGCONT'): void {
  if (process.platform !== 'win32') signalProcess(identity, signal, { group: true });
}

/** The chat and the user's own programs come first (I7). Linux keeps a priority for each thread, and gives it to new ones. */
function takeLowPriority(pid: number): void {
  for (const id of threadsOf(pid)) {
    try {
      setPriority(id, constants.priority.PRIORITY_LOW);
    } catch {
      // It may have ended already; its exit is reported elsewhere.
    }
  }
}

function threadsOf(pid: number): number[] {
  if (process.platform !== 'linux') return [pid];
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    // It has ended.
    return [];
  }
}

/** The OOM killer is to choose a worker before anything else. */
function goFirstWhenMemoryEnds(pid: number): void {
  // Where the file cannot be written, the kernel's own choice stands.
  if (process.platform === 'linux') void writeFile(`/proc/${pid}/oom_score_adj`, '800').catch(() => undefined);
}

function messageRate(clock: Clock): { exceeded(): boolean } {
  let windowStart = clock.monotonicMs();
  let count = 0;
  return {
    exceeded: () => {
      const now = clock.monotonicMs();
      if (now - windowStart >= 1_000) {
        windowStart = now;
        count = 0;
      }
      count += 1;
      return count > maxMessagesPerSecond;
    },
  };
}

function describe(raw: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(raw);
  } catch {
    // A cycle or a BigInt: its type must do.
  }
  return (text ?? typeof raw).slice(0, 200);
}
