import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { type ProcessIdentity, processIdentity } from '../platform/process-identity.js';
import { killTree, ownerVariable } from '../platform/process-tree.js';
import type { FromWorker, ToWorker } from '../protocol/messages.js';

const setprivPath = '/usr/bin/setpriv';
/**
 * Has glibc give freed memory back instead of keeping it in an arena for each thread: about 100 MB less for a worker with
 * the embedded 0.5B (measured).
 */
const thriftyMemory = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};
const stderrTailBytes = 4_096;
/** More messages than this in a second are a fault of the worker, not news (scenario 15). */
const maxMessagesPerSecond = 1_000;

export interface WorkerExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to stderr: the only trace of a native crash. */
  readonly stderrTail: string;
}

export interface WorkerProcess {
  readonly identity: ProcessIdentity;
  send(message: ToWorker): void;
  /** Resolves when the process itself is gone, whatever way it ended. Never rejects. */
  readonly exited: Promise<WorkerExit>;
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
  const [{ execa }, { fromWorker }] = await Promise.all([import('execa'), import('../protocol/messages.js')]);
  const entry = fileURLToPath(options.entry);
  const nodeArgs = entry.endsWith('.ts') ? ['--import', 'tsx', entry] : [entry];
  const bound = process.platform === 'linux' && existsSync(setprivPath);
  const [file, args] = bound
    ? [setprivPath, ['--pdeathsig', 'KILL', '--', process.execPath, ...nodeArgs]]
    : [process.execPath, nodeArgs];
  const child = execa(file, args, {
    ipc: true,
    // IPC messages would be kept in memory for ever otherwise.
    buffer: false,
    detached: true,
    cleanup: false,
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    extendEnv: false,
    env: { ...thriftyMemory, ...options.env, [ownerVariable]: options.owner },
  });
  // The promise of execa may wait for a grandchild that holds the pipe; `exit` is what counts.
  void child.catch(() => undefined);

  const stderr = tailOf(stderrTailBytes);
  child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk));
  const exited = new Promise<WorkerExit>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, stderrTail: stderr.text() }));
    child.once('error', (error) => resolve({ exitCode: null, signal: null, stderrTail: String(error) }));
  });
  const identity = child.pid === undefined ? null : processIdentity(child.pid);
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
  yieldToOthers(identity.pid);

  let broken = false;
  const report = (error: WilsonError): void => {
    if (broken) return;
    broken = true;
    options.onBroken(error);
  };
  const rate = messageRate(options.clock);
  child.on('message', (raw: unknown) => {
    if (broken) return;
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
    send: (message) => {
      if (!child.connected) return;
      // An error here means that the worker is gone, which `exited` tells.
      child.send(message, () => undefined);
    },
    stop: (graceMs) => {
      stopping ??= killTree(identity, { clock: options.clock, graceMs, ownerPrefix: options.owner });
      return stopping;
    },
  };
}

/** Low priority and first choice of the OOM killer: the chat and the user's own programs come first (I7). */
function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It may have ended already; its exit is reported elsewhere.
  }
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

function tailOf(limitBytes: number): { add(chunk: Buffer): void; text(): string } {
  let tail = Buffer.alloc(0);
  return {
    add: (chunk) => {
      tail = Buffer.concat([tail, chunk]).subarray(-limitBytes);
    },
    text: () => tail.toString('utf8'),
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
