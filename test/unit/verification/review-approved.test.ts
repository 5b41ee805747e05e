import { describe, expect, it } from 'vitest';
import type { ReviewFinding } from '../../../src/task/review.js';
import { type ReviewVerdict, reviewCheck } from '../../../src/verification/review-approved.js';

function review(change: Partial<ReviewVerdict> = {}): ReviewVerdict {
  return { verdict: 'approved', findings: [], reviewer: 'TASK-003', diffBytes: 120, ...change };
}

const remark: ReviewFinding = { file: 'todo.py', line: 3, severity: 'minor', text: 'a clearer name' };
const fault: ReviewFinding = { file: 'todo.py', line: 12, severity: 'major', text: 'it never saves' };

describe('reviewCheck', () => {
  it('takes an approval of a diff, with its remarks', () => {
    expect(reviewCheck([review({ findings: [remark] })])).toEqual({
      passed: true,
      evidence: { detail: 'Approved by TASK-003\ntodo.py:3 (minor): a clearer name' },
    });
  });

  it('lets the last word of each reviewer count', () => {
    const against = review({ verdict: 'needs_changes', findings: [fault] });
    expect(reviewCheck([against, review()]).passed).toBe(true);
    expect(reviewCheck([review(), against]).passed).toBe(false);
    expect(reviewCheck([review(), { ...against, reviewer: 'TASK-004' }]).passed).toBe(false);
  });

  it('takes only the newest attempt of each task', () => {
    const against = review({ verdict: 'needs_changes', findings: [fault], taskId: 'TASK-001', attempt: 1 });
    const better = review({ taskId: 'TASK-001', attempt: 2, reviewer: 'TASK-005' });
    const other = review({ taskId: 'TASK-002', attempt: 1, reviewer: 'TASK-006' });
    expect(reviewCheck([against, better, other]).passed).toBe(true);
    expect(reviewCheck([better, { ...against, attempt: 3 }, other]).passed).toBe(false);
    expect(reviewCheck([better, { ...other, verdict: 'needs_changes' }]).passed).toBe(false);
  });

  it.each<[string, readonly ReviewVerdict[], string]>([
    ['there is none', [], 'There is no approving review'],
    ['changes are asked for', [review({ verdict: 'needs_changes', findings: [fault] })], 'it never saves'],
    ['a fault was found and it was approved all the same', [review({ findings: [fault] })], 'asks for changes'],
    ['the diff was empty', [review({ diffBytes: 0 })], 'The reviewed diff was empty'],
  ])('refuses when %s', (_name, verdicts, reason) => {
    const outcome = reviewCheck(verdicts);
    expect(outcome.passed).toBe(false);
    expect(outcome.evidence.detail).toContain(reason);
  });
});
