/** Why an attempt is ended from outside: `cancelled` is the end of its task, after `shutdown` the task goes on later. */
export type StopReason = 'cancelled' | 'shutdown';

/** What an aborted attempt was aborted for; anything but `shutdown` counts as `cancelled`. */
export function stopReasonOf(signal: AbortSignal): StopReason {
  return signal.reason === 'shutdown' ? 'shutdown' : 'cancelled';
}
