import type { Clock } from '../clock.js';
import type { WilsonError } from '../errors.js';
import { isAlive } from '../platform/process-identity.js';
import { killTree, ownedProcesses } from '../platform/process-tree.js';
import type { EventStore } from '../store/event-store.js';
import type { FamilyStore } from '../store/family-store.js';
import { persist } from '../store/persist.js';
import type { SessionStore } from '../store/session-store.js';
import type { Async } from '../store/store-thread.js';
import type { TaskStore } from '../store/task-store.js';
import type { WorkerStore } from '../store/worker-store.js';
import { isOver, type Task } from '../task/task.js';
import { askControl } from './control-socket.js';
import { endFamily } from './end-family.js';

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

export interface FamilyKill extends KillOutcome {
  /** What became of its subtasks, and theirs, that were not over. */
  readonly below: readonly KillOutcome[];
}

export interface KillOptions {
  /** The session that asks, which need not be asked. */
  readonly ownSessionId?: string;
  /**
   * Called once when the database is locked by another process, e.g. by a parent that was stopped while it wrote: the
   * processes have been ended, and what is left is to write that down, which waits for the lock.
   */
  onLocked?(): void;
}

/** An owner that has not ended the task by then (it is stopped, or busy) is no longer waited for. */
const ownerAnswerMs = 1_000;
/** How long the lock of the database is waited for where nothing runs. */
const lockWaitMs = 8_000;
/** A task that goes on while it is being ended, since its parent lives again, is looked at anew so often. */
const mostLooks = 5;

/**
 * Ends a task, with its subtasks, from any process: a queued one in the database, a running one through its parent's control
 * socket, and by itself, after checking identities, when the parent is gone or does not answer. The processes go without
 * waiting for a lock of the database. The end is always `cancelled`, and never comes before the worker is seen dead.
 * `survived` means that the kernel refused. Rejects with `STORE_BUSY` when it could not be written for ten minutes; for a task
 * of which nothing runs, after seconds.
 */
export async function killTask(
  store: KillStore,
  taskId: string,
  clock: Clock,
  options: KillOptions = {},
): Promise<FamilyKill> {
  const before = await store.families.unfinishedBelow(taskId);
  const kill = new Kill(store, taskId, clock, options);
  const { own, below } = await endFamily(
    taskId,
    (id) => kill.end(id),
    (id) => store.families.unfinishedBelow(id),
  );
  const ids = new Set([...before, ...below.keys()]);
  // They were not over: what somebody else has taken along meanwhile, such as a living parent, was ended by this all the same.
  const outcomeOf = async (id: string): Promise<KillOutcome> => {
    const outcome = below.get(id);
    return outcome === undefined || outcome.result === 'over' ? kill.seen(id) : outcome;
  };
  return { ...own, below: await Promise.all([...ids].map(outcomeOf)) };
}

class Kill {
  private lockedSinceMs: number | null = null;
  private hasEnded = false;

  constructor(
    private readonly store: KillStore,
    private readonly topId: string,
    private readonly clock: Clock,
    private readonly options: KillOptions,
  ) {}

  /** How a task stands that somebody else has taken along. */
  async seen(taskId: string): Promise<KillOutcome> {
    const task = await this.store.tasks.get(taskId);
    if (task === null) return { taskId, result: 'unknown', task };
    return { taskId, result: task.status === 'cancelled' ? 'cancelled' : 'over', task };
  }

  async end(taskId: string): Promise<KillOutcome> {
    const { store } = this;
    for (let look = 0; look < mostLooks; look += 1) {
      const task = await store.tasks.get(taskId);
      if (task === null) return { taskId, result: 'unknown', task };
      // What ended while it was being ended was brought to that by it.
      if (isOver(task.status)) return look === 0 ? { taskId, result: 'over', task } : this.seen(taskId);
      const result = isWithWorker(task) ? await this.endActive(task) : await this.endQueued(taskId);
      if (result !== null) return { taskId, result, task: await store.tasks.get(taskId) };
    }
    return { taskId, result: 'survived', task: await store.tasks.get(taskId) };
  }

  /** Null when it has been started meanwhile. */
  private async endQueued(taskId: string): Promise<KillOutcome['result'] | null> {
    const queued = await this.write(() => this.store.tasks.cancelQueued(taskId));
    if (queued === 'cancelled') await this.record(taskId, 'cancelled while it was queued');
    return queued === 'active' ? null : queued;
  }

  /** Null when it has gone on meanwhile: its parent lives again, or was quicker. */
  private async endActive(task: Task): Promise<KillOutcome['result'] | null> {
    const { store } = this;
    const { id } = task;
    const ended = await this.endProcesses(id);
    if (ended !== 'gone') return ended;
    const slot = await store.workers.slotOf(id);
    if (slot !== null) await this.write(() => store.workers.release(id, slot.attempt));
    if (!(await this.write(() => store.tasks.cancelActive(id, slot?.attempt ?? task.attempt)))) return null;
    await this.record(id, 'cancelled; its parent did not answer, so the worker was ended directly');
    return 'cancelled';
  }

  /** Ends what runs for a task: through its parent, which then has the last word, or directly. Writes nothing. */
  private async endProcesses(taskId: string): Promise<'cancelled' | 'over' | 'survived' | 'gone'> {
    const { store, clock, options } = this;
    const sessionId = await store.tasks.sessionOf(taskId);
    const session = sessionId === null ? null : await store.sessions.get(sessionId);
    const asksItself = sessionId !== null && sessionId === options.ownSessionId;
    if (session !== null && session.socket !== null && !asksItself && isAlive(session.identity)) {
      const reply = await askControl(session.socket, { op: 'kill', taskId }, ownerAnswerMs, clock);
      if (reply?.ok === true && (reply.result === 'cancelled' || reply.result === 'over')) return reply.result;
    }
    this.hasEnded = true;
    const slot = await store.workers.slotOf(taskId);
    // Without a slot the worker is gone, but its checks may run.
    const ownerPrefix = `${slot?.sessionId ?? sessionId}:${taskId}:`;
    const worker = slot?.identity ?? null;
    for (const root of worker === null ? ownedProcesses(ownerPrefix) : [worker]) {
      if ((await killTree(root, { clock, graceMs: 0, ownerPrefix })).length > 0) return 'survived';
    }
    return 'gone';
  }

  private write<T>(action: () => Promise<T>): Promise<T> {
    return persist(this.clock, action, (error) => this.whenLocked(error));
  }

  /**
   * Nobody knows for how long: until then nothing of the family may go on. Where nothing ran, nothing has happened that
   * must be written, and whoever asked is told soon.
   */
  private async whenLocked(error: WilsonError): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    if (this.lockedSinceMs !== null) {
      if (!this.hasEnded && nowMs - this.lockedSinceMs > lockWaitMs) throw error;
      return;
    }
    this.lockedSinceMs = nowMs;
    const { store } = this;
    const ids = [this.topId, ...(await store.families.unfinishedBelow(this.topId))];
    await Promise.all(
      ids.map(async (id) => {
        const task = await store.tasks.get(id);
        if (task !== null && isWithWorker(task)) await this.endProcesses(id);
      }),
    );
    if (this.hasEnded) this.options.onLocked?.();
  }

  private async record(taskId: string, text: string): Promise<void> {
    await this.write(() =>
      this.store.events.append({ taskId, sessionId: null, level: 'info', kind: 'cancelled', text }),
    );
  }
}

function isWithWorker({ status }: Task): boolean {
  return status === 'assigned' || status === 'in_progress';
}
