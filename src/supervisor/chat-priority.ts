import type { Clock, Timer } from '../clock.js';
import { isHosted, type Place, placeOf } from './model-place.js';

/** What a worker can be told while a chat turn runs. */
export interface HeldWorker {
  hold(): void;
  resume(): void;
}

/** A worker's entry in {@link ChatPriority}. */
export interface HoldRegistration {
  /** Says where the worker's model runs. Until then it is not held: it has nothing that is in the chat's way. */
  modelAt(model: Parameters<typeof placeOf>[0]): void;
  /** How long, in milliseconds, it has been told to hold still; it may have run for a part of that (see HoldGate). */
  heldMs(): number;
  /** The worker is gone. Safe to call twice. */
  end(): void;
}

export interface ChatPriorityOptions {
  readonly clock: Clock;
  /** Nobody is ever held: for measuring what the priority is worth (see {@link isPriorityOff}). */
  readonly off?: boolean;
  /** Told when turns of this process begin at a place, and, with null, when the last one is over. */
  readonly onTurns?: (place: string | null) => void;
}

/**
 * Kept after a turn's last request: a turn may route first and answer then, and a server's request would be aborted
 * twice for it.
 */
const lingerMs = 250;

/** Whether the environment says that workers are to be treated as the chat's equals; a mode for measuring. */
export function isPriorityOff(env: NodeJS.ProcessEnv): boolean {
  return env.WILSON_CHAT_PRIORITY === 'off';
}

interface Entry {
  readonly worker: HeldWorker;
  place: Place;
  held: boolean;
  heldMs: number;
  sinceMs: number;
}

interface Foreign {
  readonly place: string;
  readonly expiry: Timer;
}

/**
 * Who holds still for whom (I7): while a chat turn runs, here or in another wilson of the same state folder, every
 * registered worker whose model shares the turn's machine is told to hold. Only tells; the bounds are the worker's own.
 */
export class ChatPriority {
  private readonly entries = new Set<Entry>();
  private readonly turns = new Set<{ readonly place: string }>();
  private readonly foreign = new Map<string, Foreign>();
  private readonly quietWaiters = new Set<() => void>();

  constructor(private readonly options: ChatPriorityOptions) {}

  /** A request of the chat to its model begins; the returned function ends it, and may be called twice. Turns nest. */
  turn(model: Parameters<typeof placeOf>[0]): () => void {
    const place = placeOf(model);
    if (this.options.off === true || isHosted(place)) return () => undefined;
    const turn = { place };
    this.turns.add(turn);
    this.options.onTurns?.(place);
    this.tellWorkers();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.options.clock.after(lingerMs, () => {
        this.turns.delete(turn);
        if (this.turns.size === 0) this.options.onTurns?.(null);
        this.tellWorkers();
      });
    };
  }

  /** Takes a worker in; it is told at once if a turn runs that it would disturb. */
  register(worker: HeldWorker): HoldRegistration {
    const entry: Entry = { worker, place: null, held: false, heldMs: 0, sinceMs: 0 };
    this.entries.add(entry);
    return {
      modelAt: (model) => {
        entry.place = placeOf(model);
        if (this.entries.has(entry)) this.tell(entry);
      },
      heldMs: () => entry.heldMs + (entry.held ? this.options.clock.monotonicMs() - entry.sinceMs : 0),
      end: () => {
        this.entries.delete(entry);
        this.note(entry, false);
      },
    };
  }

  /**
   * Resolves when no chat turn runs, or after `maxWaitMs`: for a load that is about to begin. Rejects with the reason of
   * the signal.
   */
  async quiet(maxWaitMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.isBusy()) return;
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        timer.cancel();
        this.quietWaiters.delete(onQuiet);
        signal.removeEventListener('abort', onAbort);
      };
      const onQuiet = (): void => {
        leave();
        resolve();
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason);
      };
      const timer = this.options.clock.after(maxWaitMs, onQuiet, { keepAlive: true });
      this.quietWaiters.add(onQuiet);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Another wilson's chat has a turn at `place`. It counts for `ttlMs` and is renewed while the turn lasts, so that a chat
   * which dies is forgotten.
   */
  holdFor(sessionId: string, place: string, ttlMs: number): void {
    if (this.options.off === true) return;
    this.foreign.get(sessionId)?.expiry.cancel();
    const expiry = this.options.clock.after(ttlMs, () => this.releaseFor(sessionId));
    this.foreign.set(sessionId, { place, expiry });
    this.tellWorkers();
  }

  /** That turn is over. */
  releaseFor(sessionId: string): void {
    this.foreign.get(sessionId)?.expiry.cancel();
    if (this.foreign.delete(sessionId)) this.tellWorkers();
  }

  private isBusy(): boolean {
    return this.turns.size > 0 || this.foreign.size > 0;
  }

  private isBusyAt(place: Place): boolean {
    const sources = [...this.turns, ...this.foreign.values()];
    return sources.some((source) => source.place === place);
  }

  private tellWorkers(): void {
    for (const entry of this.entries) this.tell(entry);
    if (!this.isBusy()) for (const onQuiet of [...this.quietWaiters]) onQuiet();
  }

  private tell(entry: Entry): void {
    const hold = this.isBusyAt(entry.place);
    if (hold === entry.held) return;
    this.note(entry, hold);
    if (hold) entry.worker.hold();
    else entry.worker.resume();
  }

  private note(entry: Entry, held: boolean): void {
    const nowMs = this.options.clock.monotonicMs();
    if (entry.held) entry.heldMs += nowMs - entry.sinceMs;
    entry.held = held;
    entry.sinceMs = nowMs;
  }
}
