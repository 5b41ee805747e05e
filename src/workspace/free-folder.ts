import type { Clock } from '../clock.js';
import { retryWhileBusy } from '../platform/busy-retry.js';

/** How long another process, or another task, may be changing the same folder: an apply takes a moment. */
const busyForMs = 20_000;

/** Does what needs a folder to itself, again while somebody else changes it. Rejects with `FOLDER_BUSY` after 20 s of that. */
export function onceFree<T>(clock: Clock, action: () => Promise<T>): Promise<T> {
  return retryWhileBusy(clock, action, { code: 'FOLDER_BUSY', giveUpAfterMs: busyForMs, againAfterMs: 200 });
}
