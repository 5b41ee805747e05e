import type { Clock, Timer } from '../src/clock.js';
import { WilsonError } from '../src/errors.js';

export interface HoldLimits {
  /** The worker never stands still longer than this in a row. */
  readonly longestHoldMs: number;
  /** After that it runs for so long before it stands still again. */
  readonly leastRunMs: number;
}

export const defaultHoldLimits: HoldLimits = { longestHoldMs: 20_000, leastRunMs: 10_000 };

/** A hold that could last no longer than this is not begun: it would cost more than it gives. */
const leastHoldMs = 1_000;

/**
 * Where a worker stands still while a chat turn runs: it awaits `passage` between tokens, between the pieces of a prompt,
 * before a load and before a request.
 *
 * Bounded by an account of time: standing still uses it up, running fills it again, at the rate of `longestHoldMs` in
 * `leastRunMs`. Once it is empty the worker runs until it is full, whatever the chat does. So over any long time it runs
 * for at least `leastRunMs / (longestHoldMs + leastRunMs)` of it, also where turns follow each other without a pause.
 */
export class HoldGate {
  private wanted = false;
  private held = false;
  /** Runs until this timer, however much it is told to hold. */
  private running: Timer | null = null;
  private expiry: Timer | null = null;
  /** Requests under way that nothing stops any more. */
  private throughs = 0;
  private leftMs: number;
  private accountedMs: number;
  private totalMs = 0;
  private readonly waiters = new Set<() => void>();
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly clock: Clock,
    private readonly limits: HoldLimits = defaultHoldLimits,
  ) {
    this.leftMs = limits.longestHoldMs;
    this.accountedMs = clock.monotonicMs();
  }

  /** Whether the worker has to stand still now. */
  get isHeld(): boolean {
    return this.held;
  }

  /** How long, in milliseconds, the gate was closed in all. */
  heldMs(): number {
    this.account();
    return this.totalMs;
  }

  /** A chat turn runs. */
  hold(): void {
    this.wanted = true;
    this.closeIfDue();
  }

  /** No chat turn runs. */
  resume(): void {
    this.wanted = false;
    if (this.held) this.open();
  }

  /** Resolves at once while the gate is open, else when it opens. Rejects with `ABORTED` when the signal is. */
  async passage(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw stopped(signal);
    // It may have been closed again by the time that a waiter gets its turn.
    while (this.held) await this.opening(signal);
  }

  /** Calls `listener` when the gate closes, at once if it is closed; returns the way to stop. */
  onClose(listener: () => void): () => void {
    this.listeners.add(listener);
    if (this.held) listener();
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Keeps the gate open for one request that has made room often enough; the returned function ends that. */
  runThrough(): () => void {
    this.throughs += 1;
    if (this.held) this.open();
    return () => {
      this.throughs -= 1;
      this.closeIfDue();
    };
  }

  private closeIfDue(): void {
    if (this.wanted && !this.held && this.running === null && this.throughs === 0) this.close();
  }

  private opening(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onOpen = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.waiters.delete(onOpen);
        resolve();
      };
      const onAbort = (): void => {
        this.waiters.delete(onOpen);
        reject(stopped(signal));
      };
      this.waiters.add(onOpen);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  private close(): void {
    this.account();
    if (this.leftMs < leastHoldMs) {
      this.runOn();
      return;
    }
    this.held = true;
    this.expiry = this.clock.after(this.leftMs, () => {
      this.open();
      this.runOn();
    });
    for (const listener of [...this.listeners]) listener();
  }

  private open(): void {
    this.account();
    this.held = false;
    this.expiry?.cancel();
    this.expiry = null;
    for (const onOpen of [...this.waiters]) onOpen();
  }

  private runOn(): void {
    this.running = this.clock.after(this.limits.leastRunMs, () => {
      this.running = null;
      this.closeIfDue();
    });
  }

  private account(): void {
    const nowMs = this.clock.monotonicMs();
    const passedMs = nowMs - this.accountedMs;
    this.accountedMs = nowMs;
    const { longestHoldMs, leastRunMs } = this.limits;
    if (this.held) {
      this.totalMs += passedMs;
      this.leftMs = Math.max(0, this.leftMs - passedMs);
    } else {
      this.leftMs = Math.min(longestHoldMs, this.leftMs + (passedMs * longestHoldMs) / leastRunMs);
    }
  }
}

function stopped(signal: AbortSignal): WilsonError {
  return new WilsonError('ABORTED', 'The work was stopped.', { cause: signal.reason });
}
