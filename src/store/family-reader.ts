import type { Clock } from '../clock.js';
import type { Communication } from '../task/orchestration.js';
import type { ReviewRecord } from '../task/review.js';
import type { Task } from '../task/task.js';
import type { Connection } from './database.js';
import { readCommunications, readReviews } from './family-rows.js';
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

  /** All tasks below a task that are not over, the deepest last. */
  unfinishedBelow(id: string): string[] {
    return this.connection
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

  /** Whether a task judges the work of others. */
  isJudge(id: string): boolean {
    return this.rowOf(id)?.judges === 1;
  }

  /** Whether the next attempt goes on with what the last one left. */
  keepsWork(id: string): boolean {
    return this.rowOf(id)?.keeps_work === 1;
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

  /** Parents and tasks in review of a folder that are not over: their families may have to be gone on with. */
  unfinishedParents(folder: string): string[] {
    return this.connection
      .prepare<[string], { id: string }>(
        `SELECT id FROM tasks WHERE folder = ? AND status IN ('blocked', 'in_review')
           AND EXISTS (SELECT 1 FROM tasks c WHERE c.parent_id = tasks.id) ORDER BY seq DESC`,
      )
      .all(folder)
      .map((row) => row.id);
  }

  /** The reviewers of a task. */
  judgesOf(id: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks JOIN dependencies d ON d.task_id = tasks.id
         WHERE d.depends_on = ? AND judges = 1 ORDER BY seq`,
      )
      .all(id)
      .map(taskOfRow);
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
