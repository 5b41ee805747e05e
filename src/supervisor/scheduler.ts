import { type MemoryUse, withNeed } from '../store/memory-use.js';
import type { MemorySum, Task } from '../task/task.js';
import { admit, type MemoryLimits } from './admission.js';
import type { TaskNeed } from './port.js';

/** What the machine has taken and may take; the sums are over every session of the user. */
export interface Capacity {
  readonly activeWorkers: number;
  readonly maxConcurrent: number;
  readonly use: MemoryUse;
  readonly limits: MemoryLimits;
}

export interface Candidate {
  readonly task: Pick<Task, 'id'>;
  readonly need: TaskNeed;
}

export interface Wait {
  readonly taskId: string;
  readonly reason: 'max_concurrent' | 'memory';
  readonly detail: string;
  /** The sum behind a wait for memory. */
  readonly sum?: MemorySum;
}

export interface Plan {
  /** To be claimed now, in this order. */
  readonly claims: readonly string[];
  readonly waits: readonly Wait[];
  /** Can never run on this configuration. */
  readonly refusals: readonly { readonly taskId: string; readonly detail: string }[];
}

/**
 * Decides what to start, given the runnable tasks in the order of the queue (priority, then age). Pure: the claim in
 * the store has the last word, since other sessions plan at the same time. A task that waits for memory holds back
 * those behind it, so that a big one is not starved by small ones.
 */
export function planClaims(candidates: readonly Candidate[], capacity: Capacity): Plan {
  const claims: string[] = [];
  const waits: Wait[] = [];
  const refusals: { taskId: string; detail: string }[] = [];
  let workers = capacity.activeWorkers;
  let { use } = capacity;
  let memoryBlocked: string | null = null;
  for (const { task, need } of candidates) {
    const admission = admit(use, need, capacity.limits);
    if (!admission.fits && admission.never) {
      refusals.push({ taskId: task.id, detail: admission.detail });
    } else if (workers >= capacity.maxConcurrent) {
      waits.push({ taskId: task.id, reason: 'max_concurrent', detail: capacityDetail(workers) });
    } else if (memoryBlocked !== null) {
      waits.push({
        taskId: task.id,
        reason: 'memory',
        detail: `waits behind ${memoryBlocked}, which waits for memory`,
      });
    } else if (!admission.fits) {
      memoryBlocked = task.id;
      waits.push({ taskId: task.id, reason: 'memory', detail: admission.detail, sum: admission.sum });
    } else {
      claims.push(task.id);
      workers += 1;
      use = withNeed(use, need);
    }
  }
  return { claims, waits, refusals };
}

/** `2 workers active, max capacity`, as the plan words it. */
export function capacityDetail(activeWorkers: number): string {
  return `${activeWorkers} worker${activeWorkers === 1 ? '' : 's'} active, max capacity`;
}
