import { toErrorRecord, WilsonError } from '../errors.js';
import type { Ending } from '../store/task-store.js';
import type { CheckResult } from '../task/definition-of-done.js';
import type { Artifact, Task } from '../task/task.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import { failedChecks } from './notice-text.js';
import type { VerificationPort } from './port.js';
import { type AttemptFailure, decideRetry, isPassingModelFault } from './restart-policy.js';
import { type StopReason, stopReasonOf } from './stop-reason.js';

/** What an attempt means for its task. */
export type Settlement =
  | { readonly kind: 'end'; readonly ending: Ending }
  | {
      readonly kind: 'retry';
      readonly delayMs: number;
      readonly findings: readonly string[];
      readonly error: NonNullable<Ending['error']>;
      readonly checks: readonly CheckResult[];
    }
  /** `memory`: it waits for room for another model; `orderly`: its parent ends. Neither counts as an attempt. */
  | { readonly kind: 'requeue'; readonly because: 'orderly'; readonly error: null }
  | { readonly kind: 'requeue'; readonly because: 'memory'; readonly error: NonNullable<Ending['error']> };

/**
 * Turns the outcome of an attempt into what happens next: verifies what the worker left (I8), and retries within the
 * bounds of the restart policy. A stop that comes while checks run counts like one that came before.
 */
export async function settleAttempt(
  task: Task,
  /** Number of the attempt among those that count: interrupted ones do not. */
  countedAttempt: number,
  outcome: AttemptOutcome,
  verification: VerificationPort,
  signal: AbortSignal,
): Promise<Settlement> {
  if (outcome.kind === 'stopped') return stopped(outcome.reason);
  if (outcome.kind === 'failed' && outcome.failure === 'memory_busy') {
    return { kind: 'requeue', because: 'memory', error: outcome.error };
  }
  if (outcome.kind === 'failed') return failure(countedAttempt, outcome.failure, outcome.error, [], []);

  const { result, workspace } = outcome;
  let checks: readonly CheckResult[];
  let artifacts: readonly Artifact[];
  try {
    ({ checks, artifacts } = await verification.verify(task, workspace, result.checks, signal));
  } catch (error) {
    if (signal.aborted) return stopped(stopReasonOf(signal));
    return failure(countedAttempt, 'not_possible', toErrorRecord(error), [], []);
  }
  if (signal.aborted) return stopped(stopReasonOf(signal));
  const missed = failedChecks(checks);
  if (result.outcome === 'finished' && missed.length === 0 && checks.length > 0) {
    return {
      kind: 'end',
      ending: { status: 'done', summary: result.summary, error: null, definitionOfDone: checks, artifacts },
    };
  }
  if (result.outcome === 'finished') {
    const error = new WilsonError(
      'NOT_VERIFIED',
      `claimed, not verified: ${checks.length === 0 ? 'there was nothing to check' : missed.map(headline).join('; ')}.`,
      { hint: `\`wilson show ${task.id}\` has the evidence, \`wilson retry ${task.id}\` tries again.` },
    ).toRecord();
    return failure(countedAttempt, 'checks_failed', error, checks, missed, artifacts, result.summary);
  }
  const error = result.error ?? {
    code: 'AGENT_FAILED',
    message: result.summary === '' ? 'The agent gave up without a reason.' : result.summary,
    hint: '',
  };
  return failure(
    countedAttempt,
    agentFailure(error.code),
    error,
    checks,
    [error.message, ...missed],
    artifacts,
    result.summary,
  );
}

function agentFailure(code: string): AttemptFailure {
  // A model that was taken away meanwhile is missing for this attempt; the next one gets another, if that is allowed.
  if (isPassingModelFault(code) || code === 'MODEL_MISSING') return 'model_lost';
  const hopeless = ['MODEL_DAMAGED', 'MODEL_UNAVAILABLE', 'BAD_REQUEST', 'DEADLINE'];
  const unseen = ['VISION_UNAVAILABLE', 'VISION_NOT_CONFIGURED', 'IMAGE_MISSING', 'IMAGE_TOO_LARGE', 'NOT_AN_IMAGE'];
  return hopeless.includes(code) || unseen.includes(code) ? 'not_possible' : 'agent_failed';
}

function stopped(reason: StopReason | WilsonError): Settlement {
  if (reason === 'shutdown') return { kind: 'requeue', because: 'orderly', error: null };
  return { kind: 'end', ending: { status: 'cancelled', summary: null, error: null } };
}

function headline(finding: string): string {
  return finding.split('\n')[0]?.replace(/\.$/, '') ?? finding;
}

function failure(
  countedAttempt: number,
  kind: AttemptFailure,
  error: NonNullable<Ending['error']>,
  checks: readonly CheckResult[],
  findings: readonly string[],
  artifacts: readonly Artifact[] = [],
  summary: string | null = null,
): Settlement {
  const decision = decideRetry(kind, countedAttempt);
  if (decision.retry) return { kind: 'retry', delayMs: decision.delayMs, findings, error, checks };
  const tried = countedAttempt > 1 ? ` (${countedAttempt} attempts)` : '';
  return {
    kind: 'end',
    ending: {
      status: 'failed',
      summary,
      error: { ...error, message: `${error.message}${tried}` },
      definitionOfDone: checks,
      artifacts,
    },
  };
}
