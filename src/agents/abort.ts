import { WilsonError } from '../errors.js';

/** Throws `ABORTED` once the task was stopped. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new WilsonError('ABORTED', 'The task was stopped.', { cause: signal.reason });
}
