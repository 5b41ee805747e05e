import type { Readable, Writable } from 'node:stream';
import { type Clock, sleep } from '../clock.js';
import { WilsonError } from '../errors.js';
import type { CommandRequest, CommandResult } from './command.js';
import { withoutInherited } from './inherited-files.js';
import { isAlive, type ProcessIdentity, processIdentity, signalProcess } from './process-identity.js';
import { killTree } from './process-tree.js';
import { type CommandGuard, startGuard } from './run-command-guard.js';
import { OutputBuffer } from './run-command-output.js';
import { type StopReason, watchCommand } from './run-command-watch.js';

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
  readonly threadLimit: number;
  /** What the files in `writable` may take on the disk. */
  readonly diskLimitBytes: number;
  /** The workspace, real path. */
  readonly writable: string;
  /** Goes to the sandbox: which system calls it refuses; null without. */
  readonly filter: Buffer | null;
  readonly clock: Clock;
  readonly request: CommandRequest;
}

/** Descriptor by which the sandbox gets its filter of system calls. */
export const filterFd = 4;
const firstFreeFd = 5;
/** How long the kernel may take to end everything after SIGKILL. */
const killWaitMs = 3_000;
/** The same for a sandbox, where nothing is left to be tried: thousands of processes on a busy machine take a while. */
const sandboxWaitMs = 30_000;
/** How long output that is already written may take to be read. */
const drainMs = 500;

/**
 * Starts the command, collects what it prints, and settles once it and everything it started is gone: by its own end,
 * the deadline, the signal, or because it had too many processes.
 */
export async function runLaunched(launch: Launch): Promise<CommandResult> {
  const { request, clock } = launch;
  const { execa } = await import('execa');
  const startedMs = clock.monotonicMs();
  const [program = '', ...args] = launch.argv;
  const piped = launch.kind === 'bwrap' ? 'pipe' : 'ignore';
  const child = withoutInherited(firstFreeFd, (more) =>
    execa(program, args, {
      cwd: launch.cwd,
      env: launch.env,
      extendEnv: false,
      reject: false,
      buffer: false,
      detached: true,
      cleanup: false,
      encoding: 'buffer',
      stdio: ['ignore', 'pipe', 'pipe', piped, launch.filter === null ? 'ignore' : piped, ...more],
    }),
  );
  if (launch.filter !== null) giveFilter(child.stdio[filterFd], launch.filter);
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
  let stoppedFor: StopReason | null = null;
  const seen = new Map<string, ProcessIdentity>();
  const stop = new Promise<void>((resolve) => {
    watchCommand(launch, child.pid ?? 0, seen, exit, (reason) => {
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
  const deadline = clock.monotonicMs() + sandboxWaitMs;
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
  stoppedFor: StopReason | null,
  end: { exitCode: number | null; signal: string | null; durationMs: number },
  stdout: OutputBuffer,
  stderr: OutputBuffer,
): CommandResult {
  if (stoppedFor === 'abort') {
    throw new WilsonError('ABORTED', `Stopped: ${launch.request.argv.join(' ')}`, {
      cause: launch.request.signal.reason,
    });
  }
  const passed = limitText(launch, stoppedFor);
  const note = passed === null ? '' : `\nStopped: ${passed}.\n`;
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

/** The limit that was passed, for people and models; null for another reason. */
function limitText(launch: Launch, stoppedFor: StopReason | null): string | null {
  if (stoppedFor === 'process-limit') return `it had more than ${launch.processLimit} processes at once`;
  if (stoppedFor === 'thread-limit') return `it had more than ${launch.threadLimit} threads at once`;
  if (stoppedFor !== 'disk-limit') return null;
  return `the files in the workspace took more than ${Math.round(launch.diskLimitBytes / 1_048_576)} MB`;
}

function giveFilter(stream: unknown, filter: Buffer): void {
  const pipe = stream as Writable;
  // The reader may be gone already; how it ended is told by its exit.
  pipe.on('error', () => undefined);
  pipe.end(filter);
}
