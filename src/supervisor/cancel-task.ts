import type { TaskStatus } from '../task/task.js';
import { killTask } from './kill-task.js';
import type { CancelOutcome } from './port.js';
import { survived } from './run-task.js';
import type { RunningTask } from './running-task.js';
import type { SupervisorOptions } from './supervisor-options.js';

export interface CancelOptions extends Pick<SupervisorOptions, 'store' | 'clock' | 'session'> {
  /** The task as this supervisor runs it now. */
  running(taskId: string): RunningTask | null;
  /** Waits for claims that are on their way back from the store. */
  claimsKnown(): Promise<void>;
  over(taskId: string, status: TaskStatus): Promise<void>;
  /** Stops the look at the whole of a parent. */
  stopFinish(taskId: string): Promise<void>;
}

/** A worker that is being ended may add to its family once more; nobody does so this often. */
const mostRounds = 5;

/**
 * Ends a task, with its subtasks, for its own supervisor. Resolves when the workers and all they started are gone.
 * Rejects with `NOT_KILLED` when the system would not end a process.
 */
export async function cancelTask(options: CancelOptions, taskId: string): Promise<CancelOutcome> {
  const outcome = await cancelOne(options, taskId);
  if (outcome.result === 'unknown') return outcome;
  await options.stopFinish(taskId);
  // The parent first: it must not take the end of its subtasks for a failure of theirs.
  for (let round = 0; round < mostRounds; round += 1) {
    const below = await options.store.families.unfinishedBelow(taskId);
    if (below.length === 0) break;
    for (const id of below) await cancelOne(options, id);
  }
  return outcome;
}

async function cancelOne(options: CancelOptions, taskId: string): Promise<CancelOutcome> {
  const { store, clock, session, over } = options;
  const queued = await store.tasks.cancelQueued(taskId);
  if (queued === 'cancelled') {
    await over(taskId, 'cancelled');
  } else if (queued === 'active') {
    const running = await runningHere(options, taskId);
    if (running === null) {
      const { result, task } = await killTask(store, taskId, clock, session.id);
      if (result === 'survived') throw survived(taskId);
      await over(taskId, 'cancelled');
      return { result, task };
    }
    running.stop('cancelled');
    await running.ended;
    // It may have ended, or gone back to the queue, in the very moment in which it was to be stopped.
    if ((await store.tasks.cancelQueued(taskId)) === 'cancelled') await over(taskId, 'cancelled');
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
