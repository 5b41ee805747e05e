import type { Async } from '../store/store-thread.js';
import type { TaskStore } from '../store/task-store.js';
import type { Task } from '../task/task.js';

/** What became of what a task made, and what can still be done with it. */
export interface ResultState {
  readonly outcome: 'applied' | 'discarded' | null;
  /** Its own copy is there and whole. */
  readonly hasCopy: boolean;
  /** There is something of the copy that can be thrown away. */
  readonly canDiscard: boolean;
  /** What is in the copy now has not been applied. */
  readonly canApply: boolean;
  readonly canUndo: boolean;
}

/** Of a task whose copy was made, and nothing done with it; or that has none. */
export function untouchedResult({ workspace, parentId }: Pick<Task, 'workspace' | 'parentId'>): ResultState {
  const hasCopy = workspace !== null;
  const isWhole = hasCopy && parentId === null;
  return { outcome: null, hasCopy, canDiscard: isWhole, canApply: isWhole, canUndo: false };
}

/** As the journal of the workspace says, not as it was noted: a retry forgets the note, a crash may come before it. */
export async function resultOf(
  store: { readonly tasks: Pick<Async<TaskStore>, 'workspaceOf' | 'outcomeOf'> },
  task: Task,
): Promise<ResultState> {
  const [workspace, noted] = await Promise.all([store.tasks.workspaceOf(task.id), store.tasks.outcomeOf(task.id)]);
  if (workspace === null) return { ...untouchedResult({ ...task, workspace: null }), outcome: noted };
  const [{ isApplied }, { isWhole }] = await Promise.all([
    import('../workspace/apply.js'),
    import('../workspace/whole.js'),
  ]);
  const hasCopy = isWhole(workspace);
  // What a subtask made is applied to the copy of its parent, and to the folder with that one.
  if (task.parentId !== null) return { outcome: null, hasCopy, canDiscard: false, canApply: false, canUndo: false };
  const canUndo = isApplied(workspace);
  return {
    outcome: canUndo ? 'applied' : null,
    hasCopy,
    canDiscard: !canUndo,
    canApply: hasCopy && !(canUndo && noted === 'applied'),
    canUndo,
  };
}
