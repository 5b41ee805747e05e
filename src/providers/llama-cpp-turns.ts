/** Lets one caller in at a time, in the order in which they came. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /**
   * Resolves when it is the caller's turn, with the function that ends it. Rejects with the reason of `signal` while
   * waiting; the others then do not wait for that caller.
   */
  async enter(signal: AbortSignal | null): Promise<() => void> {
    const before = this.#last;
    let leave = (): void => undefined;
    const mine = new Promise<void>((resolve) => {
      leave = resolve;
    });
    this.#last = before.then(() => mine);
    if (signal === null) {
      await before;
      return leave;
    }
    try {
      await untilAborted(before, signal);
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }
}

/** Waits for a promise that never rejects, but no longer than until the signal. */
async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let onAbort = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
  });
  await Promise.race([promise, stopped]);
  signal.removeEventListener('abort', onAbort);
  signal.throwIfAborted();
}
