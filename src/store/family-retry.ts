import { isOver, type TaskStatus } from '../task/task.js';
import type { Connection } from './database.js';
import { reconcileFamily } from './family-progress.js';

interface Member {
  id: string;
  status: TaskStatus;
  role: string;
  parent_id: string | null;
  workspace: string | null;
}

/**
 * Queues a failed or cancelled task again, on the user's word, and wakes its family: of a parent, the subtasks that were
 * not done; of a subtask, its parent and what failed because of it. What is done stays done. A parent whose workspace was
 * thrown away starts anew with a plan. False when the task is not over, or done. To be called within a transaction.
 */
export function retryFamily(connection: Connection, id: string, now: string): boolean {
  const task = memberOf(connection, id);
  if (task === undefined || !isOver(task.status) || task.status === 'done') return false;
  const top = task.parent_id === null ? task : memberOf(connection, task.parent_id);
  if (top === undefined) return false;
  const isFamily = top.role === 'parent';
  if (isFamily && top.workspace === null) {
    wake(connection, top.id, 'ready', 'plan');
    return true;
  }
  if (!isFamily) {
    wake(connection, id, 'ready', 'work');
    return true;
  }
  if (top.status === 'done') return false;
  if (isOver(top.status)) wake(connection, top.id, 'blocked', 'parent');
  for (const member of unfinishedOf(connection, top.id)) wake(connection, member.id, 'blocked', member.role);
  reconcileFamily(connection, top.id, now);
  return true;
}

function memberOf(connection: Connection, id: string): Member | undefined {
  return connection
    .prepare<[string], Member>('SELECT id, status, role, parent_id, workspace FROM tasks WHERE id = ?')
    .get(id);
}

function unfinishedOf(connection: Connection, parentId: string): Member[] {
  return connection
    .prepare<[string], Member>(
      `SELECT id, status, role, parent_id, workspace FROM tasks WHERE parent_id = ? AND status IN ('failed', 'cancelled')`,
    )
    .all(parentId);
}

function wake(connection: Connection, id: string, status: 'ready' | 'blocked', role: string): void {
  connection
    .prepare(
      `UPDATE tasks SET status = ?, role = ?, run_at_ms = 0, ended_at = NULL, error = NULL, summary = NULL, progress = NULL,
         progress_basis = '', message = '', session_id = NULL, interruptions = 0, findings = '[]', outcome = NULL,
         need_mb = NULL, keeps_work = 0, question = NULL WHERE id = ?`,
    )
    .run(status, role, id);
  // A new start has all its attempts before it.
  connection.prepare("UPDATE attempts SET outcome = 'superseded' WHERE task_id = ? AND outcome = 'retried'").run(id);
}
