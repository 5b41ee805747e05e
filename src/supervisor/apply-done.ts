import { toErrorRecord } from '../errors.js';
import type { Task } from '../task/task.js';
import type { SupervisorOptions } from './supervisor-options.js';

/** What became of the result of a done task where it is applied without asking; undefined where people are asked. Never rejects. */
export async function appliedText(applyDone: SupervisorOptions['applyDone'], task: Task): Promise<string | undefined> {
  // What a subtask has made is applied with its parent.
  if (applyDone === null || task.status !== 'done' || task.parentId !== null) return undefined;
  try {
    return await applyDone(task);
  } catch (error) {
    return `Not applied: ${toErrorRecord(error).message} \`wilson apply ${task.id}\` tries again.`;
  }
}
