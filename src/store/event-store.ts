import type { Clock } from '../clock.js';
import type { Connection } from './database.js';

export type EventLevel = 'info' | 'warn' | 'error';

/** One line of a task's story; the table is append-only. */
export interface TaskEvent {
  readonly id: number;
  readonly at: string;
  readonly taskId: string | null;
  readonly level: EventLevel;
  /** `submitted`, `queued`, `spawned`, `model`, `log`, `check`, `done` … */
  readonly kind: string;
  readonly text: string;
}

interface EventRow {
  id: number;
  at: string;
  task_id: string | null;
  level: EventLevel;
  kind: string;
  text: string;
}

/** No worker can fill the disk through its log (scenario 15). */
export interface EventLimits {
  readonly eventsPerTask: number;
  readonly textChars: number;
}

const defaultLimits: EventLimits = { eventsPerTask: 5_000, textChars: 4_000 };

/** What happened, in order: `logs` and the status line read it. */
export class EventStore {
  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
    private readonly limits: EventLimits = defaultLimits,
  ) {}

  /** Appends a line. Over the cap of a task, `log` lines are dropped and one line says so. */
  append(event: {
    taskId: string | null;
    sessionId: string | null;
    level: EventLevel;
    kind: string;
    text: string;
  }): void {
    const { eventsPerTask, textChars } = this.limits;
    let text = event.text;
    if (text.length > textChars) {
      text = `${text.slice(0, textChars)} … (${text.length - textChars} more characters)`;
    }
    if (event.kind === 'log' && event.taskId !== null) {
      const row = this.connection
        .prepare<[string], { count: number }>('SELECT count(*) AS count FROM events WHERE task_id = ?')
        .get(event.taskId);
      const count = row?.count ?? 0;
      if (count > eventsPerTask) return;
      if (count === eventsPerTask) text = `The log of ${event.taskId} is full (${count} lines); the rest is dropped.`;
    }
    this.connection
      .prepare('INSERT INTO events (at, task_id, session_id, level, kind, text) VALUES (?, ?, ?, ?, ?, ?)')
      .run(new Date(this.clock.now()).toISOString(), event.taskId, event.sessionId, event.level, event.kind, text);
  }

  /** Events of a task after `afterId`, oldest first. */
  of(taskId: string, afterId: number, limit: number): TaskEvent[] {
    return this.connection
      .prepare<[string, number, number], EventRow>(
        'SELECT id, at, task_id, level, kind, text FROM events WHERE task_id = ? AND id > ? ORDER BY id LIMIT ?',
      )
      .all(taskId, afterId, limit)
      .map((row) => ({
        id: row.id,
        at: row.at,
        taskId: row.task_id,
        level: row.level,
        kind: row.kind,
        text: row.text,
      }));
  }
}
