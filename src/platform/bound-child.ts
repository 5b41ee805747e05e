import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type ProcessIdentity, processIdentity } from './process-identity.js';
import { ownerVariable } from './process-tree.js';

const setprivPath = '/usr/bin/setpriv';
const stderrTailBytes = 4_096;

/**
 * For glibc: llama.cpp allocates large buffers from ever different threads, and each thread's arena keeps its own share.
 * Measured on the 0.5B right after its load: 482 MB of private memory without these settings, 416 MB with them.
 */
const thriftyMemory = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

export interface ChildExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to stderr: the only trace of a native crash. */
  readonly stderrTail: string;
}

export interface BoundChild {
  /** Null when it could not be started; `exited` then says why. */
  readonly identity: ProcessIdentity | null;
  /** Resolves when the process itself is gone, whoever still holds its pipes. Never rejects. */
  readonly exited: Promise<ChildExit>;
  stderrTail(): string;
  /** Sets who gets its messages, from the first one on, however late that is. */
  onMessage(listener: (raw: unknown) => void): void;
  /** To a process that is gone, nothing is sent; its end is told by `exited`. */
  send(message: object): void;
}

export interface BoundChildOptions {
  /** A compiled entry, or its source when running through tsx. */
  readonly entry: URL;
  readonly env: NodeJS.ProcessEnv;
  /** Value of WILSON_OWNER for the process and all it starts. */
  readonly owner: string;
}

/**
 * Forks a Node program with an IPC channel into a process group of its own and binds it to our life: `setpriv --pdeathsig
 * KILL` where it is found (Linux), the closed channel everywhere. What it writes to stdout is dropped.
 */
export async function forkBound(options: BoundChildOptions): Promise<BoundChild> {
  const { execa } = await import('execa');
  const nodeArgs = nodeArguments(fileURLToPath(options.entry));
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

  // Node drops a message that nobody listens for, and a quick child speaks before its parent has loaded what reads it.
  const early: unknown[] = [];
  let hear = (raw: unknown): void => {
    early.push(raw);
  };
  child.on('message', (raw) => hear(raw));

  let tail = Buffer.alloc(0);
  child.stderr.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-stderrTailBytes);
  });
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, stderrTail: tail.toString('utf8') }));
    child.once('error', (error) => resolve({ exitCode: null, signal: null, stderrTail: String(error) }));
  });
  return {
    identity: child.pid === undefined ? null : processIdentity(child.pid),
    exited,
    stderrTail: () => tail.toString('utf8'),
    onMessage: (listener) => {
      // As messages come otherwise: after whoever asked for them has gone on.
      setImmediate(() => {
        hear = listener;
        for (const raw of early.splice(0)) listener(raw);
      });
    },
    send: (message) => {
      // An error here means that it is gone.
      if (child.connected) child.send(message, () => undefined);
    },
  };
}

/** Arguments of `node` for a program of ours, compiled or as its source. */
export function nodeArguments(entry: string): string[] {
  if (!entry.endsWith('.ts')) return [entry];
  // By its own path: `--import tsx` would be looked for from the working directory, which is the user's.
  const tsx = createRequire(import.meta.url).resolve('tsx');
  return ['--import', pathToFileURL(tsx).href, entry];
}
