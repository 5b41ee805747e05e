import type { Clock } from '../clock.js';
import { isOver, type Task, type TaskStatus } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';
import type { Connection } from './database.js';
import { type TaskRow, taskColumns, taskOfRow } from './rows.js';

export interface TaskFilter {
  readonly folder?: string;
  readonly status?: TaskStatus;
  readonly limit: number;
}

/** The copy of a task, and the attempt that worked in it last; absent where an earlier version noted it. */
export type KeptWorkspace = Workspace & { readonly attempt?: number };

/** Belongs to a session that has ended, or to none. */
export const hasNoLiveSession = `(session_id IS NULL OR NOT EXISTS
  (SELECT 1 FROM sessions WHERE sessions.id = tasks.session_id AND ended_at IS NULL))`;

/** Waits, for a session that has ended or for none. */
export const isOrphan = `status IN ('new', 'ready', 'blocked', 'in_review') AND ${hasNoLiveSession}`;

/**
 * The order of the queue: by priority, then by age; a subtask is as old as the request that it is a part of, so that what
 * is begun is brought to its end before something newer begins.
 */
const queueOrder = `priority DESC, coalesce(
  (SELECT coalesce(g.seq, p.seq) FROM tasks p LEFT JOIN tasks g ON g.id = p.parent_id WHERE p.id = tasks.parent_id),
  seq), seq`;

/** What there is to know about tasks; changes nothing. */
export class TaskReader {
  constructor(
    protected readonly connection: Connection,
    protected readonly clock: Clock,
  ) {}

  private one(sql: string, ...values: unknown[]): Task | null {
    const row = this.connection.prepare<unknown[], TaskRow>(sql).get(...values);
    return row === undefined ? null : taskOfRow(row);
  }

  get(id: string): Task | null {
    return this.one(`SELECT ${taskColumns} FROM tasks WHERE id = ?`, id);
  }

  /** The newest first. */
  list(filter: TaskFilter): Task[] {
    const rows = this.connection
      .prepare<unknown[], TaskRow>(
        `SELECT ${taskColumns} FROM tasks
         WHERE (@folder IS NULL OR folder = @folder) AND (@status IS NULL OR status = @status)
         ORDER BY seq DESC LIMIT @limit`,
      )
      .all({ folder: filter.folder ?? null, status: filter.status ?? null, limit: filter.limit });
    return rows.map(taskOfRow);
  }

  count(): number {
    return this.connection.prepare<[], { count: number }>('SELECT count(*) AS count FROM tasks').get()?.count ?? 0;
  }

  /** Everything that waits for a slot, on the whole machine, in the order in which it will run. */
  queue(): Task[] {
    const rows = this.connection
      .prepare<[], TaskRow>(
        `SELECT ${taskColumns} FROM tasks WHERE status IN ('ready', 'blocked') ORDER BY ${queueOrder}`,
      )
      .all();
    return rows.map(taskOfRow);
  }

  /**
   * What a session may run now: ready tasks of its folder that it asked for itself or whose asker is gone, whose time
   * has come and whose dependencies are done; in the order of the queue.
   */
  runnable(session: { id: string; folder: string; adopt: boolean }, limit: number): Task[] {
    const rows = this.connection
      .prepare<unknown[], TaskRow>(
        `SELECT ${taskColumns} FROM tasks
         WHERE status = 'ready' AND folder = @folder AND run_at_ms <= @now
           AND (session_id = @id OR (@adopt = 1 AND (session_id IS NULL OR NOT EXISTS
             (SELECT 1 FROM sessions WHERE sessions.id = tasks.session_id AND ended_at IS NULL))))
           AND NOT EXISTS (SELECT 1 FROM dependencies d JOIN tasks t ON t.id = d.depends_on
             WHERE d.task_id = tasks.id AND t.status NOT IN ('done', 'in_review'))
         ORDER BY ${queueOrder} LIMIT @limit`,
      )
      .all({ id: session.id, folder: session.folder, adopt: session.adopt ? 1 : 0, now: this.clock.now(), limit });
    return rows.map(taskOfRow);
  }

