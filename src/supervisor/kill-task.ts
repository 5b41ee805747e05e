import type { Clock } from '../clock.js';
import { isAlive } from '../platform/process-identity.js';
import { killTree, ownedProcesses } from '../platform/process-tree.js';
import type { EventStore } from '../store/event-store.js';
import type { FamilyStore } from '../store/family-store.js';
import type { SessionStore } from '../store/session-store.js';
import type { Async } from '../store/store-thread.js';
import type { TaskStore } from '../store/task-store.js';
import type { WorkerStore } from '../store/worker-store.js';
import type { Task } from '../task/task.js';
import { askControl } from './control-socket.js';

export interface KillStore {
  readonly tasks: Pick<Async<TaskStore>, 'get' | 'cancelQueued' | 'cancelActive' | 'sessionOf'>;
  readonly workers: Pick<Async<WorkerStore>, 'slotOf' | 'release'>;
  readonly sessions: Pick<Async<SessionStore>, 'get'>;
  readonly events: Pick<Async<EventStore>, 'append'>;
  readonly families: Pick<Async<FamilyStore>, 'unfinishedBelow'>;
}

export interface KillOutcome {
  readonly taskId: string;
  readonly result: 'cancelled' | 'unknown' | 'over' | 'survived';
  readonly task: Task | null;
}

/** An owner that has not ended the task by then (it is stopped, or busy) is no longer waited for. */
const ownerAnswerMs = 1_000;
const mostRounds = 5;

/**
 * Ends a task, with its subtasks, from any process: a queued one in the database, a running one through its parent's control socket, and
 * by itself, after checking identities, when the parent is gone or does not answer. The end is always `cancelled`,
 * and never comes before the worker is seen dead. `survived` means that the kernel refused.
 */
export async function killTask(
  store: KillStore,
  taskId: string,
  clock: Clock,
  /** The session that asks, which need not be asked. */
  ownSessionId?: string,
): Promise<KillOutcome> {
  const outcome = await killOne(store, taskId, clock, ownSessionId);
  // The parent first: it must not take the end of its subtasks for a failure of theirs. A worker may have added to its
  // family while it was being ended.
  for (let round = 0; round < mostRounds; round += 1) {
    const below = await store.families.unfinishedBelow(taskId);
    if (below.length === 0) break;
    for (const id of below) await killOne(store, id, clock, ownSessionId);
  }
  return outcome;
}

async function killOne(
  store: KillStore,
  taskId: string,
  clock: Clock,
  ownSessionId: string | undefined,
): Promise<KillOutcome> {
  const queued = await store.tasks.cancelQueued(taskId);
  if (queued !== 'active') {
    if (queued === 'cancelled') await record(store, taskId, 'cancelled while it was queued');
    return { taskId, result: queued, task: await store.tasks.get(taskId) };
  }
  const sessionId = await store.tasks.sessionOf(taskId);
  const session = sessionId === null ? null : await store.sessions.get(sessionId);
  const asksItself = sessionId !== null && sessionId === ownSessionId;
  if (session !== null && session.socket !== null && !asksItself && isAlive(session.identity)) {
    const reply = await askControl(session.socket, { op: 'kill', taskId }, ownerAnswerMs, clock);
    if (reply?.ok === true && (reply.result === 'cancelled' || reply.result === 'over')) {
      return { taskId, result: reply.result, task: await store.tasks.get(taskId) };
    }
  }
  return killWithoutOwner(store, taskId, sessionId, clock);
}

async function killWithoutOwner(
  store: KillStore,
  taskId: string,
  sessionId: string | null,
  clock: Clock,
): Promise<KillOutcome> {
  const slot = await store.workers.slotOf(taskId);
  // Without a slot the worker is gone, but its checks may run.
  const ownerPrefix = `${slot?.sessionId ?? sessionId}:${taskId}:`;
  const worker = slot?.identity ?? null;
  for (const root of worker === null ? ownedProcesses(ownerPrefix) : [worker]) {
    const survivors = await killTree(root, { clock, graceMs: 0, ownerPrefix });
    if (survivors.length > 0) return { taskId, result: 'survived', task: await store.tasks.get(taskId) };
  }
  if (slot !== null) await store.workers.release(taskId, slot.attempt);
  const task = await store.tasks.get(taskId);
  if (task === null) return { taskId, result: 'unknown', task };
  const cancelled = await store.tasks.cancelActive(taskId, task.attempt);
  // Between two attempts it is back in the queue, where it can be cancelled like any other.
  const ended = cancelled || (await store.tasks.cancelQueued(taskId)) === 'cancelled';
  if (ended) await record(store, taskId, 'cancelled; its parent did not answer, so the worker was ended directly');
  const left = await store.tasks.get(taskId);
  // A parent in the background ends with its last task, often before it has answered that it did what it was asked to.
  return { taskId, result: ended || left?.status === 'cancelled' ? 'cancelled' : 'over', task: left };
}

async function record(store: KillStore, taskId: string, text: string): Promise<void> {
  await store.events.append({ taskId, sessionId: null, level: 'info', kind: 'cancelled', text });
}
