import { persist } from '../store/persist.js';
import type { TaskStatus } from '../task/task.js';
import { endFamily } from './end-family.js';
import { killTask } from './kill-task.js';
import type { CancelOutcome } from './port.js';
import { survived } from './run-task.js';
import type { RunningTask } from './running-task.js';
import type { SupervisorOptions } from './supervisor-options.js';

export interface CancelOptions extends Pick<SupervisorOptions, 'store' | 'clock' | 'session'> {
  /** The task as this supervisor runs it now. */
  running(taskId: string): RunningTask | null;
  /** The subtasks of a task that this supervisor runs now. */
  runningBelow(taskId: string): readonly RunningTask[];
  /** Waits for claims that are on their way back from the store. */
  claimsKnown(): Promise<void>;
  over(taskId: string, status: TaskStatus): Promise<void>;
  /** Stops the look at the whole of a parent. */
  stopFinish(taskId: string): Promise<void>;
}

/** A write that takes longer than this waits for a lock. */
const lockedAfterMs = 1_000;

/**
 * Ends a task, with its subtasks, for its own supervisor. Resolves when the workers and all they started are gone, which
 * waits for no lock of the database, and that is written down. Rejects with `NOT_KILLED` when the system would not end a
 * process.
 */
export async function cancelTask(options: CancelOptions, taskId: string): Promise<CancelOutcome> {
  const { store, clock } = options;
  // The database may be locked, by a process that was stopped, and our own thread waits for it: the work ends all the same.
  const late = clock.after(lockedAfterMs, () => {
    for (const running of options.runningBelow(taskId)) running.stop('cancelled');
  });
  const endOne = async (id: string): Promise<CancelOutcome> => {
    const outcome = await cancelOne(options, id);
    if (id === taskId && outcome.result !== 'unknown') await options.stopFinish(taskId);
    return outcome;
  };
  try {
    return (await endFamily(taskId, endOne, (id) => store.families.unfinishedBelow(id))).own;
  } finally {
    late.cancel();
  }
}

async function cancelOne(options: CancelOptions, taskId: string): Promise<CancelOutcome> {
  const { store, clock, session, over } = options;
  const cancelQueued = () => persist(clock, () => store.tasks.cancelQueued(taskId));
  // Known without a look into the database, which may be locked.
  options.running(taskId)?.stop('cancelled');
  const queued = await cancelQueued();
  if (queued === 'cancelled') {
    await over(taskId, 'cancelled');
  } else if (queued === 'active') {
    const running = await runningHere(options, taskId);
    if (running === null) {
      const { result, task } = await killTask(store, taskId, clock, { ownSessionId: session.id });
      if (result === 'survived') throw survived(taskId);
      await over(taskId, 'cancelled');
      return { result, task };
    }
    running.stop('cancelled');
    await running.ended;
    // It may have ended, or gone back to the queue, in the very moment in which it was to be stopped.
    if ((await cancelQueued()) === 'cancelled') await over(taskId, 'cancelled');
  } else if (queued === 'over') {
    // Ended from elsewhere in the moment of its start: its worker must go all the same.
    const running = options.running(taskId);
    running?.stop('cancelled');
    await running?.ended;
  }
  const task = await store.tasks.get(taskId);
  if (task === null) return { result: 'unknown', task: null };
  return { result: queued !== 'over' && task.status === 'cancelled' ? 'cancelled' : 'over', task };
}

/** The task as this supervisor runs it; null when another session does. */
async function runningHere(options: CancelOptions, taskId: string): Promise<RunningTask | null> {
  if (options.running(taskId) === null) await options.claimsKnown();
  return options.running(taskId);
}
