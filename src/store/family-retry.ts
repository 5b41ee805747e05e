import { isActive, isOver, type TaskRole, type TaskStatus } from '../task/task.js';
import type { Connection } from './database.js';
import { type Mending, mendingOf } from './family-mend.js';
import { reconcileFamily } from './family-progress.js';
import { supersedeBelow } from './family-supersede.js';

interface Member {
  id: string;
  status: TaskStatus;
  role: TaskRole;
  agent: string;
  parent_id: string | null;
  workspace: string | null;
  error_code: string | null;
}

const columns = "id, status, role, agent, parent_id, workspace, error ->> 'code' AS error_code";

/**
 * Queues a failed or cancelled task again, on the user's word, and wakes its family: of a parent, the subtasks that were
 * not done; of a subtask, its parent and what failed because of it; of a review that a task has asked for, that task.
 * What is done stays done. Where all parts are and the whole failed its checks, one part mends it; where the checks could
 * not be made, they are made again. A parent starts anew when its workspace was thrown away, or no part can mend it. False when the task is not over, or done, or a worker below it is still alive. To be
 * called within a transaction.
 */
export function retryFamily(connection: Connection, id: string, now: string): boolean {
  const task = memberOf(connection, id);
  if (task === undefined || !isOver(task.status) || task.status === 'done') return false;
  if (membersOf(connection, id).some(({ status }) => isActive(status) && status !== 'in_review')) return false;
  const top = task.parent_id === null ? task : memberOf(connection, task.parent_id);
  if (top === undefined || (top.id !== id && top.status === 'done')) return false;
  // It was there for that task's own work, which must come first.
  if (top.role !== 'parent' && top.id !== id) return retryFamily(connection, top.id, now);
  if (top.role !== 'parent') {
    startAnew(connection, top, top.role, now);
    return true;
  }
  const left = membersOf(connection, top.id).filter(({ status }) => status === 'failed' || status === 'cancelled');
  // Its agent says how it began: planned by the Manager Agent, or by an agent that delegated parts of its own work.
  const isPlanned = top.agent === 'Manager Agent';
  const mending = isOver(top.status) && left.length === 0 && isPlanned ? mendingOf(connection, top.id) : null;
  const hasFailedChecks = left.length === 0 && top.error_code === 'NOT_VERIFIED';
  if (isOver(top.status) && (top.workspace === null || (hasFailedChecks && mending === null))) {
    startAnew(connection, top, isPlanned ? 'plan' : 'work', now);
    return true;
  }
  if (isOver(top.status)) wake(connection, top.id, 'blocked', 'parent');
  for (const member of left) wake(connection, member.id, 'blocked', member.role);
  if (mending !== null) mend(connection, mending, now);
  reconcileFamily(connection, top.id, now);
  return true;
}

/** Without its old copy it begins on what is there now, and takes nothing of that back. */
function mend(connection: Connection, { taskId, findings, demands }: Mending, now: string): void {
  supersedeBelow(connection, taskId, now);
  wake(connection, taskId, 'blocked', 'work');
  connection
    .prepare('UPDATE tasks SET findings = ?, demands = ?, workspace = NULL WHERE id = ?')
    .run(JSON.stringify(findings), JSON.stringify(demands), taskId);
}

function startAnew(connection: Connection, task: Member, role: TaskRole, now: string): void {
  supersedeBelow(connection, task.id, now);
  wake(connection, task.id, 'ready', role);
}

function memberOf(connection: Connection, id: string): Member | undefined {
  return connection.prepare<[string], Member>(`SELECT ${columns} FROM tasks WHERE id = ?`).get(id);
}

function membersOf(connection: Connection, parentId: string): Member[] {
  return connection
    .prepare<[string], Member>(`SELECT ${columns} FROM tasks WHERE parent_id = ? AND superseded = 0`)
    .all(parentId);
}

function wake(connection: Connection, id: string, status: 'ready' | 'blocked', role: TaskRole): void {
  connection
    .prepare(
      `UPDATE tasks SET status = ?, role = ?, run_at_ms = 0, ended_at = NULL, error = NULL, summary = NULL, progress = NULL,
         progress_basis = '', message = '', session_id = NULL, interruptions = 0, findings = '[]', outcome = NULL,
         need_mb = NULL, owes = 'result', keeps_work = 0, question = NULL, queued_reason = NULL, queued_detail = NULL,
         queued_sum = NULL
       WHERE id = ?`,
    )
    .run(status, role, id);
  // A new start has all its attempts before it.
  connection.prepare("UPDATE attempts SET outcome = 'superseded' WHERE task_id = ? AND outcome = 'retried'").run(id);
}
