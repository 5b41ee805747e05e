import { type ErrorRecord, toErrorRecord, WilsonError } from '../errors.js';
import type { WorkerResult } from '../protocol/messages.js';
import type { Workspace } from '../workspace/workspace.js';
import { type AttemptFailure, isPassingModelFault } from './restart-policy.js';
import type { StopReason } from './stop-reason.js';

export type AttemptOutcome =
  | { readonly kind: 'result'; readonly result: WorkerResult; readonly workspace: Workspace }
  | { readonly kind: 'failed'; readonly failure: AttemptFailure; readonly error: ErrorRecord }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

/** The value of a promise, or null when it rejected: that was reported where it was awaited first. */
export async function settled<T>(promise: Promise<T> | null): Promise<T | null> {
  try {
    return await promise;
  } catch {
    return null;
  }
}

/** How a worker that gave no result went. */
export function crashError(exit: { exitCode: number | null; signal: string | null; stderrTail: string }): WilsonError {
  const how = exit.signal === null ? `with exit code ${exit.exitCode}` : `by ${exit.signal}`;
  const lastLine = exit.stderrTail.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  return new WilsonError(
    'WORKER_CRASHED',
    `The worker ended ${how} before its result${lastLine === '' ? '' : `: ${lastLine}`}.`,
    {
      hint: exit.signal === 'SIGKILL' ? 'If the machine ran out of memory, choose a smaller model.' : '',
    },
  );
}

/** The outcome of an attempt that an error has ended. */
export function failed(failure: AttemptFailure, error: unknown): AttemptOutcome {
  return { kind: 'failed', failure, error: toErrorRecord(error) };
}

/** Faults of a server or a load may pass; what the user must mend does not. */
export function failureOf(error: unknown): AttemptFailure {
  if (error instanceof WilsonError && error.code === 'MEMORY_BUSY') return 'memory_busy';
  if (error instanceof WilsonError) return isPassingModelFault(error.code) ? 'model_lost' : 'not_possible';
  return 'worker_crashed';
}
