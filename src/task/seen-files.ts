import { isCheckResult } from './definition-of-done.js';
import type { Artifact, Task } from './task.js';

/**
 * What the supervisor saw in the workspace of a task that is over, after its worker was gone; undefined where nobody looked,
 * as of a task that was cancelled or whose worker crashed. Pure.
 */
export function seenFiles(
  task: Pick<Task, 'status' | 'definitionOfDone' | 'artifacts'>,
): readonly Artifact[] | undefined {
  const wasChecked = task.status === 'done' || task.status === 'failed';
  return wasChecked && task.definitionOfDone.some(isCheckResult) ? task.artifacts : undefined;
}
