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
  /** Runs `action` once after `delayMs`; does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
