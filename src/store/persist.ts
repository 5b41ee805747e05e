import type { Clock } from '../clock.js';
import type { WilsonError } from '../errors.js';
import { retryWhileBusy } from '../platform/busy-retry.js';

/**
 * A write that must not be lost because another process holds the lock: what gives a slot back or ends a task. Tried
 * again while the database says `STORE_BUSY`, for ten minutes; only this write waits, neither the chat nor other tasks.
 * `onBusy` is what is to be done each time before it is tried again; what it throws ends that.
 */
export function persist<T>(
  clock: Clock,
  write: () => Promise<T>,
  onBusy?: (error: WilsonError) => Promise<void>,
): Promise<T> {
  return retryWhileBusy(clock, write, { code: 'STORE_BUSY', giveUpAfterMs: 10 * 60_000, againAfterMs: 500, onBusy });
}
