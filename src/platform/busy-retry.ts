import { type Clock, sleep } from '../clock.js';
import { WilsonError } from '../errors.js';

export interface BusyRetry {
  /** The code of the error that says that somebody else has it at the moment. */
  readonly code: string;
  /** How long that may go on; milliseconds. */
  readonly giveUpAfterMs: number;
  readonly againAfterMs: number;
  /** Awaited each time before it is tried again; what it throws ends that. */
  readonly onBusy?: ((error: WilsonError) => Promise<void>) | undefined;
}

/** Does `action`, again while it rejects with the code of being busy. Rejects with that when it has gone on too long. */
export async function retryWhileBusy<T>(clock: Clock, action: () => Promise<T>, options: BusyRetry): Promise<T> {
  const deadlineMs = clock.monotonicMs() + options.giveUpAfterMs;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      const isBusy = error instanceof WilsonError && error.code === options.code;
      if (!isBusy || clock.monotonicMs() > deadlineMs) throw error;
      await options.onBusy?.(error);
      await sleep(clock, options.againAfterMs);
    }
  }
}
