import { isAlive } from '../platform/process-identity.js';
import { readPss, treeMemory } from '../platform/process-memory.js';
import { asyncStore } from '../store/async-store.js';
import type { Session, SessionLimits } from '../store/session-store.js';
import type { Store } from '../store/store.js';
import type { WorkerSlot } from '../store/worker-store.js';
import { type PsJson, type PsQueuedJson, type PsWorkerJson, psQueuedJson, psWorkerJson } from './ps-json.js';
import { promisedMb } from './ps-memory.js';
import { modelsNow } from './ps-models.js';
import { waitOf } from './task-wait.js';

const megabyte = 1_048_576;
/** More are never in review at once. */
const reviewsShown = 100;

/**
 * What runs now, on the whole machine: slots whose worker lives, with memory measured at this moment, the models that
 * live sessions hold, and what waits. Slots of dead sessions are left out; the next start reaps them. The limits are those
 * of a live session; `configuredLimits` is asked where there is none.
 */
export async function psReport(
  store: Store | null,
  configuredLimits: () => SessionLimits,
  nowMs: number,
): Promise<PsJson> {
  if (store === null) return emptyReport(configuredLimits());
  const sessions = store.sessions.open().filter((session) => isAlive(session.identity));
  const byId = new Map(sessions.map((session) => [session.id, session]));
  const slots = store.workers
    .list()
    .filter((slot) => (slot.identity === null ? byId.has(slot.sessionId) : isAlive(slot.identity)));
  const workers = await Promise.all(slots.map((slot) => workerOf(store, slot, byId.get(slot.sessionId), nowMs)));
  const live = workers.filter((worker) => worker !== null);
  const models = modelsNow(store, new Set(byId.keys()));
  const loaded = models.filter(({ counts, isLoaded }) => counts && isLoaded);
  const parents = await Promise.all(sessions.map((session) => ownMemoryMb(session)));
  const limits = sessions[0]?.limits ?? configuredLimits();
  return {
    workers: live,
    models: models.map(({ shown }) => shown),
    queued: await queuedNow(store),
    totals: {
      processMb: total(live.map((worker) => worker.processMb)) + total(parents),
      modelMb: total(loaded.map(({ memoryMb }) => memoryMb)),
      reservedMb: promisedMb({
        workers: slots.map((slot) => ({
          reservedMb: slot.reservedMb,
          processMb: live.find(({ task }) => task === slot.taskId)?.processMb ?? slot.processMb,
          model: slot.modelKey === null ? null : { key: slot.modelKey, memoryMb: slot.modelMb },
        })),
        models: models.filter(({ counts, engineOf }) => counts && engineOf === null),
        chats: store.sessions
          .chatMemory()
          .filter(({ sessionId }) => byId.has(sessionId))
          .map(({ sessionId, chatMb }) => ({
            reservedMb: chatMb,
            engineMb: total(models.filter(({ engineOf }) => engineOf === sessionId).map(({ memoryMb }) => memoryMb)),
          })),
      }),
      maxMemoryMb: limits.maxMemoryMb,
      warnThresholdMb: limits.warnThresholdMb,
      activeWorkers: live.length,
      maxConcurrent: limits.maxConcurrent,
    },
  };
}

/** What waits for a slot, for memory, for other tasks, or for the user. */
async function queuedNow(store: Store): Promise<PsQueuedJson[]> {
  const family = asyncStore(store);
  const queue = await Promise.all(
    store.tasks.queue().map(async (task) => psQueuedJson(task, await waitOf(family, task))),
  );
  const inReview = await Promise.all(
    store.tasks.list({ status: 'in_review', limit: reviewsShown }).map(async (task) => ({
      task,
      wait: await waitOf(family, task),
    })),
  );
  // A parent that is looked at as a whole is in review too, and waits for nobody.
  return [...queue, ...inReview.flatMap(({ task, wait }) => (wait === null ? [] : [psQueuedJson(task, wait)]))];
}

function emptyReport(limits: SessionLimits): PsJson {
  return {
    workers: [],
    models: [],
    queued: [],
    totals: { processMb: 0, modelMb: 0, reservedMb: 0, activeWorkers: 0, ...limits },
  };
}

function total(parts: readonly (number | null)[]): number {
  return parts.reduce<number>((sum, part) => sum + (part ?? 0), 0);
}

async function workerOf(
  store: Store,
  slot: WorkerSlot,
  session: Session | undefined,
  nowMs: number,
): Promise<PsWorkerJson | null> {
  const task = store.tasks.get(slot.taskId);
  if (task === null) return null;
  const memory = slot.identity === null ? null : await treeMemory(slot.identity.pid);
  return psWorkerJson(
    task,
    {
      pid: slot.identity?.pid ?? null,
      processMb: memory === null ? slot.processMb : Math.round(memory.bytes / megabyte),
      memoryKind: memory?.kind ?? slot.memoryKind,
      sessionPid: session?.identity.pid ?? null,
    },
    nowMs,
  );
}

/** PSS of the parent alone: its children are workers and engines, which are counted on their own. */
async function ownMemoryMb(session: Session): Promise<number | null> {
  const bytes = await readPss(session.identity.pid);
  return bytes === null ? null : Math.round(bytes / megabyte);
}
