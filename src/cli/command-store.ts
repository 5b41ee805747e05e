import { systemClock } from '../clock.js';
import { stateFolder } from '../config/paths.js';
import { WilsonError } from '../errors.js';
import { orStoreError } from '../store/database.js';
import { Store } from '../store/store.js';
import { parseTaskId, type Task } from '../task/task.js';
import type { CommandIo } from './command-io.js';

/** Opens the database for a command that only looks, runs `action`, and closes it. Null stands for "no database yet". */
export async function withStore<T>(io: CommandIo, action: (store: Store | null) => T | Promise<T>): Promise<T> {
  const store = Store.openExisting(stateFolder(io.env), systemClock, io.busyTimeoutMs);
  try {
    return await action(store);
  } catch (error) {
    throw store === null ? error : orStoreError(error, store.file);
  } finally {
    store?.close();
  }
}

/** The task that `text` names, in any spelling (`TASK-007`, `task-7`, `7`). Throws `TASK_UNKNOWN`. */
export function requireTask(store: Store | null, text: string): Task {
  const id = parseTaskId(text);
  const task = id === null ? null : (store?.tasks.get(id) ?? null);
  if (task === null) throw unknownTask(text);
  return task;
}

export function unknownTask(text: string): WilsonError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new WilsonError('TASK_UNKNOWN', `There is no task ${JSON.stringify(shown)}.`, {
    hint: '`wilson tasks` lists those there are.',
  });
}
