import { type Clock, sleep } from '../clock.js';
import { WilsonError } from '../errors.js';

/** How long another process, or another task, may be changing the same folder: an apply takes a moment. */
const busyForMs = 20_000;
const againAfterMs = 200;

/** Does what needs a folder to itself, again while somebody else changes it. Rejects with `FOLDER_BUSY` after 20 s of that. */
export async function onceFree<T>(clock: Clock, action: () => Promise<T>): Promise<T> {
  const deadlineMs = clock.monotonicMs() + busyForMs;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      const busy = error instanceof WilsonError && error.code === 'FOLDER_BUSY';
      if (!busy || clock.monotonicMs() > deadlineMs) throw error;
      await sleep(clock, againAfterMs);
    }
  }
}
