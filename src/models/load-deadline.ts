import type { Clock, Timer } from '../clock.js';
import { WilsonError } from '../errors.js';
import { displayUrl } from '../providers/ollama-host.js';
import type { Chosen } from './model-selection.js';

/** The time that a load may take. */
export interface LoadDeadline {
  /** Aborted with the caller's own, or when the time is over. */
  readonly signal: AbortSignal;
  /** `thrown`, or `LOAD_TIMED_OUT` where the time was over. */
  reasonOf(thrown: unknown): unknown;
  /** The load goes on: the time starts anew. */
  progress(): void;
  stop(): void;
}

/** Starts the time of a load, in milliseconds. */
export function startLoadDeadline(
  choice: Pick<Chosen, 'model' | 'server'>,
  deadlineMs: number,
  clock: Clock,
  signal: AbortSignal,
): LoadDeadline {
  const controller = new AbortController();
  const arm = (): Timer =>
    clock.after(deadlineMs, () => controller.abort(timedOut(choice, deadlineMs)), { keepAlive: true });
  let deadline = arm();
  return {
    signal: AbortSignal.any([signal, controller.signal]),
    reasonOf: (thrown) => (controller.signal.aborted ? timedOut(choice, deadlineMs, thrown) : thrown),
    progress: () => {
      deadline.cancel();
      deadline = arm();
    },
    stop: () => deadline.cancel(),
  };
}

function timedOut(choice: Pick<Chosen, 'model' | 'server'>, deadlineMs: number, cause?: unknown): WilsonError {
  return new WilsonError(
    'LOAD_TIMED_OUT',
    `${choice.model} was not loaded within ${deadlineMs / 1000} s on ${displayUrl(choice.server)}.`,
    {
      hint: 'Another model may be in its way (`ollama ps`, `ollama stop NAME`), or it is too large for this machine.',
      cause,
    },
  );
}
