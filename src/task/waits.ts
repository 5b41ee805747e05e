import { isOver, type Task } from './task.js';

/** What a task without a worker waits for, of other tasks or of the user. */
export interface FamilyWait {
  readonly reason: 'dependencies' | 'subtasks' | 'question' | 'review';
  /** `waits for TASK-002`, `asks: Which database?`. */
  readonly detail: string;
}

/**
 * What of others holds a task back; null when it is over or waits for nothing but its turn, a slot or memory. `others` are
 * the tasks that it may wait for, more do no harm. Pure.
 */
export function familyWait(task: Task, others: readonly Task[]): FamilyWait | null {
  if (isOver(task.status)) return null;
  if (task.question !== null && task.status === 'blocked') {
    return { reason: 'question', detail: `asks: ${task.question}` };
  }
  if (task.status === 'in_review') {
    // A parent is in review while the supervisor looks at the whole.
    if (task.role === 'parent') return null;
    const reviewers = others.filter((other) => other.type === 'review' && other.dependsOn.includes(task.id));
    const by = idList(reviewers.filter(({ status }) => !isOver(status)));
    return { reason: 'review', detail: by === '' ? 'waits for its review' : `waits for its review by ${by}` };
  }
  if (task.status !== 'blocked' && task.status !== 'ready' && task.status !== 'new') return null;
  const before = others.filter(({ id, status }) => task.dependsOn.includes(id) && !letsOthersRun(status));
  if (before.length > 0) return { reason: 'dependencies', detail: `waits for ${idList(before)}` };
  if (task.status !== 'blocked') return null;
  const below = others.filter(({ parentId, status }) => parentId === task.id && !isOver(status));
  if (below.length > 0) return { reason: 'subtasks', detail: `waits for ${idList(below)}` };
  if (task.role === 'parent') return { reason: 'subtasks', detail: 'waits for its subtasks' };
  // Delegated by its parent, whose own work comes first.
  return task.parentId === null ? null : { reason: 'dependencies', detail: `waits for ${task.parentId}` };
}

/** What waits for a review may be built on: the review sends both back where it must. */
/** Whether tasks that depend on one may run: what it made is there, though its review may still be to come. */
export function letsOthersRun(status: Task['status']): boolean {
  return status === 'done' || status === 'in_review';
}

function idList(tasks: readonly Task[]): string {
  return tasks.map(({ id }) => id).join(', ');
}
