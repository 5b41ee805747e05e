import type { Clock } from '../clock.js';
import { abortedError } from './stream-http.js';

/** A signal that follows others and can be aborted by itself. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Stops following. Must be called when the work is over, or the sources keep a listener for ever. */
  release(): void;
}

/**
 * A signal that is aborted as soon as one of `sources` is. `AbortSignal.any` would do the same, but in Node 20 its result
 * can be collected as garbage while only listeners refer to it, and then never fires.
 */
export function linkSignals(...sources: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController();
  const listeners = sources.map((source) => {
    const onAbort = () => controller.abort(source.reason);
    if (source.aborted) onAbort();
    else source.addEventListener('abort', onAbort, { once: true });
    return { source, onAbort };
  });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => {
      for (const { source, onAbort } of listeners) source.removeEventListener('abort', onAbort);
    },
  };
}

/** Resolves after `durationMs`, for which the process stays alive; rejects with `ABORTED` as soon as the signal is. */
export function pause(durationMs: number, signal: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError(signal));
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(abortedError(signal));
    };
    const timer = clock.after(
      durationMs,
      () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      },
      { keepAlive: true },
    );
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** `promise`, or a rejection with `ABORTED` as soon as the signal is; the work itself goes on for whoever else waits. */
export function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      // Somebody has to hear how it ends, or a failure would count as unhandled.
      promise.catch(() => undefined);
      reject(abortedError(signal));
      return;
    }
    const onAbort = () => reject(abortedError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
