import { type ErrorRecord, toErrorRecord, WilsonError } from '../errors.js';
import type { WorkerResult } from '../protocol/messages.js';
import type { ForReview } from '../store/family-store.js';
import type { Ending } from '../store/task-store.js';
import { claimedChecks, overstatedFigures } from '../task/claims.js';
import { type CheckResult, type CheckSpec, wasChecked } from '../task/definition-of-done.js';
import { type Plan, planLimits } from '../task/plan.js';
import { planProblems, withSafeChecks } from '../task/plan-rules.js';
import { isBlocking, type Review, type ReviewFinding } from '../task/review.js';
import type { Artifact, Task } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';
import type { Brief } from './attempt-options.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import { evidenceLine, failedChecks } from './notice-text.js';
import type { Verdict } from './port.js';
import { type AttemptFailure, decideRetry, failureOfAgent } from './restart-policy.js';
import { type StopReason, stopReasonOf } from './stop-reason.js';

/** Longest question that people are asked, in characters. */
const questionLimit = 2_000;
/** What a worker may leave in words: a model that rambles must not fill the store, nor the orders of those after it. */
const summaryLimit = 8_000;
const notesLimit = 20;
const findingsLimit = 50;
const findingLimit = 2_000;
/** Checks that a worker may add: each may run for a minute. */
const proposalsLimit = 16;

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
  /** The Manager Agent's plan; of one step, the request stays one task. */
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'ask'; readonly question: string }
  | { readonly kind: 'verdict'; readonly review: Review; readonly diffBytes: number }
  /** Its own checks are met: it waits for its review, or for what it has delegated. */
  | { readonly kind: 'review' | 'delegated'; readonly left: ForReview }
  /** `memory`: it waits for room for another model; `orderly`: its parent ends. Neither counts as an attempt. */
  | { readonly kind: 'requeue'; readonly because: 'orderly'; readonly error: null }
  | { readonly kind: 'requeue'; readonly because: 'memory'; readonly error: NonNullable<Ending['error']> };

/** What settling asks of the world and of the task's family. */
export interface SettlePorts {
  verify(proposed: readonly CheckSpec[], workspace: Workspace): Promise<Verdict>;
  /** Brings the result into the parent's workspace; rejects when others have changed the same. */
  merge(workspace: Workspace): Promise<void>;
  /** The work that the task was to judge; null where it judges nothing. */
  readonly judged: Brief['review'];
  /** The verdict that it has given by tool; the newest one counts, which is that of the result. */
  readonly submitted: Review | null;
  /** Whether subtasks that it has delegated are waiting. */
  hasDelegated(): Promise<boolean>;
}

/**
 * Turns the outcome of an attempt into what happens next: verifies what the worker left (I8), and retries within the
 * bounds of the restart policy. A stop that comes while checks run counts like one that came before.
 */
export async function settleAttempt(
  task: Task,
  /** Number of the attempt among those that count: interrupted ones do not. */
  countedAttempt: number,
  outcome: AttemptOutcome,
  ports: SettlePorts,
  signal: AbortSignal,
): Promise<Settlement> {
  if (outcome.kind === 'stopped') return stopped(outcome.reason);
  if (outcome.kind === 'failed' && outcome.failure === 'memory_busy') {
    return { kind: 'requeue', because: 'memory', error: outcome.error };
  }
  if (outcome.kind === 'failed') return failure(countedAttempt, outcome.failure, outcome.error, [], []);

  const { workspace } = outcome;
  const result = { ...outcome.result, summary: outcome.result.summary.slice(0, summaryLimit) };
  if (result.outcome === 'blocked') return asked(countedAttempt, result);
  if (task.role === 'plan' && result.outcome === 'finished') return planned(countedAttempt, result);
  if (ports.judged !== null && result.outcome === 'finished')
    return judgedBy(countedAttempt, result.review ?? ports.submitted, ports.judged);
  let checks: readonly CheckResult[];
  let artifacts: readonly Artifact[];
  try {
    const claimed = result.outcome === 'finished' ? claimedChecks(task.type, result.summary) : [];
    const proposed = [...result.checks.slice(0, proposalsLimit), ...claimed];
    ({ checks, artifacts } = await ports.verify(proposed, workspace));
  } catch (error) {
    if (signal.aborted) return stopped(stopReasonOf(signal));
    return failure(countedAttempt, 'not_possible', toErrorRecord(error), [], []);
  }
  if (signal.aborted) return stopped(stopReasonOf(signal));
  const overstated = overstatedFigures(task.type, result.summary, checks);
  const missed = [...failedChecks(checks), ...(result.outcome === 'finished' ? overstated : [])];
  if (result.outcome === 'finished' && missed.length === 0 && checks.some(wasChecked)) {
    const left = { checks, artifacts, summary: result.summary };
    try {
      await ports.merge(workspace);
    } catch (error) {
      const record = toErrorRecord(error);
      return failure(countedAttempt, 'checks_failed', record, checks, [record.message], artifacts, result.summary);
    }
    if (needsApproval(task)) return { kind: 'review', left };
    if (await ports.hasDelegated()) return { kind: 'delegated', left };
    return {
      kind: 'end',
      ending: { status: 'done', summary: result.summary, error: null, definitionOfDone: checks, artifacts },
    };
  }
  if (result.outcome === 'finished') {
    const error = notVerified(task, checks, overstated);
    return failure(countedAttempt, 'checks_failed', error, checks, missed, artifacts, result.summary);
  }
  const error = result.error ?? {
    code: 'AGENT_FAILED',
    message: result.summary === '' ? 'The agent gave up without a reason.' : result.summary,
    hint: '',
  };
  return failure(
    countedAttempt,
    failureOfAgent(error.code, result.byRules),
    error,
    checks,
    [error.message, ...missed],
    artifacts,
    result.summary,
  );
}

