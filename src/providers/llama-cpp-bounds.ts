import type { Clock, Timer } from '../clock.js';
import { WilsonError } from '../errors.js';
import { aborted } from './llama-cpp-errors.js';
import { defaultTimeouts, type RequestTimeouts } from './provider.js';

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
  stop(): void;
}

export function requestBounds(
  outer: AbortSignal,
  timeouts: Partial<RequestTimeouts> | undefined,
  clock: Clock,
): RequestBounds {
  const limits = { ...defaultTimeouts, ...timeouts };
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(aborted());
  if (outer.aborted) onAbort();
  outer.addEventListener('abort', onAbort, { once: true });
  const expire = (delayMs: number, what: string): Timer =>
    clock.after(delayMs, () =>
      controller.abort(
        new WilsonError('TIMED_OUT', `The embedded model ${what} within ${Math.round(delayMs / 1_000)} s.`, {
          hint: 'The machine may be overloaded; try again, or use a smaller model.',
        }),
      ),
    );
  const total = expire(limits.totalMs, 'did not finish its answer');
  let stage: Timer | null = null;
  const next = (timer: Timer | null): void => {
    stage?.cancel();
    stage = timer;
  };
  return {
    signal: controller.signal,
    promptStarted: () => next(expire(limits.firstTokenMs, 'gave no first word')),
    tokenArrived: () => next(expire(limits.stallMs, 'gave no further word')),
    check: () => controller.signal.throwIfAborted(),
    stop: () => {
      next(null);
      total.cancel();
      outer.removeEventListener('abort', onAbort);
    },
  };
}
