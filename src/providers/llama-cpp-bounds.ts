import type { Clock, Timer } from '../clock.js';
import { WilsonError } from '../errors.js';
import { aborted } from './llama-cpp-errors.js';
import { defaultTimeouts, type RequestTimeouts } from './provider.js';

/** Where a model in this process stands still while something more urgent uses the machine; see workers/hold-gate.ts. */
export interface EvaluationGate {
  readonly isHeld: boolean;
  /** Resolves when it may go on; rejects with the reason of the signal. */
  passage(signal: AbortSignal): Promise<void>;
}

/**
 * The bounds of one request: the caller's signal and the timers of its stages, as one signal. `signal.reason` is
 * always the WilsonError to throw.
 */
export interface RequestBounds {
  readonly signal: AbortSignal;
  /** The model is there and the prompt is being read: the first token has its own limit from now on. */
  promptStarted(): void;
  /** A token has come: the next one must follow in time. */
  tokenArrived(): void;
  /** Throws the WilsonError when a bound was passed or the caller gave up. */
  check(): void;
  /** As `check`, and waits while the gate is closed: the timers stand still meanwhile. */
  pass(): Promise<void>;
  /** Milliseconds that `pass` has waited. */
  heldMs(): number;
  stop(): void;
}

export function requestBounds(
  outer: AbortSignal,
  timeouts: Partial<RequestTimeouts> | undefined,
  clock: Clock,
  gate: EvaluationGate | null = null,
): RequestBounds {
  const limits = { ...defaultTimeouts, ...timeouts };
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(aborted());
  if (outer.aborted) onAbort();
  outer.addEventListener('abort', onAbort, { once: true });
  const expire = (delayMs: number, what: string): PausableTimer =>
    new PausableTimer(clock, delayMs, () =>
      controller.abort(
        new WilsonError('TIMED_OUT', `The embedded model ${what} within ${Math.round(delayMs / 1_000)} s.`, {
          hint: 'The machine may be overloaded; try again, or use a smaller model.',
        }),
      ),
    );
  const total = expire(limits.totalMs, 'did not finish its answer');
  let stage: PausableTimer | null = null;
  let heldMs = 0;
  const next = (timer: PausableTimer | null): void => {
    stage?.cancel();
    stage = timer;
  };
  const check = (): void => controller.signal.throwIfAborted();
  return {
    signal: controller.signal,
    promptStarted: () => next(expire(limits.firstTokenMs, 'gave no first word')),
    tokenArrived: () => next(expire(limits.stallMs, 'gave no further word')),
    check,
    pass: async () => {
      check();
      if (gate === null || !gate.isHeld) return;
      const sinceMs = clock.monotonicMs();
      const timers = [total, stage];
      for (const timer of timers) timer?.pause();
      try {
        await gate.passage(controller.signal);
      } finally {
        heldMs += clock.monotonicMs() - sinceMs;
        for (const timer of timers) timer?.goOn();
      }
    },
    heldMs: () => heldMs,
    stop: () => {
      next(null);
      total.cancel();
      outer.removeEventListener('abort', onAbort);
    },
  };
}

/** A timer whose time can be stopped. */
class PausableTimer {
  private timer: Timer | null = null;
  private startedMs = 0;
  private cancelled = false;

  constructor(
    private readonly clock: Clock,
    private leftMs: number,
    private readonly action: () => void,
  ) {
    this.goOn();
  }

  pause(): void {
    if (this.timer === null) return;
    this.timer.cancel();
    this.timer = null;
    this.leftMs -= this.clock.monotonicMs() - this.startedMs;
  }

  goOn(): void {
    if (this.timer !== null || this.cancelled) return;
    this.startedMs = this.clock.monotonicMs();
    this.timer = this.clock.after(Math.max(0, this.leftMs), this.action);
  }

  cancel(): void {
    this.cancelled = true;
    this.timer?.cancel();
    this.timer = null;
  }
}
