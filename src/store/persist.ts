import { type Clock, sleep } from '../clock.js';
import { WilsonError } from '../errors.js';

const againAfterMs = 500;
const giveUpAfterMs = 10 * 60_000;

/**
 * A write that must not be lost because another process holds the lock: what gives a slot back or ends a task. Tried
 * again while the database says `STORE_BUSY`, for ten minutes; only this write waits, neither the chat nor other tasks.
 * `onBusy` is what is to be done each time before it is tried again; what it throws ends that.
 */
export async function persist<T>(
  clock: Clock,
  write: () => Promise<T>,
  onBusy?: (error: WilsonError) => Promise<void>,
): Promise<T> {
  const deadlineMs = clock.monotonicMs() + giveUpAfterMs;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const busy = error instanceof WilsonError && error.code === 'STORE_BUSY' ? error : null;
      if (busy === null || clock.monotonicMs() > deadlineMs) throw error;
      await onBusy?.(busy);
      await sleep(clock, againAfterMs);
    }
  }
}
