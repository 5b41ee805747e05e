import { WilsonError } from '../errors.js';
import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import { findingText, isBlocking, type Review, type ReviewFinding } from '../task/review.js';
import type { Task } from '../task/task.js';
import type { Connection } from './database.js';
import { insertReview } from './family-rows.js';
import { type TaskRow, taskColumns, taskOfRow } from './rows.js';

/** What a verdict means for one task that was judged. */
export interface Judged {
  readonly taskId: string;
  /** `waits`: the findings are about others; it is judged again together with them. */
  readonly outcome: 'approved' | 'revise' | 'rejected' | 'waits';
  readonly findings: readonly ReviewFinding[];
}

export interface VerdictOptions {
  /** Attempts that a task may have before findings make it fail. */
  readonly maxAttempts: number;
  /** Size of the diff that was judged. */
  readonly diffBytes: number;
}

/**
 * Writes a verdict down and does what follows for the tasks that wait for it: they are done, get another attempt with the
 * findings, or, after `maxAttempts`, have failed with them. To be called within a transaction.
 */
export function recordVerdict(
  connection: Connection,
  judge: Task,
  review: Review,
  { maxAttempts, diffBytes, now }: VerdictOptions & { readonly now: string },
): Judged[] {
  const judged = connection
    .prepare<[string], TaskRow>(
      `SELECT ${taskColumns} FROM tasks JOIN dependencies d ON d.depends_on = tasks.id
       WHERE d.task_id = ? AND status = 'in_review' ORDER BY seq`,
    )
    .all(judge.id)
    .map(taskOfRow);
  const shares = shareOut(review.findings, judged);
  return judged.map((task) => {
    const findings = shares.get(task.id) ?? [];
    insertReview(connection, {
      taskId: task.id,
      attempt: task.attempt,
      reviewer: judge.id,
      verdict: review.verdict,
      findings,
      summary: review.summary,
      diffBytes,
      createdAt: now,
    });
    const blocking = findings.filter(isBlocking);
    if (review.verdict === 'approved') {
      approve(connection, task, judge, review, now);
      return { taskId: task.id, outcome: 'approved', findings };
    }
    if (blocking.length === 0) return { taskId: task.id, outcome: 'waits', findings };
    const failures = failuresOf(connection, task.id) + 1;
    if (failures >= maxAttempts) {
      reject(connection, task, judge, blocking, failures, now);
      return { taskId: task.id, outcome: 'rejected', findings };
    }
    revise(connection, task, blocking);
    return { taskId: task.id, outcome: 'revise', findings };
  });
}

/** Each finding goes to the task that made the file it is about, else to the first one. */
function shareOut(findings: readonly ReviewFinding[], judged: readonly Task[]): Map<string, ReviewFinding[]> {
  const shares = new Map<string, ReviewFinding[]>();
  for (const finding of findings) {
    const owner = judged.find((task) => task.artifacts.some(({ path }) => path === finding.file)) ?? judged[0];
    if (owner !== undefined) shares.set(owner.id, [...(shares.get(owner.id) ?? []), finding]);
  }
  return shares;
}

function approve(connection: Connection, task: Task, judge: Task, review: Review, now: string): void {
  const remarks = review.findings.length;
  const detail = `${judge.id} approved it${remarks === 0 ? '' : ` with ${remarks} ${remarks === 1 ? 'remark' : 'remarks'}`}`;
  const checks = withVerdict(task, { check: 'review_approved', passed: true, evidence: { detail } });
  connection
    .prepare(
      `UPDATE tasks SET status = 'done', definition_of_done = ?, ended_at = ?, progress = 1, message = '', interrupted = 0,
         error = NULL WHERE id = ?`,
    )
    .run(JSON.stringify(checks), now, task.id);
  closeAttempt(connection, task, 'done');
}

function reject(
  connection: Connection,
  task: Task,
  judge: Task,
  findings: readonly ReviewFinding[],
  attempts: number,
  now: string,
): void {
  const texts = findings.map(findingText);
  const error = new WilsonError(
    'REVIEW_REJECTED',
    `The review did not approve it in ${attempts} attempts: ${texts.slice(0, 3).join('; ')}`,
    { hint: `\`wilson show ${judge.id}\` has all findings.` },
  ).toRecord();
  const detail = texts.join('\n').slice(0, 2_000);
  const checks = withVerdict(task, { check: 'review_approved', passed: false, evidence: { detail } });
  connection
    .prepare("UPDATE tasks SET status = 'failed', definition_of_done = ?, error = ?, ended_at = ? WHERE id = ?")
    .run(JSON.stringify(checks), JSON.stringify(error), now, task.id);
  closeAttempt(connection, task, 'failed');
}

/**
 * Another attempt with the findings. What was written before stays: in the parent's workspace, or in the task's own. Tests
 * that others have written meanwhile must still pass.
 */
function revise(connection: Connection, task: Task, findings: readonly ReviewFinding[]): void {
  const demands: CheckSpec[] = [...task.demands];
  if (hasTesters(connection, task.id) && !demands.some(({ check }) => check === 'tests_pass')) {
    demands.push({ check: 'tests_pass' });
  }
  connection
    .prepare(
      `UPDATE tasks SET status = 'ready', run_at_ms = 0, findings = ?, demands = ?,
         keeps_work = NOT EXISTS (SELECT 1 FROM tasks p WHERE p.id = tasks.parent_id AND p.role = 'parent'),
         progress = NULL, progress_basis = '', message = '' WHERE id = ?`,
    )
    .run(JSON.stringify(findings.map(findingText)), JSON.stringify(demands), task.id);
  closeAttempt(connection, task, 'retried');
}

/** Whether tasks that test this one are done. */
function hasTesters(connection: Connection, id: string): boolean {
  return (
    connection
      .prepare<[string], { count: number }>(
        `SELECT count(*) AS count FROM tasks JOIN dependencies d ON d.task_id = tasks.id
         WHERE d.depends_on = ? AND type = 'test' AND status IN ('done', 'in_review')`,
      )
      .get(id)?.count !== 0
  );
}

function withVerdict(task: Task, verdict: CheckResult): (CheckSpec | CheckResult)[] {
  return [...task.definitionOfDone.filter(({ check }) => check !== 'review_approved'), verdict];
}

function failuresOf(connection: Connection, id: string): number {
  const row = connection
    .prepare<[string], { count: number }>(
      "SELECT count(*) AS count FROM attempts WHERE task_id = ? AND outcome = 'retried'",
    )
    .get(id);
  return row?.count ?? 0;
}

function closeAttempt(connection: Connection, task: Task, outcome: string): void {
  connection
    .prepare('UPDATE attempts SET outcome = ? WHERE task_id = ? AND attempt = ?')
    .run(outcome, task.id, task.attempt);
}
