import type { Connection } from './database.js';

/** What a task will take: its own process, and a model on a server that is counted once for all that use it. */
export interface MemoryNeed {
  /** The worker with all that it holds itself, an embedded model included. */
  readonly processMb: number;
  /** A model in this machine's memory, outside of the worker; null where there is none. */
  readonly model: { readonly key: string; readonly memoryMb: number } | null;
}

/** What Wilson has taken or promised on this machine, all sessions together. */
export interface MemoryUse {
  /** Chat engines. */
  readonly chatsMb: number;
  /** Workers: the reservation, or what was measured where that is more. */
  readonly workersMb: number;
  /** Models on local servers that are there by our doing, and those that workers are about to load; each once. */
  readonly models: readonly { readonly key: string; readonly memoryMb: number }[];
  /** The part of the promises that is not in use yet: what the machine's free memory must still give. */
  readonly promisedMb: number;
}

/** Sum of a use. Pure. */
export function usedMb(use: MemoryUse): number {
  return use.chatsMb + use.workersMb + use.models.reduce((sum, model) => sum + model.memoryMb, 0);
}

/** What a need adds to a use: its model costs only what is not counted already. Pure. */
export function addedMb(use: MemoryUse, need: MemoryNeed): number {
  if (need.model === null) return need.processMb;
  const counted = use.models.find(({ key }) => key === need.model?.key)?.memoryMb ?? 0;
  return need.processMb + Math.max(0, need.model.memoryMb - counted);
}

/** The use with a need added to it. Pure. */
export function withNeed(use: MemoryUse, need: MemoryNeed): MemoryUse {
  const added = addedMb(use, need);
  const { model } = need;
  const others = use.models.filter(({ key }) => key !== model?.key);
  const counted = use.models.find(({ key }) => key === model?.key)?.memoryMb ?? 0;
  return {
    ...use,
    workersMb: use.workersMb + need.processMb,
    models: model === null ? use.models : [...others, { key: model.key, memoryMb: Math.max(counted, model.memoryMb) }],
    promisedMb: use.promisedMb + added,
  };
}

/** Reads it within the caller's transaction; `withoutTask` leaves one worker out. */
export function readMemoryUse(connection: Connection, withoutTask: string | null = null): MemoryUse {
  const chatsMb =
    connection
      .prepare<[], { mb: number }>('SELECT coalesce(sum(chat_mb), 0) AS mb FROM sessions WHERE ended_at IS NULL')
      .get()?.mb ?? 0;
  const workers = connection
    .prepare<[string | null], { mb: number; promised: number }>(
      `SELECT coalesce(sum(max(reserved_mb, coalesce(process_mb, 0))), 0) AS mb,
         coalesce(sum(max(reserved_mb - coalesce(process_mb, 0), 0)), 0) AS promised
       FROM workers WHERE task_id IS NOT ?`,
    )
    .get(withoutTask) ?? { mb: 0, promised: 0 };
  const models = connection
    .prepare<[string | null], { key: string; memoryMb: number; loaded: number }>(
      `SELECT key, max(mb) AS memoryMb, max(loaded) AS loaded FROM (
         SELECT model_key AS key, memory_mb AS mb, state <> 'loading' AS loaded FROM server_models
           WHERE local = 1 AND (ours = 1 OR state = 'loading')
         UNION ALL
         SELECT model_key, model_mb, 0 FROM workers WHERE model_key IS NOT NULL AND task_id IS NOT ?)
       GROUP BY key ORDER BY key`,
    )
    .all(withoutTask);
  const coming = models.filter((model) => model.loaded === 0).reduce((sum, model) => sum + model.memoryMb, 0);
  return {
    chatsMb,
    workersMb: workers.mb,
    models: models.map(({ key, memoryMb }) => ({ key, memoryMb })),
    promisedMb: workers.promised + coming,
  };
}
