import { askText } from './notice-text.js';
import type { SupervisorOptions } from './supervisor-options.js';
import type { TaskLedger } from './task-ledger.js';

/** Takes up the unfinished tasks of the folder whose parent is gone, and says so; resolves with their ids. */
export async function adoptTasks(
  { store, session }: Pick<SupervisorOptions, 'store' | 'session'>,
  ledger: TaskLedger,
): Promise<readonly string[]> {
  const adopted = new Set(await store.tasks.adopt(session.id, session.folder));
  if (adopted.size === 0) return [];
  for (const { id, title } of await store.tasks.interrupted(session.folder)) {
    if (!adopted.has(id)) continue;
    ledger.say('interrupted', id, `${id} was interrupted when Wilson ended; it is taken up again: ${title}`);
  }
  for (const task of await store.families.asking(session.folder)) {
    if (adopted.has(task.id)) ledger.say('info', task.id, askText(task));
  }
  return [...adopted];
}
