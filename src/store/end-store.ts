import type { Connection } from './database.js';
import { hasNoLiveSession } from './task-reader.js';

/**
 * Ends that owe something (see migration 0005). What a subtask made is applied and told with its parent, and who cancels a
 * task knows of it. Written as the index `tasks_owing` is, so that the look each few seconds costs nothing.
 */
export const isOwing = "owes <> 'nothing' AND parent_id IS NULL AND status IN ('done', 'failed')";

/** An end that was left by a process that is gone. */
export interface OwingEnd {
  readonly id: string;
  /** Its result is dealt with: only the notice is owed. */
  readonly isSettled: boolean;
}

/**
 * What follows the end of a task and must survive the process that saw it: applying what it made, where that is set, and
 * telling people. The debt belongs to the session of the task; once that has ended, to whoever adopts it first.
 */
export class EndStore {
  constructor(private readonly connection: Connection) {}

  /**
   * A session takes over the ends of its folder that nobody alive sees to; without `notices` only those whose result is not
   * dealt with. The oldest first.
   */
  adopt(sessionId: string, folder: string, { notices }: { readonly notices: boolean }): OwingEnd[] {
    const which = `folder = @folder AND ${isOwing} AND (@notices = 1 OR owes = 'result') AND ${hasNoLiveSession}`;
    const values = { folder, notices: notices ? 1 : 0 };
    const found = this.connection
      .prepare<unknown[], { found: number }>(`SELECT EXISTS (SELECT 1 FROM tasks WHERE ${which}) AS found`)
      .get(values)?.found;
    // Most looks find none, and then nothing is written.
    if (found !== 1) return [];
    return this.connection
      .prepare<unknown[], { id: string; seq: number; owes: string }>(
        `UPDATE tasks SET session_id = @session WHERE ${which} RETURNING id, seq, owes`,
      )
      .all({ ...values, session: sessionId })
      .sort((a, b) => a.seq - b.seq)
      .map(({ id, owes }) => ({ id, isSettled: owes === 'notice' }));
  }

  /** What the task made is in its folder now; people are still to be told. */
  applied(id: string): void {
    this.connection
      .prepare(
        `UPDATE tasks SET outcome = 'applied', owes = CASE owes WHEN 'result' THEN 'notice' ELSE owes END WHERE id = ?`,
      )
      .run(id);
  }

  /** Nothing more is to be done with the result by itself; people are still to be told. */
  settled(id: string, attempt: number): void {
    this.connection
      .prepare(`UPDATE tasks SET owes = 'notice' WHERE id = ? AND attempt = ? AND owes = 'result' AND ${isOwing}`)
      .run(id, attempt);
  }

  /** People have been told how this attempt ended. */
  told(id: string, attempt: number): void {
    this.connection
      .prepare(`UPDATE tasks SET owes = 'nothing' WHERE id = ? AND attempt = ? AND ${isOwing}`)
      .run(id, attempt);
  }
}
