import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Clock, sleep, type Timer } from '../clock.js';
import { WilsonError } from '../errors.js';
import type { CommandRequest, CommandResult } from './command.js';
import { isAlive, type ProcessIdentity, processIdentity, signalProcess } from './process-identity.js';
import { descendants, killTree } from './process-tree.js';
import { type CommandGuard, startGuard } from './run-command-guard.js';
import { OutputBuffer } from './run-command-output.js';

/** A command line that is ready to start. */
export interface Launch {
  readonly kind: 'bwrap' | 'none';
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Value of WILSON_OWNER in everything the command starts; no other command has it. */
  readonly owner: string;
  readonly cwd: string;
  /** Home and temporary folder of a command without a sandbox; empty with one, which has its own. */
  readonly privateFolder: string;
  readonly processLimit: number;
  readonly clock: Clock;
  readonly request: CommandRequest;
}

/** How often the number of processes is looked at. */
const watchMs = 100;
/** How long the kernel may take to end everything after SIGKILL. */
const killWaitMs = 3_000;
/** How long output that is already written may take to be read. */
const drainMs = 500;

type Reason = 'timeout' | 'abort' | 'process-limit';

/**
 * Starts the command, collects what it prints, and settles once it and everything it started is gone: by its own end,
 * the deadline, the signal, or because it had too many processes.
 */
export async function runLaunched(launch: Launch): Promise<CommandResult> {
  const { request, clock } = launch;
  const { execa } = await import('execa');
  const startedMs = clock.monotonicMs();
  const [program = '', ...args] = launch.argv;
  const child = execa(program, args, {
    cwd: launch.cwd,
    env: launch.env,
    extendEnv: false,
    reject: false,
    buffer: false,
    detached: true,
    cleanup: false,
    encoding: 'buffer',
    stdio: ['ignore', 'pipe', 'pipe', launch.kind === 'bwrap' ? 'pipe' : 'ignore'],
  });
  const stdout = new OutputBuffer(request.outputLimitBytes);
  const stderr = new OutputBuffer(request.outputLimitBytes);
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const sandboxPid = launch.kind === 'bwrap' ? readSandboxPid(child.stdio[3]) : Promise.resolve(null);
  const root = child.pid === undefined ? null : processIdentity(child.pid);
  if (child.pid === undefined) {
    const failure = await child;
    throw new WilsonError('COMMAND_NOT_FOUND', `Could not start ${request.argv[0]}: ${failure.message ?? ''}`);
  }

  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const guard =
    launch.kind === 'none' ? await startGuard(child.pid, launch.owner, launch.env, launch.privateFolder) : null;
  let stoppedFor: Reason | null = null;
  const seen = new Map<string, ProcessIdentity>();
  const stop = new Promise<void>((resolve) => {
    watch(launch, child.pid ?? 0, seen, exit, (reason) => {
      stoppedFor ??= reason;
      resolve();
    });
  });
  try {
    await Promise.race([exit, stop]);
    await endEverything(launch, root, seen, sandboxPid);
    await exit;
    await drained(clock, [child.stdout, child.stderr]);
  } finally {
    await dismiss(guard);
  }
  // The streams are closed now, so this settles; it is awaited so that nothing of it floats.
  child.stdout.destroy();
  child.stderr.destroy();
  const durationMs = Math.round(clock.monotonicMs() - startedMs);
  return resultOf(
    launch,
    stoppedFor,
    { exitCode: child.exitCode, signal: child.signalCode, durationMs },
    stdout,
    stderr,
  );
}

/** Calls `stop` on the deadline, the signal, or too many processes; falls silent when the command has ended. */
function watch(
  launch: Launch,
  pid: number,
  seen: Map<string, ProcessIdentity>,
  exit: Promise<void>,
  stop: (reason: Reason) => void,
): void {
  const { clock, request } = launch;
  const deadline = clock.after(request.timeoutMs, () => stop('timeout'));
  const onAbort = (): void => stop('abort');
  request.signal.addEventListener('abort', onAbort, { once: true });
  if (request.signal.aborted) onAbort();
  let over = false;
  let tick: Timer | null = null;
  let baseline: number | null = null;
  const look = async (): Promise<void> => {
    const total = await machineTasks();
    baseline ??= total;
    // The sum of the machine is one small read; only when it grew is the tree itself counted.
    const grew = total !== null && baseline !== null && total > baseline + launch.processLimit;
    if (grew || launch.kind === 'none') {
      const tree = await descendants(pid);
      if (tree.length > launch.processLimit) stop('process-limit');
      // Without a sandbox, what leaves the tree and drops its owner mark is only known from before.
      if (launch.kind === 'none') for (const one of tree) seen.set(`${one.pid}:${one.startTime}`, one);
    }
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

/** The pid of the sandbox's first process, as bwrap tells it; null when bwrap ended before it had one. */
async function readSandboxPid(stream: unknown): Promise<ProcessIdentity | null> {
  let text = '';
  for await (const chunk of stream as Readable) text += String(chunk);
  const pid = Number(/"child-pid":\s*(\d+)/.exec(text)?.[1]);
  return Number.isInteger(pid) ? processIdentity(pid) : null;
}

async function endEverything(
  launch: Launch,
  root: ProcessIdentity | null,
  seen: ReadonlyMap<string, ProcessIdentity>,
  sandboxPid: Promise<ProcessIdentity | null>,
): Promise<void> {
  const { clock } = launch;
  if (launch.kind === 'none') {
    // The root may be gone already; what it left behind is found by its owner mark.
    const options = { clock, graceMs: 0, ownerPrefix: launch.owner, killWaitMs };
    await killTree(root ?? { bootId: '', pid: -1, startTime: '' }, options);
    for (const escaped of [...seen.values()].filter(isAlive)) await killTree(escaped, options);
    return;
  }
  if (root !== null) signalProcess(root, 'SIGKILL');
  // With its first process every other process of the namespace dies, and it is gone only after them.
  const first = await sandboxPid;
  if (first === null) return;
  signalProcess(first, 'SIGKILL');
  const deadline = clock.monotonicMs() + killWaitMs;
  while (isAlive(first) && clock.monotonicMs() < deadline) await sleep(clock, 2);
}

/** Resolves when the streams have ended, or after a moment when something outside our reach holds them open. */
async function drained(clock: Clock, streams: readonly Readable[]): Promise<void> {
  const ended = streams.map(
    (stream) => new Promise<void>((resolve) => (stream.closed ? resolve() : stream.once('close', () => resolve()))),
  );
  await Promise.race([Promise.all(ended), sleep(clock, drainMs)]);
}

async function dismiss(guard: CommandGuard | null): Promise<void> {
  await guard?.dismiss();
}

function resultOf(
  launch: Launch,
  stoppedFor: Reason | null,
  end: { exitCode: number | null; signal: string | null; durationMs: number },
  stdout: OutputBuffer,
  stderr: OutputBuffer,
): CommandResult {
  if (stoppedFor === 'abort') {
    throw new WilsonError('ABORTED', `Stopped: ${launch.request.argv.join(' ')}`, {
      cause: launch.request.signal.reason,
    });
  }
  const note =
    stoppedFor === 'process-limit' ? `\nStopped: it had more than ${launch.processLimit} processes at once.\n` : '';
  return {
    exitCode: stoppedFor === null ? end.exitCode : null,
    signal: stoppedFor === null ? end.signal : 'SIGKILL',
    timedOut: stoppedFor === 'timeout',
    stdout: stdout.text(),
    stderr: stderr.text() + note,
    droppedBytes: stdout.droppedBytes + stderr.droppedBytes,
    durationMs: end.durationMs,
  };
}
