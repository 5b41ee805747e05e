import type { Clock, Timer } from '../src/clock.js';
import type { HoldGate } from './hold-gate.js';

/** Held time below this is not worth another look. */
const leastGrantMs = 1_000;

/**
 * A signal that aborts when the work took longer than `deadlineMs`, not counting the time for which it was held; the gate
 * bounds that to two thirds of all time; `leftMs` says what is left. The parent reckons in the same way (attempt.ts).
 */
export function workDeadline(
  deadlineMs: number,
  gate: Pick<HoldGate, 'heldMs'>,
  clock: Clock,
): { readonly signal: AbortSignal; leftMs(): number; stop(): void } {
  const startedMs = clock.monotonicMs();
  const controller = new AbortController();
  let timer: Timer;
  const expireAfter = (delayMs: number, grantedMs: number): void => {
    timer = clock.after(delayMs, () => {
      const heldMs = gate.heldMs();
      if (heldMs - grantedMs >= leastGrantMs) expireAfter(heldMs - grantedMs, heldMs);
      else controller.abort(new DOMException('The work took too long.', 'TimeoutError'));
    });
  };
  expireAfter(deadlineMs, 0);
  const leftMs = (): number => Math.max(0, deadlineMs + gate.heldMs() - (clock.monotonicMs() - startedMs));
  return { signal: controller.signal, leftMs, stop: () => timer.cancel() };
}
