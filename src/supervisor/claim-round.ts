import { WilsonError } from '../errors.js';
import { type MemoryUse, usedMb } from '../store/memory-use.js';
import type { Task } from '../task/task.js';
import { admit, keepFreeMb, type MemoryLimits } from './admission.js';
import type { TaskNeed } from './port.js';
import { type Capacity, capacityDetail, planClaims, type Wait } from './scheduler.js';
import type { SupervisorOptions } from './supervisor-options.js';

type ClaimOptions = Pick<SupervisorOptions, 'store' | 'session' | 'clock' | 'models' | 'memory' | 'log'>;

export interface RoundOutcome {
  readonly waits: readonly Wait[];
  readonly refusals: readonly { readonly task: Task; readonly detail: string; readonly hint: string }[];
  /** Something was taken away to make room: another look may claim more. */
  readonly madeRoom: boolean;
}

/** What is reserved for a task whose model cannot be chosen: its attempt will say why. */
const unknownNeed: TaskNeed = { processMb: 100, model: null, parts: 'worker 100 MB', basis: 'metadata' };
const needAskMs = 10_000;

/** One look at the queue with regard to slots and memory: plans, claims what fits, and says what the others wait for. */
export async function claimRound(
  options: ClaimOptions,
  candidates: readonly Task[],
  activeWorkers: number,
  /** Told of each claimed task at once; false ends the round. */
  launch: (task: Task, owner: string, need: TaskNeed) => boolean,
): Promise<RoundOutcome> {
  const { store, session, models, clock } = options;
  if (candidates.length === 0) return { waits: [], refusals: [], madeRoom: false };
  const deadline = new AbortController();
  const timer = clock.after(needAskMs, () => deadline.abort(), { keepAlive: true });
  try {
    const needs = await needsOf(options, candidates, deadline.signal);
    const limits = limitsOf(options);
    const capacity: Capacity = {
      activeWorkers,
      maxConcurrent: session.limits.maxConcurrent,
      use: await store.workers.memoryUse(),
      limits,
    };
    const plan = planClaims(
      candidates.map((task) => ({ task, need: needs.get(task.id) ?? unknownNeed })),
      capacity,
    );
    const refusals = [];
    for (const { taskId, detail } of plan.refusals) {
      const task = candidates.find(({ id }) => id === taskId);
      if (task === undefined) continue;
      const roomMb = Math.min(limits.maxMemoryMb, limits.totalMb) - usedMb(limits.permanent);
      refusals.push({ task, detail, hint: await models.wouldFit(task, roomMb, deadline.signal) });
    }
    const waits: Wait[] = [];
    for (const taskId of plan.claims) {
      const need = needs.get(taskId) ?? unknownNeed;
      const outcome = await store.workers.claim({
        taskId,
        sessionId: session.id,
        ownerToken: session.id,
        maxConcurrent: session.limits.maxConcurrent,
        need,
        maxMemoryMb: session.limits.maxMemoryMb,
        spareMb: limits.availableMb === null ? null : limits.availableMb - keepFreeMb,
      });
      if (outcome.claimed) {
        if (!launch(outcome.task, outcome.owner, need)) break;
      } else if (outcome.reason === 'max_concurrent') {
        waits.push({ taskId, reason: 'max_concurrent', detail: capacityDetail(outcome.active) });
      } else if (outcome.reason === 'memory') {
        const lost = memoryWait(taskId, outcome.use, need, limits);
        if (lost !== null) waits.push(lost);
      }
    }
    waits.push(...plan.waits);
    const blocked = waits.some(({ reason, sum }) => reason === 'memory' && sum !== undefined);
    const madeRoom = blocked && (await models.makeRoom()) > 0;
    return { waits, refusals, madeRoom };
  } finally {
    timer.cancel();
  }
}

/** The ceiling of a session as it is now. */
export function limitsOf({ session, memory }: Pick<ClaimOptions, 'session' | 'memory'>): MemoryLimits {
  return {
    maxMemoryMb: session.limits.maxMemoryMb,
    permanent: memory.chat(),
    availableMb: memory.availableMb(),
    totalMb: memory.totalMb,
  };
}

async function needsOf(
  { models, log }: ClaimOptions,
  candidates: readonly Task[],
  signal: AbortSignal,
): Promise<Map<string, TaskNeed>> {
  const needs = await Promise.all(
    candidates.map(async (task) => {
      try {
        return [task.id, await models.need(task, signal)] as const;
      } catch (error) {
        if (!(error instanceof WilsonError)) throw error;
        log.info({ task: task.id, code: error.code }, 'no model can be chosen for a task yet');
        return [task.id, unknownNeed] as const;
      }
    }),
  );
  return new Map(needs);
}

function memoryWait(taskId: string, use: MemoryUse, need: TaskNeed, limits: MemoryLimits): Wait | null {
  const admission = admit(use, need, limits);
  return admission.fits ? null : { taskId, reason: 'memory', detail: admission.detail, sum: admission.sum };
}
