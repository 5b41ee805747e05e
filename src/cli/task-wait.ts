import { isAlive } from '../platform/process-identity.js';
import type { FamilyStore } from '../store/family-store.js';
import type { SessionStore } from '../store/session-store.js';
import type { Async } from '../store/store-thread.js';
import type { TaskStore } from '../store/task-store.js';
import { isOver, type Task } from '../task/task.js';
import { type FamilyWait, familyWait } from '../task/waits.js';

/** What a task waits for that is neither a slot nor memory; `no_session`: a wilson that would run it. */
export interface TaskWait {
  readonly reason: FamilyWait['reason'] | 'no_session';
  /** `waits for TASK-002`, `asks: Which database?`, `waits for a wilson in /home/ada/site`. */
  readonly detail: string;
}

export interface WaitStore {
  readonly tasks: Pick<Async<TaskStore>, 'get' | 'sessionOf'>;
  readonly families: Pick<Async<FamilyStore>, 'subtasksOf' | 'judgesOf'>;
  readonly sessions: Pick<Async<SessionStore>, 'open'>;
}

/** Null where it is over, or waits for nothing but its turn, a slot or memory. */
export async function waitOf(store: WaitStore, task: Task): Promise<TaskWait | null> {
  if (isOver(task.status)) return null;
  return (await waitForOthers(store, task)) ?? (await waitForSession(store, task));
}

async function waitForOthers(store: WaitStore, task: Task): Promise<FamilyWait | null> {
  // Most tasks have nothing to do with others, and then nothing is asked for.
  if (task.dependsOn.length === 0 && task.status !== 'blocked' && task.status !== 'in_review') return null;
  const before = await Promise.all(task.dependsOn.map((id) => store.tasks.get(id)));
  const [below, judges] = await Promise.all([store.families.subtasksOf(task.id), store.families.judgesOf(task.id)]);
  return familyWait(task, [...before.filter((one) => one !== null), ...below, ...judges]);
}

/** A task runs in its folder alone: in the wilson that it was asked in, or in a chat or queue there. */
async function waitForSession(store: WaitStore, task: Task): Promise<TaskWait | null> {
  if (task.status !== 'ready' && task.status !== 'new') return null;
  const owner = await store.tasks.sessionOf(task.id);
  const live = (await store.sessions.open()).filter(({ identity }) => isAlive(identity));
  // `run` sees to its own task alone.
  const isServed = live.some(({ id, kind, folder }) => id === owner || (kind !== 'run' && folder === task.folder));
  return isServed ? null : { reason: 'no_session', detail: `waits for a wilson in ${task.folder}` };
}