  /** Whether tasks of a folder wait whose session has ended. */
  hasOrphans(folder: string): boolean {
    return (
      this.connection
        .prepare<[string], { found: number }>(
          `SELECT EXISTS (SELECT 1 FROM tasks WHERE folder = ? AND ${isOrphan}) AS found`,
        )
        .get(folder)?.found === 1
    );
  }

  /** Every task that is not over, on the whole machine, the newest first. */
  unfinishedIds(): string[] {
    return this.connection
      .prepare<[], { id: string }>(
        "SELECT id FROM tasks WHERE status NOT IN ('done', 'failed', 'cancelled') ORDER BY seq DESC",
      )
      .all()
      .map((row) => row.id);
  }

  /** Those of the given tasks that are over (or gone), with their status. */
  overOf(ids: readonly string[]): { id: string; status: TaskStatus | null }[] {
    const status = this.connection.prepare<[string], { status: TaskStatus }>('SELECT status FROM tasks WHERE id = ?');
    return ids
      .map((id) => ({ id, status: status.get(id)?.status ?? null }))
      .filter((task) => task.status === null || isOver(task.status));
  }

  /** How many attempts failed through the task's own fault since it was asked for, or retried. */
  failuresOf(id: string): number {
    const row = this.connection
      .prepare<[string], { count: number }>(
        "SELECT count(*) AS count FROM attempts WHERE task_id = ? AND outcome = 'retried'",
      )
      .get(id);
    return row?.count ?? 0;
  }

  /** Tasks of a session that wait, now or for later. */
  waitingIds(sessionId: string): string[] {
    return this.connection
      .prepare<[string], { id: string }>(
        "SELECT id FROM tasks WHERE session_id = ? AND status IN ('ready', 'blocked', 'in_review') ORDER BY seq",
      )
      .all(sessionId)
      .map((row) => row.id);
  }

  /** Tasks that a session has claimed and not ended; those that wait for a review have no worker. */
  activeOf(sessionId: string): Task[] {
    const rows = this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks
         WHERE session_id = ? AND status IN ('assigned', 'in_progress') ORDER BY seq`,
      )
      .all(sessionId);
    return rows.map(taskOfRow);
  }

  /** The session that asked for a task or runs it. */
  sessionOf(id: string): string | null {
    const row = this.connection
      .prepare<[string], { session_id: string | null }>('SELECT session_id FROM tasks WHERE id = ?')
      .get(id);
    return row?.session_id ?? null;
  }

  /** How many tasks wait for `sessionId`, now or later (delayed retries count). */
  waitingOf(sessionId: string): { count: number; nextRunAtMs: number | null } {
    const row = this.connection
      .prepare<[string], { count: number; next: number | null }>(
        "SELECT count(*) AS count, min(run_at_ms) AS next FROM tasks WHERE status = 'ready' AND session_id = ?",
      )
      .get(sessionId);
    return { count: row?.count ?? 0, nextRunAtMs: row?.next ?? null };
  }

  /** Tasks of a folder that an earlier parent left behind half done. */
  interrupted(folder: string): Task[] {
    const rows = this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks WHERE interrupted = 1 AND status = 'ready' AND folder = ? ORDER BY seq`,
      )
      .all(folder);
    return rows.map(taskOfRow);
  }

  workspaceOf(id: string): KeptWorkspace | null {
    const row = this.connection
      .prepare<[string], { workspace: string | null }>('SELECT workspace FROM tasks WHERE id = ?')
      .get(id);
    return row?.workspace === undefined || row.workspace === null ? null : (JSON.parse(row.workspace) as KeptWorkspace);
  }

  findings(id: string): string[] {
    const row = this.connection
      .prepare<[string], { findings: string }>('SELECT findings FROM tasks WHERE id = ?')
      .get(id);
    return row === undefined ? [] : (JSON.parse(row.findings) as string[]);
  }

  outcomeOf(id: string): 'applied' | 'discarded' | null {
    const row = this.connection
      .prepare<[string], { outcome: 'applied' | 'discarded' | null }>('SELECT outcome FROM tasks WHERE id = ?')
      .get(id);
    return row?.outcome ?? null;
  }

  interruptionsOf(id: string): number {
    const row = this.connection
      .prepare<[string], { interruptions: number }>('SELECT interruptions FROM tasks WHERE id = ?')
      .get(id);
    return row?.interruptions ?? 0;
  }
}
