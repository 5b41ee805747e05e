import type { CheckEvidence } from '../task/definition-of-done.js';
import { findingText, isBlocking, type Review } from '../task/review.js';
import { detailOf } from './evidence.js';

/** A review with what the supervisor knows about it. */
export interface ReviewVerdict extends Pick<Review, 'verdict' | 'findings'> {
  /** The task of the reviewer. */
  readonly reviewer: string;
  /** What was judged, and which attempt of it; reviews without it are all of one attempt. */
  readonly taskId?: string;
  readonly attempt?: number;
  /** Size of the diff that the reviewer was shown; 0 means that there was nothing to judge. */
  readonly diffBytes: number;
}

export interface ReviewOutcome {
  readonly passed: boolean;
  readonly evidence: CheckEvidence;
}

/**
 * Whether reviews (oldest first) approve what they judge. Of each task the newest attempt counts, and the last word of
 * every reviewer of it: there is one, all of them approve, none with a finding that sends work back, and each was shown
 * a diff.
 */
export function reviewCheck(verdicts: readonly ReviewVerdict[]): ReviewOutcome {
  const newest = verdicts.filter(
    (one) => !verdicts.some((other) => other.taskId === one.taskId && (other.attempt ?? 0) > (one.attempt ?? 0)),
  );
  const last = [...new Map(newest.map((one) => [`${one.taskId} ${one.reviewer}`, one])).values()];
  if (last.length === 0) return refused('There is no approving review');
  const empty = last.filter((one) => one.diffBytes <= 0);
  if (empty.length > 0) return refused(`The reviewed diff was empty (${names(empty)})`);
  const against = last.filter((one) => one.verdict !== 'approved' || one.findings.some(isBlocking));
  if (against.length > 0) {
    const findings = against.flatMap((one) => one.findings.map(findingText));
    return refused(`${names(against)} asks for changes`, findings);
  }
  const remarks = last.flatMap((one) => one.findings.map(findingText));
  return { passed: true, evidence: { detail: detailOf([`Approved by ${names(last)}`, ...remarks].join('\n')) } };
}

function refused(reason: string, findings: readonly string[] = []): ReviewOutcome {
  return { passed: false, evidence: { detail: [reason, ...findings].join('\n').slice(0, 2_000) } };
}

function names(verdicts: readonly ReviewVerdict[]): string {
  return [...new Set(verdicts.map((one) => one.reviewer))].join(', ');
}
