import { toErrorRecord } from '../errors.js';
import { isCheckResult } from '../task/definition-of-done.js';
import { brokenText } from '../task/earlier-tests.js';
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
    const broken = brokenTests(task);
    if (broken !== null && applyDone !== null) {
      return `Not applied by itself: ${broken}. \`wilson apply ${task.id}\` applies it all the same.`;
    }
    return await applyDone?.(task);
  } catch (error) {
    return `Not applied: ${toErrorRecord(error).message} \`wilson apply ${task.id}\` tries again.`;
  }
}

/** The tests that passed before the task and fail with what it made; null where there are none, or nobody looked. */
function brokenTests({ definitionOfDone }: Task): string | null {
  const found = definitionOfDone.filter(isCheckResult).find(({ evidence }) => (evidence.broken?.count ?? 0) > 0);
  return found === undefined ? null : brokenText(found.evidence);
}
