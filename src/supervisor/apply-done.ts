import { toErrorRecord } from '../errors.js';
import type { Task } from '../task/task.js';
import type { SupervisorOptions } from './supervisor-options.js';

/**
 * What became of the result of a done task where it is applied without asking, which this does, unless that has been done;
 * undefined where people are asked. Never rejects.
 */
export async function appliedText(
  { applyDone, store }: Pick<SupervisorOptions, 'applyDone' | 'store'>,
  task: Task,
): Promise<string | undefined> {
  // What a subtask has made is applied with its parent.
  if (task.status !== 'done' || task.parentId !== null) return undefined;
  try {
    const outcome = await store.tasks.outcomeOf(task.id);
    if (outcome === 'discarded') return 'What it made was thrown away.';
    if (outcome === 'applied') return `It has been applied. \`wilson undo ${task.id}\` takes it back.`;
    return await applyDone?.(task);
  } catch (error) {
    return `Not applied: ${toErrorRecord(error).message} \`wilson apply ${task.id}\` tries again.`;
  }
}
