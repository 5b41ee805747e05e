import { WilsonError } from '../errors.js';
import type { Connection } from './database.js';

/**
 * Lets the subtasks of a task count no more, because it begins anew: what it had delegated or planned is delegated or
 * planned again. A review of its own work, which depends on it, stays. To be called within a transaction.
 */
export function supersedeBelow(connection: Connection, id: string, now: string): void {
  const error = new WilsonError('SUPERSEDED', `${id}, which it was a part of, has begun anew.`).toRecord();
  connection
    .prepare(
      `UPDATE tasks SET superseded = 1, question = NULL, queued_reason = NULL, queued_detail = NULL, queued_sum = NULL,
         error = CASE WHEN status IN ('new', 'ready', 'blocked') THEN @error ELSE error END,
         ended_at = CASE WHEN status IN ('new', 'ready', 'blocked') THEN @now ELSE ended_at END,
         status = CASE WHEN status IN ('new', 'ready', 'blocked') THEN 'cancelled' ELSE status END
       WHERE parent_id = @id AND superseded = 0
         AND NOT EXISTS (SELECT 1 FROM dependencies d WHERE d.task_id = tasks.id AND d.depends_on = @id)`,
    )
    .run({ id, now, error: JSON.stringify(error) });
}
