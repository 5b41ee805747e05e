/** How bad a finding is: `blocker` and `major` send the work back, `minor` is a remark. */
export const severities = ['blocker', 'major', 'minor'] as const;
export type Severity = (typeof severities)[number];

export const verdicts = ['approved', 'needs_changes'] as const;
export type Verdict = (typeof verdicts)[number];

/** One thing that a reviewer found in a diff. */
export interface ReviewFinding {
  /** Relative to the workspace; empty where it is about the work as a whole. */
  readonly file: string;
  /** Line of the file as it is now, from 1; null where it is about no single line. */
  readonly line: number | null;
  readonly severity: Severity;
  readonly text: string;
}

/** What a reviewer says about a diff. */
export interface Review {
  readonly verdict: Verdict;
  readonly findings: readonly ReviewFinding[];
  readonly summary: string;
}

/** A review as it is stored; `createdAt` is ISO 8601 in UTC. */
export interface ReviewRecord extends Review {
  /** The task that was judged, and which attempt of it. */
  readonly taskId: string;
  readonly attempt: number;
  /** The task of the reviewer. */
  readonly reviewer: string;
  /** Size of the diff that was judged. */
  readonly diffBytes: number;
  readonly createdAt: string;
}

/** `todo.py:12 (major): it never saves`, as agents and people read it. */
export function findingText(finding: ReviewFinding): string {
  const place = finding.file === '' ? '' : `${finding.file}${finding.line === null ? '' : `:${finding.line}`} `;
  return `${place}(${finding.severity}): ${finding.text}`;
}

/** Whether a finding sends the work back. */
export function isBlocking(finding: ReviewFinding): boolean {
  return finding.severity !== 'minor';
}

/** Whether a verdict sends others back and not the task it stands with, which is judged again together with them. */
export function isAboutOthers({ verdict, findings }: Pick<Review, 'verdict' | 'findings'>): boolean {
  return verdict === 'needs_changes' && !findings.some(isBlocking);
}

/** The verdict on one of the tasks that were judged together, in words. */
export function verdictText(review: Pick<Review, 'verdict' | 'findings'>): string {
  if (isAboutOthers(review)) return 'no change wanted, judged again with the rest';
  return review.verdict.replace('_', ' ');
}
