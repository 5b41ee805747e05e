import type { Clock } from '../clock.js';
import type { Communication } from '../task/orchestration.js';
import type { ReviewRecord } from '../task/review.js';
import type { Task } from '../task/task.js';
import type { Connection } from './database.js';
import { readCommunications, readJudges, readReviews, unfinishedBelow } from './family-rows.js';
import { type TaskRow, taskColumns, taskOfRow } from './rows.js';

const communicationsShown = 500;

/** What there is to know about tasks that belong together; changes nothing. */
export class FamilyReader {
  constructor(
    protected readonly connection: Connection,
    protected readonly clock: Clock,
  ) {}

  protected get(id: string): Task | null {
    const row = this.connection.prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE id = ?`).get(id);
    return row === undefined ? null : taskOfRow(row);
  }

  private rowOf(id: string): TaskRow | undefined {
    return this.connection.prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE id = ?`).get(id);
  }

  /** The subtasks of a task in the order in which they were made. */
  subtasksOf(id: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE parent_id = ? ORDER BY seq`)
      .all(id)
      .map(taskOfRow);
  }

  /** The newest requests, at most `limit`, each with all tasks below it; the newest task first. */
  withFamilies(limit: number): Task[] {
    return this.connection
      .prepare<[number], TaskRow>(
        `WITH RECURSIVE family (id) AS (
           SELECT * FROM (SELECT id FROM tasks WHERE parent_id IS NULL ORDER BY seq DESC LIMIT ?)
           UNION ALL SELECT tasks.id FROM tasks JOIN family ON tasks.parent_id = family.id)
         SELECT ${taskColumns} FROM tasks WHERE tasks.id IN family ORDER BY seq DESC`,
      )
      .all(limit)
      .map(taskOfRow);
  }

  /** All tasks below a task that are not over, the deepest last. */
  unfinishedBelow(id: string): string[] {
    return unfinishedBelow(this.connection, id);
  }

  /** Whether a task judges the work of others. */
  isJudge(id: string): boolean {
    return this.rowOf(id)?.judges === 1;
  }

  /** Whether the next attempt goes on with what the last one left. */
  keepsWork(id: string): boolean {
    return (this.rowOf(id)?.keeps_work ?? 0) !== 0;
  }

  /** Tasks of a folder that wait for an answer of the user, oldest first. */
  asking(folder: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks WHERE folder = ? AND status = 'blocked' AND question IS NOT NULL ORDER BY seq`,
      )
      .all(folder)
      .map(taskOfRow);
  }

  /** The subtasks that count: those of an earlier try of their parent do not. */
  membersOf(id: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks WHERE parent_id = ? AND superseded = 0 ORDER BY seq`,
      )
      .all(id)
      .map(taskOfRow);
  }

  /**
   * Families that a session has a part in and that may have to be gone on with: parents and tasks in review that are not
   * over, and those that are, while something below them is not. The deepest first.
   */
  toLookAfter(sessionId: string): string[] {
    return this.connection
      .prepare<{ session: string }, { id: string }>(
        `SELECT DISTINCT p.id, p.seq FROM tasks p JOIN tasks c ON c.parent_id = p.id
         WHERE (p.session_id = @session OR c.session_id = @session) AND (p.status IN ('blocked', 'in_review') OR
           (p.status IN ('done', 'failed', 'cancelled') AND c.status NOT IN ('done', 'failed', 'cancelled')))
         ORDER BY p.seq DESC`,
      )
      .all({ session: sessionId })
      .map((row) => row.id);
  }

  /** The reviewers of a task. */
  judgesOf(id: string): Task[] {
    return readJudges(this.connection, id);
  }

  /** The tasks whose work a reviewer is to judge: those it depends on that wait for a review. */
  judgedBy(id: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks JOIN dependencies d ON d.depends_on = tasks.id
         WHERE d.task_id = ? AND status = 'in_review' ORDER BY seq`,
      )
      .all(id)
      .map(taskOfRow);
  }

  reviewsOf(id: string): ReviewRecord[] {
    return readReviews(this.connection, id);
  }

  communicationsOf(id: string): Communication[] {
    return readCommunications(this.connection, id, communicationsShown);
  }
}
