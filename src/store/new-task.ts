import type { CheckSpec } from '../task/definition-of-done.js';
import { agentNameOf, formatTaskId, type TaskRole, type TaskType } from '../task/task.js';
import type { Connection } from './database.js';

export interface NewTask {
  readonly title: string;
  readonly description: string;
  readonly type: TaskType;
  readonly folder: string;
  readonly priority: number;
  readonly sessionId: string | null;
  /** `work` by default. */
  readonly role?: TaskRole;
  readonly parentId?: string;
  readonly dependsOn?: readonly string[];
  readonly checks?: readonly CheckSpec[];
  /** It judges the work of those that it depends on. */
  readonly judges?: boolean;
  /** `ready` by default. */
  readonly status?: 'new' | 'ready' | 'blocked';
}

/** Stores a task with the first line of its story and returns its id; to be called within a transaction. */
export function insertTask(connection: Connection, input: NewTask, now: string): string {
  const last = connection.prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'tasks'").get();
  const id = formatTaskId((last?.seq ?? 0) + 1);
  const role = input.role ?? 'work';
  connection
    .prepare(
      `INSERT INTO tasks (id, title, description, type, role, status, priority, folder, session_id, agent, created_at,
         parent_id, definition_of_done, demands, judges)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      id,
      input.title,
      input.description,
      input.type,
      role,
      input.status ?? 'ready',
      input.priority,
      input.folder,
      input.sessionId,
      agentNameOf({ type: input.type, role }),
      now,
      input.parentId ?? null,
      JSON.stringify(input.checks ?? []),
      JSON.stringify(input.checks ?? []),
      input.judges === true ? 1 : 0,
    );
  const depend = connection.prepare('INSERT OR IGNORE INTO dependencies (task_id, depends_on) VALUES (?, ?)');
  for (const other of input.dependsOn ?? []) depend.run(id, other);
  connection
    .prepare(
      `INSERT INTO events (at, task_id, session_id, level, kind, text)
       VALUES (?, ?, ?, 'info', 'submitted', substr(?, 1, 4000))`,
    )
    .run(now, id, input.sessionId, input.description);
  return id;
}
