import type { ProviderId } from '../task/task.js';

/** A model on a server, as the sessions share it. */
export interface ServerModel {
  readonly key: string;
  readonly provider: ProviderId;
  readonly server: string;
  readonly model: string;
  readonly state: 'loading' | 'loaded' | 'unloading';
  /** Wilson loaded it, and takes it away when nobody holds it. */
  readonly ours: boolean;
  readonly local: boolean;
  readonly pinned: boolean;
  readonly numCtx: number;
  readonly numThreads: number | null;
  readonly memoryMb: number;
  /** What the server said, not an estimate. */
  readonly memoryMeasured: boolean;
  readonly holders: number;
  readonly idleSinceMs: number | null;
}

/** A line of `server_models` with its number of holders. */
export interface LoadedRow {
  model_key: string;
  provider: ProviderId;
  server: string;
  model: string;
  state: ServerModel['state'];
  session_id: string;
  ours: number;
  local: number;
  pinned: number;
  num_ctx: number;
  num_threads: number | null;
  memory_mb: number;
  memory_measured: number;
  idle_timeout_s: number;
  idle_since_ms: number | null;
  holders: number;
}

export function loadedOfRow(row: LoadedRow): ServerModel {
  return {
    key: row.model_key,
    provider: row.provider,
    server: row.server,
    model: row.model,
    state: row.state,
    ours: row.ours === 1,
    local: row.local === 1,
    pinned: row.pinned === 1,
    numCtx: row.num_ctx,
    numThreads: row.num_threads,
    memoryMb: row.memory_mb,
    memoryMeasured: row.memory_measured === 1,
    holders: row.holders,
    idleSinceMs: row.idle_since_ms,
  };
}
