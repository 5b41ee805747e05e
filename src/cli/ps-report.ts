import { isAlive } from '../platform/process-identity.js';
import { readPss, treeMemory } from '../platform/process-memory.js';
import type { Session, SessionLimits } from '../store/session-store.js';
import type { Store } from '../store/store.js';
import type { WorkerSlot } from '../store/worker-store.js';
import { type ProviderId, type Purpose, providerIds, purposes } from '../task/task.js';
import { type PsJson, type PsModelJson, type PsWorkerJson, psQueuedJson, psWorkerJson } from './json-shapes.js';

const megabyte = 1_048_576;

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
  const models = modelsOf(store, byId);
  const parents = await Promise.all(sessions.map((session) => ownMemoryMb(session)));
  const reserved = slots.reduce((sum, slot) => sum + Math.max(0, slot.reservedMb - (slot.processMb ?? 0)), 0);
  const limits = sessions[0]?.limits ?? configuredLimits();
  return {
    workers: live,
    models,
    queued: store.tasks.queue().map(psQueuedJson),
    totals: {
      processMb: total(live.map((worker) => worker.processMb)) + total(parents),
      modelMb: total(models.map((model) => model.memoryMb)),
      reservedMb: reserved,
      maxMemoryMb: limits.maxMemoryMb,
      warnThresholdMb: limits.warnThresholdMb,
      activeWorkers: live.length,
      maxConcurrent: limits.maxConcurrent,
    },
  };
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

function modelsOf(store: Store, sessions: ReadonlyMap<string, Session>): PsModelJson[] {
  const byKey = new Map<string, PsModelJson>();
  for (const lease of store.sessions.heldModels()) {
    if (!sessions.has(lease.sessionId)) continue;
    const provider = providerIds.find((id) => id === lease.provider) satisfies ProviderId | undefined;
    const purpose = purposes.find((name) => name === lease.purpose) satisfies Purpose | undefined;
    if (provider === undefined || purpose === undefined) continue;
    // An embedded model lives in the process that holds it: two holders are two copies.
    const key = `${provider} ${lease.server} ${lease.model} ${provider === 'llamacpp' ? lease.sessionId + lease.holder : ''}`;
    const known = byKey.get(key);
    byKey.set(key, {
      name: lease.model,
      provider,
      server: lease.server,
      purpose: [...new Set([...(known?.purpose ?? []), purpose])],
      holders: [...new Set([...(known?.holders ?? []), lease.holder])],
      memoryMb: lease.memoryMb ?? known?.memoryMb ?? null,
      contextTokens: lease.contextTokens ?? known?.contextTokens ?? null,
      keepAlive: lease.keepAlive || (known?.keepAlive ?? false),
      ours: lease.ours && (known?.ours ?? true),
    });
  }
  return [...byKey.values()];
}
