import type { Task } from '../task/task.js';

/** A task of a list, and how deep below another one of it. */
export interface Placed {
  readonly task: Task;
  readonly depth: number;
}

/** The list with every parent that it lacks, at its end. */
export function withParents(tasks: readonly Task[], get: (id: string) => Task | null): Task[] {
  const known = new Map(tasks.map((task) => [task.id, task]));
  // The map grows while it is walked: parents of parents come too.
  for (const { parentId } of known.values()) {
    if (parentId === null || known.has(parentId)) continue;
    const parent = get(parentId);
    if (parent !== null) known.set(parent.id, parent);
  }
  return [...known.values()];
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
