import type { Clock } from '../clock.js';
import { isAlive } from '../platform/process-identity.js';
import { killTree, ownedProcesses } from '../platform/process-tree.js';
import type { EventStore } from '../store/event-store.js';
import type { Session, SessionStore } from '../store/session-store.js';
import type { Async } from '../store/store-thread.js';
import type { TaskStore } from '../store/task-store.js';
import type { WorkerSlot, WorkerStore } from '../store/worker-store.js';
import { maxInterruptions } from './restart-policy.js';

/** The parts of the store that reaping touches; the sync store of a command fits through `Promise.resolve`. */
export interface ReaperStore {
  readonly sessions: Pick<Async<SessionStore>, 'open' | 'end'>;
  readonly workers: Pick<Async<WorkerStore>, 'list' | 'release'>;
  readonly tasks: Pick<Async<TaskStore>, 'requeue' | 'end' | 'interruptionsOf' | 'activeOf'>;
  readonly events: Pick<Async<EventStore>, 'append'>;
}

/** What a reaping found and mended. */
export interface Reaped {
  readonly sessions: readonly string[];
  /** Tasks that go on at the next chance. */
  readonly requeued: readonly string[];
  /** Tasks given up because their parents died too often. */
  readonly givenUp: readonly string[];
}

/**
 * Ends what dead sessions left behind: kills their workers and all these started (by identity and owner mark, never
 * by pid alone), puts their tasks back into the queue, and gives slots and reservations back, in that order: a new
 * attempt must not start before the old process is seen dead (I2). Safe to run by several sessions at once.
 */
export async function reapDeadSessions(store: ReaperStore, clock: Clock): Promise<Reaped> {
  const dead = (await store.sessions.open()).filter((session) => !isAlive(session.identity));
  if (dead.length === 0) return { sessions: [], requeued: [], givenUp: [] };
  const slots = await store.workers.list();
  const requeued: string[] = [];
  const givenUp: string[] = [];
  for (const session of dead) {
    const own = slots.filter((slot) => slot.sessionId === session.id);
    const gone = await endProcesses(session, own, clock);
    // What cannot be killed keeps its slot: the ceiling must not be passed because of it.
    if (!gone) continue;
    for (const task of await store.tasks.activeOf(session.id)) {
      const outcome = await requeueInterrupted(store, task.id, task.attempt);
      if (outcome === 'requeued') requeued.push(task.id);
      else if (outcome === 'given-up') givenUp.push(task.id);
    }
    for (const slot of own) await store.workers.release(slot.taskId, slot.attempt);
    await store.sessions.end(session.id);
  }
  return { sessions: dead.map((session) => session.id), requeued, givenUp };
}

async function endProcesses(session: Session, slots: readonly WorkerSlot[], clock: Clock): Promise<boolean> {
  const ownerPrefix = `${session.id}:`;
  let survivors = 0;
  for (const slot of slots) {
    if (slot.identity === null) continue;
    survivors += (await killTree(slot.identity, { clock, graceMs: 0, ownerPrefix: slot.owner })).length;
  }
  for (const stray of ownedProcesses(ownerPrefix)) {
    survivors += (await killTree(stray, { clock, graceMs: 0, ownerPrefix: '' })).length;
  }
  return survivors === 0;
}

/** Back into the queue, or failed when its parents keep dying under it; null when another reaper was first. */
async function requeueInterrupted(
  store: ReaperStore,
  taskId: string,
  attempt: number,
): Promise<'requeued' | 'given-up' | null> {
  const interruptions = await store.tasks.interruptionsOf(taskId);
  if (interruptions + 1 >= maxInterruptions) {
    const ended = await store.tasks.end(taskId, attempt, {
      status: 'failed',
      summary: null,
      error: {
        code: 'INTERRUPTED_TOO_OFTEN',
        message: `Wilson was ended ${interruptions + 1} times while ${taskId} ran.`,
        hint: 'If the machine ran out of memory, choose a smaller model; then `wilson retry`.',
      },
    });
    return ended ? 'given-up' : null;
  }
  const put = await store.tasks.requeue(taskId, attempt, {
    runAtMs: 0,
    interruption: 'crash',
    error: { code: 'INTERRUPTED', message: 'Wilson was ended while the task ran.', hint: '' },
  });
  if (!put) return null;
  await store.events.append({
    taskId,
    sessionId: null,
    level: 'warn',
    kind: 'interrupted',
    text: 'The wilson process that ran this task is gone; the task is queued again.',
  });
  return 'requeued';
}
