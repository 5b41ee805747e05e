import type { Clock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { type ChildExit, forkBound } from '../platform/bound-child.js';
import type { ProcessIdentity } from '../platform/process-identity.js';
import { killTree } from '../platform/process-tree.js';
import type { FromEngine, ToEngine } from '../protocol/engine-messages.js';

/** From the fork to the first message; a machine under load needs seconds to read the native library. */
const helloLimitMs = 60_000;

export interface EngineExit extends ChildExit {
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
  const [child, protocol] = await Promise.all([
    forkBound({ entry: options.entry, env: options.env, owner: options.ownerToken }),
    import('../protocol/engine-messages.js'),
  ]);
  const { identity } = child;
  let wanted = false;
  let hung = false;
  const exited = child.exited.then((exit): EngineExit => ({ ...exit, wanted, hung }));
  if (identity === null) throw spawnFailed((await exited).stderrTail);

  const greeting = new Promise<number>((resolve) => {
    child.onMessage((raw) => {
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
    throw spawnFailed(version === null ? `it did not start. ${child.stderrTail().trim()}` : 'it is of another version');
  }
  const send = (message: ToEngine): void => child.send(message);
  send({ type: 'init', protocol: protocol.engineProtocolVersion, ...options.model });
  return { identity, exited, send, kill: () => end(true), killHung: () => end(false) };
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
