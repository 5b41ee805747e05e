/** A pending timer of a {@link Clock}; cancelling twice does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as Wilson sees it, so that tests can hold it still. */
export interface Clock {
  /** Wall-clock milliseconds since 1970; may jump when the machine slept or was set. */
  now(): number;
  /** Milliseconds that only grow; for durations and deadlines. */
  monotonicMs(): number;
  /** Runs `action` once after `delayMs`. Only with `keepAlive` does the process stay alive for it. */
  after(delayMs: number, action: () => void, options?: { readonly keepAlive?: boolean }): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action, options) {
    const handle = setTimeout(action, delayMs);
    if (options?.keepAlive !== true) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs`; the process stays alive for it. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve, { keepAlive: true });
  });
}

/** Runs `work` with a signal that is aborted after `limitMs`; the process stays alive for it. Settles as the work does. */
export async function withDeadline<T>(
  clock: Clock,
  limitMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = clock.after(limitMs, () => deadline.abort(), { keepAlive: true });
  try {
    return await work(deadline.signal);
  } finally {
    timer.cancel();
  }
}
