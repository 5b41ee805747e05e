import type { Communication, CommunicationKind } from '../task/orchestration.js';
import type { ReviewFinding, ReviewRecord, Verdict } from '../task/review.js';
import type { Task } from '../task/task.js';
import type { Connection } from './database.js';
import { type TaskRow, taskColumns, taskOfRow } from './rows.js';

interface ReviewRow {
  task_id: string;
  attempt: number;
  reviewer: string;
  verdict: Verdict;
  findings: string;
  summary: string;
  diff_bytes: number;
  created_at: string;
}

interface CommunicationRow {
  id: number;
  at: string;
  from_task: string | null;
  to_task: string | null;
  from_name: string;
  to_name: string;
  kind: CommunicationKind;
  text: string;
}

/** Longest message that is kept, in characters. */
const messageLimit = 8_000;

export function insertReview(connection: Connection, review: ReviewRecord): void {
  connection
    .prepare(
      `INSERT INTO reviews (task_id, attempt, reviewer, verdict, findings, summary, diff_bytes, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      review.taskId,
      review.attempt,
      review.reviewer,
      review.verdict,
      JSON.stringify(review.findings),
      review.summary,
      review.diffBytes,
      review.createdAt,
    );
}

/** All tasks below a task that are not over, the deepest last. */
export function unfinishedBelow(connection: Connection, id: string): string[] {
  return connection
    .prepare<[string], { id: string }>(
      `WITH RECURSIVE below (id, depth) AS (
         SELECT id, 1 FROM tasks WHERE parent_id = ?
         UNION ALL SELECT tasks.id, depth + 1 FROM tasks JOIN below ON tasks.parent_id = below.id)
       SELECT below.id FROM below JOIN tasks USING (id)
       WHERE status NOT IN ('done', 'failed', 'cancelled') ORDER BY depth, tasks.seq`,
    )
    .all(id)
    .map((row) => row.id);
}

/** The reviewers of a task, in the order in which they were made. */
export function readJudges(connection: Connection, taskId: string): Task[] {
  return connection
    .prepare<[string], TaskRow>(
      `SELECT ${taskColumns} FROM tasks JOIN dependencies d ON d.task_id = tasks.id
       WHERE d.depends_on = ? AND judges = 1 AND superseded = 0 ORDER BY seq`,
    )
    .all(taskId)
    .map(taskOfRow);
}

/** Reviews of a task, or by it, oldest first. */
export function readReviews(connection: Connection, taskId: string): ReviewRecord[] {
  return connection
    .prepare<{ id: string }, ReviewRow>('SELECT * FROM reviews WHERE task_id = @id OR reviewer = @id ORDER BY id')
    .all({ id: taskId })
    .map((row) => ({
      taskId: row.task_id,
      attempt: row.attempt,
      reviewer: row.reviewer,
      verdict: row.verdict,
      // Only ever written by this program, from values of this type.
      findings: JSON.parse(row.findings) as ReviewFinding[],
      summary: row.summary,
      diffBytes: row.diff_bytes,
      createdAt: row.created_at,
    }));
}

export function insertCommunication(connection: Connection, message: Omit<Communication, 'id'>): void {
  const { text } = message;
  const kept =
    text.length <= messageLimit
      ? text
      : `${text.slice(0, messageLimit)} … (${text.length - messageLimit} more characters)`;
  connection
    .prepare(
      `INSERT INTO communications (at, from_task, to_task, from_name, to_name, kind, text) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(message.at, message.fromTask, message.toTask, message.fromName, message.toName, message.kind, kept);
}

/** What was said by a task or to it, oldest first. */
export function readCommunications(connection: Connection, taskId: string, limit: number): Communication[] {
  return connection
    .prepare<{ id: string; limit: number }, CommunicationRow>(
      'SELECT * FROM communications WHERE from_task = @id OR to_task = @id ORDER BY id LIMIT @limit',
    )
    .all({ id: taskId, limit })
    .map((row) => ({
      id: row.id,
      at: row.at,
      fromTask: row.from_task,
      toTask: row.to_task,
      fromName: row.from_name,
      toName: row.to_name,
      kind: row.kind,
      text: row.text,
    }));
}