/** A claim that the evidence does not bear; `overstated` are figures that nobody counted. */
export function notVerified(
  task: Pick<Task, 'id'>,
  checks: readonly CheckResult[],
  overstated: readonly string[] = [],
): ErrorRecord {
  const missed = [...failedChecks(checks).map(headline), ...overstated];
  return new WilsonError(
    'NOT_VERIFIED',
    `claimed, not verified: ${missed.length > 0 ? missed.join('; ') : nothingSeen(checks)}.`,
    { hint: `\`wilson show ${task.id}\` has the evidence, \`wilson retry ${task.id}\` tries again.` },
  ).toRecord();
}

function nothingSeen(checks: readonly CheckResult[]): string {
  if (checks.length === 0) return 'there was nothing to check';
  return `nothing could be checked: ${checks.map((check) => headline(evidenceLine(check).slice(2))).join('; ')}`;
}

function needsApproval(task: Task): boolean {
  return task.demands.some(({ check }) => check === 'review_approved');
}

function asked(countedAttempt: number, result: WorkerResult): Settlement {
  const question = result.question?.trim() ?? '';
  if (question !== '') return { kind: 'ask', question: question.slice(0, questionLimit) };
  const error = new WilsonError('AGENT_FAILED', 'The agent stopped to ask something, but asked nothing.').toRecord();
  return failure(countedAttempt, 'agent_failed', error, [], [error.message]);
}

function planned(countedAttempt: number, result: WorkerResult): Settlement {
  const plan = result.plan === null ? null : boundedPlan(withSafeChecks(result.plan));
  const problems = plan === null ? ['There is none.'] : planProblems(plan);
  if (plan !== null && problems.length === 0) return { kind: 'plan', plan };
  const error = new WilsonError('NO_PLAN', `The Manager Agent gave no usable plan. ${problems.join(' ')}`).toRecord();
  return failure(countedAttempt, 'agent_failed', error, [], [error.message]);
}

function boundedPlan(plan: Plan): Plan {
  const steps = plan.steps.map((step) => ({
    ...step,
    title: step.title.trim().slice(0, planLimits.titleChars),
  }));
  return { ...plan, steps, notes: plan.notes.slice(0, notesLimit) };
}

/** A verdict on nothing approves nothing, whatever the reviewer says. */
function judgedBy(countedAttempt: number, review: Review | null, judged: NonNullable<Brief['review']>): Settlement {
  if (review === null) {
    const error = new WilsonError('NO_VERDICT', 'The reviewer gave no verdict.').toRecord();
    return failure(countedAttempt, 'agent_failed', error, [], [error.message]);
  }
  const objections: ReviewFinding[] = [];
  const object = (text: string): number => objections.push({ file: '', line: null, severity: 'blocker', text });
  if (judged.files.length === 0) object('There is nothing to review: the diff is empty.');
  else if (review.verdict === 'needs_changes' && !review.findings.some(isBlocking)) {
    object(review.summary === '' ? 'The reviewer wants changes, but does not say which.' : review.summary);
  }
  const findings = [...objections, ...review.findings];
  const verdict = findings.some(isBlocking) ? 'needs_changes' : review.verdict;
  // The worst first: none that sends work back may be lost at the bound.
  const kept = [...findings].sort((a, b) => Number(isBlocking(b)) - Number(isBlocking(a))).slice(0, findingsLimit);
  const bounded = kept.map((finding) => ({ ...finding, text: finding.text.slice(0, findingLimit) }));
  const summary = review.summary.slice(0, summaryLimit);
  return {
    kind: 'verdict',
    review: { verdict, findings: bounded, summary },
    diffBytes: Buffer.byteLength(judged.patch),
  };
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
