import type { CheckSpec } from '../task/definition-of-done.js';
import type { PlanStep } from '../task/plan.js';
import type { Task, TaskStatus } from '../task/task.js';
import type { Connection } from './database.js';
import { insertTask } from './new-task.js';

/** Demanded of what a reviewer is to judge. */
export const reviewCheck: CheckSpec = { check: 'review_approved' };

/** Which review step of a plan judges which code and test steps: the first that depends on them. */
export function judgesOfSteps(steps: readonly PlanStep[]): Map<string, string> {
  const judges = new Map<string, string>();
  for (const review of steps.filter(({ type }) => type === 'review')) {
    for (const { key, type } of steps) {
      if (isJudgedType(type) && review.dependsOn.includes(key) && !judges.has(key)) judges.set(key, review.key);
    }
  }
  return judges;
}

/**
 * Stores what an agent delegates, as a subtask; returns its id. Where the family has reviewers, code and tests need their
 * approval like those of the plan: one of them judges them too, later if need be. To be called within a transaction.
 */
export function insertDelegated(
  connection: Connection,
  from: Task,
  step: Omit<PlanStep, 'key'>,
  { parentId, sessionId, now }: { readonly parentId: string; readonly sessionId: string; readonly now: string },
): string {
  const judges = isJudgedType(step.type) ? judgesIn(connection, parentId) : [];
  const id = insertTask(
    connection,
    {
      title: step.title,
      description: step.description,
      type: step.type,
      folder: from.folder,
      priority: from.priority,
      sessionId,
      parentId,
      dependsOn: step.dependsOn,
      checks: judges.length === 0 ? step.checks : [...step.checks, reviewCheck],
      status: 'new',
    },
    now,
  );
  const before = neededBy(connection, id);
  // One that is at work has its diff already, and one that it waits for cannot wait for it: then it gets one of its own.
  const free = judges.filter((judge) => !isAtWork(judge.status) && !before.has(judge.id));
  const judge = free.find((each) => neededBy(connection, each.id).has(from.id)) ?? free[0];
  if (judge !== undefined) waitAlsoFor(connection, judge.id, id);
  return id;
}

function isJudgedType(type: Task['type']): boolean {
  return type === 'code' || type === 'test';
}

function isAtWork(status: TaskStatus): boolean {
  return status === 'assigned' || status === 'in_progress';
}

function judgesIn(connection: Connection, parentId: string): { id: string; status: TaskStatus }[] {
  return connection
    .prepare<[string], { id: string; status: TaskStatus }>(
      'SELECT id, status FROM tasks WHERE parent_id = ? AND judges = 1 AND superseded = 0 ORDER BY seq',
    )
    .all(parentId);
}

/** All tasks that a task waits for, directly or not. */
function neededBy(connection: Connection, id: string): Set<string> {
  const rows = connection
    .prepare<[string], { id: string }>(
      `WITH RECURSIVE needed (id) AS (
         SELECT depends_on FROM dependencies WHERE task_id = ?
         UNION SELECT d.depends_on FROM dependencies d JOIN needed ON d.task_id = needed.id)
       SELECT id FROM needed`,
    )
    .all(id);
  return new Set(rows.map((row) => row.id));
}

function waitAlsoFor(connection: Connection, judgeId: string, id: string): void {
  connection.prepare('INSERT INTO dependencies (task_id, depends_on) VALUES (?, ?)').run(judgeId, id);
  connection.prepare("UPDATE tasks SET status = 'blocked' WHERE id = ? AND status = 'ready'").run(judgeId);
}
