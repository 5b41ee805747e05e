import type { Task } from '../task/task.js';

/** A task of a list, and how deep below another one of it. */
export interface Placed {
  readonly task: Task;
  readonly depth: number;
}

/**
 * The tasks of a list, the newest first, with each subtask below its parent in the order in which they were planned. One
 * whose parent is not in the list stands by itself. Pure.
 */
export function inFamilies(tasks: readonly Task[]): Placed[] {
  const ids = new Set(tasks.map(({ id }) => id));
  const isTop = ({ parentId }: Task): boolean => parentId === null || !ids.has(parentId);
  const place = (task: Task, depth: number): Placed[] => [
    { task, depth },
    ...inOrder(tasks.filter(({ parentId }) => parentId === task.id)).flatMap((below) => place(below, depth + 1)),
  ];
  return inOrder(tasks.filter(isTop))
    .reverse()
    .flatMap((task) => place(task, 0));
}

function inOrder(tasks: readonly Task[]): Task[] {
  return [...tasks].sort((a, b) => numberOf(a) - numberOf(b));
}

/** Ids count up. */
function numberOf({ id }: Task): number {
  return Number(id.replace(/\D/g, ''));
}
