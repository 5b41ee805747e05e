/** A worker that is being ended may add to its family once more; nobody does so this often. */
const mostRounds = 5;

export interface EndedFamily<T> {
  /** What became of the task itself. */
  readonly own: T;
  /** What became of those below it, by their ids. */
  readonly below: ReadonlyMap<string, T>;
}

/**
 * Ends a task and then all that is left below it. The parent first: it must not take the end of its subtasks for a failure
 * of theirs.
 */
export async function endFamily<T>(
  taskId: string,
  endOne: (id: string) => Promise<T>,
  unfinishedBelow: (id: string) => Promise<readonly string[]>,
): Promise<EndedFamily<T>> {
  const own = await endOne(taskId);
  const below = new Map<string, T>();
  for (let round = 0; round < mostRounds; round += 1) {
    const left = await unfinishedBelow(taskId);
    if (left.length === 0) break;
    for (const id of left) below.set(id, await endOne(id));
  }
  return { own, below };
}
