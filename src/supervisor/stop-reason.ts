import { WilsonError } from '../errors.js';

/** Why an attempt is ended from outside: `cancelled` is the end of its task, after `shutdown` the task goes on later. */
export type StopReason = 'cancelled' | 'shutdown';

/**
 * What an aborted attempt was aborted for: an error is that of a worker which took too much memory; anything else but
 * `shutdown` counts as `cancelled`.
 */
export function stopReasonOf(signal: AbortSignal): StopReason | WilsonError {
  if (signal.reason instanceof WilsonError) return signal.reason;
  return signal.reason === 'shutdown' ? 'shutdown' : 'cancelled';
}
