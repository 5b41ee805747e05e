import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Clock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { type ProcessIdentity, processIdentity } from '../platform/process-identity.js';
import { killTree, ownerVariable } from '../platform/process-tree.js';
import type { FromEngine, ToEngine } from '../protocol/engine-messages.js';

const setprivPath = '/usr/bin/setpriv';
const stderrTailBytes = 4_096;
/** From the fork to the first message; a machine under load needs seconds to read the native library. */
const helloLimitMs = 60_000;

/**
 * For glibc: llama.cpp allocates large buffers from ever different threads, and each thread's arena keeps its own share.
 * Measured on the 0.5B right after its load: 482 MB of private memory without these settings, 416 MB with them.
 */
const allocatorSettings = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

export interface EngineExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to stderr: the only trace of a native crash. */
  readonly stderrTail: string;
  /** Ended by us, for an unload or at the end. */
  readonly wanted: boolean;
  /** Ended by us, because it no longer reacted. */
  readonly hung: boolean;
}

export interface EngineProcess {
  readonly identity: ProcessIdentity;
  send(message: ToEngine): void;
  /** Resolves when the process is gone, whatever way it ended. Never rejects. */
  readonly exited: Promise<EngineExit>;
  /** Ends it and waits until it is gone; nothing of it is worth an orderly end. Safe to call twice. */
  kill(): Promise<void>;
  /** As {@link kill}, for one that hangs: its exit is not `wanted`. */
  killHung(): Promise<void>;
}

export interface EngineSpawnOptions {
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** Value of WILSON_OWNER, so that a sweep finds the process whatever became of its parent. */
  readonly ownerToken: string;
  readonly entry: URL;
  /** What it will run; told once it has said hello. */
  readonly model: { readonly modelPath: string; readonly threads: number; readonly slots: number };
  onMessage(message: FromEngine): void;
}

/** The engine's entry point: in dist/ beside us, or the source when run through tsx. */
export function chatEngineEntry(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`../../workers/chat-engine.${extension}`, import.meta.url);
}

/**
 * Forks the engine into a process group of its own, bound to our life (`setpriv --pdeathsig KILL` where it is found on
 * Linux, the closed IPC channel everywhere), and resolves at its `hello`. Rejects with `SPAWN_FAILED` when it ends
 * before that, says nothing in time or speaks another version.
 */
export async function spawnEngine(options: EngineSpawnOptions): Promise<EngineProcess> {
  const [{ execa }, protocol] = await Promise.all([import('execa'), import('../protocol/engine-messages.js')]);
  const nodeArgs = nodeArguments(options.entry);
  const bound = process.platform === 'linux' && existsSync(setprivPath);
  const child = execa(
    bound ? setprivPath : process.execPath,
    bound ? ['--pdeathsig', 'KILL', '--', process.execPath, ...nodeArgs] : nodeArgs,
    {
      ipc: true,
      // Messages would be kept in memory for ever otherwise.
      buffer: false,
      detached: true,
      cleanup: false,
      reject: false,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
      extendEnv: false,
      env: { ...allocatorSettings, ...options.env, [ownerVariable]: options.ownerToken },
    },
  );
  // `exit` is what counts; the promise of execa may wait longer, for whoever holds the pipe.
  void child.catch(() => undefined);

  let stderrTail = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderrTail = (stderrTail + chunk.toString('utf8')).slice(-stderrTailBytes);
  });
  let wanted = false;
  let hung = false;
  const exited = new Promise<EngineExit>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, stderrTail, wanted, hung }));
    child.once('error', (error) => resolve({ exitCode: null, signal: null, stderrTail: String(error), wanted, hung }));
  });
  const identity = child.pid === undefined ? null : processIdentity(child.pid);
  if (identity === null) throw spawnFailed((await exited).stderrTail);

  const greeting = new Promise<number>((resolve) => {
    child.on('message', (raw: unknown) => {
      const parsed = protocol.fromEngine.safeParse(raw);
      if (!parsed.success) return;
      if (parsed.data.type === 'hello') resolve(parsed.data.protocol);
      else options.onMessage(parsed.data);
    });
  });
  const end = async (orderly: boolean): Promise<void> => {
    if (orderly) wanted = true;
    else hung = true;
    await killTree(identity, { clock: options.clock, graceMs: 0, ownerPrefix: '' });
    await exited;
  };
  const version = await firstOf(greeting, exited, options.clock);
  if (version !== protocol.engineProtocolVersion) {
    await end(true);
    throw spawnFailed(version === null ? `it did not start. ${stderrTail.trim()}` : 'it is of another version');
  }
  const send = (message: ToEngine): void => {
    // An error here means that the engine is gone, which `exited` tells.
    if (child.connected) child.send(message, () => undefined);
  };
  send({ type: 'init', protocol: protocol.engineProtocolVersion, ...options.model });
  return { identity, exited, send, kill: () => end(true), killHung: () => end(false) };
}

function nodeArguments(entry: URL): string[] {
  const path = fileURLToPath(entry);
  if (!path.endsWith('.ts')) return [path];
  // By its own path: `--import tsx` would be looked for from the working directory, which is the user's.
  const tsx = createRequire(import.meta.url).resolve('tsx');
  return ['--import', pathToFileURL(tsx).href, path];
}

async function firstOf(greeting: Promise<number>, exited: Promise<EngineExit>, clock: Clock): Promise<number | null> {
  let cancel = (): void => undefined;
  const late = new Promise<null>((resolve) => {
    const timer = clock.after(helloLimitMs, () => resolve(null));
    cancel = () => timer.cancel();
  });
  const first = await Promise.race([greeting, exited.then(() => null), late]);
  cancel();
  return first;
}

function spawnFailed(reason: string): WilsonError {
  return new WilsonError('SPAWN_FAILED', `The process of the embedded model could not be used: ${reason.trim()}`, {
    hint: 'Check the limits of processes and memory (`ulimit -a`) and run `wilson doctor`.',
  });
}
