import type { Clock } from '../clock.js';
import type { ProviderId, Purpose } from '../task/task.js';
import type { Connection } from './database.js';
import { type LoadedRow, loadedOfRow, type ServerModel } from './model-rows.js';

/** Names a model on its server; the server without user and password. */
export function modelKey(provider: ProviderId, server: string, model: string): string {
  return JSON.stringify([provider, server, model]);
}

/** Somebody wants a model on a server. */
export interface AcquireRequest {
  readonly sessionId: string;
  readonly holder: string;
  readonly provider: ProviderId;
  readonly server: string;
  readonly model: string;
  readonly purpose: Purpose;
  /** Pinned on its server. */
  readonly keepAlive: boolean;
  readonly idleTimeoutS: number;
  readonly numCtx: number;
  readonly numThreads: number | null;
  /** Whether it lies in this machine's memory. */
  readonly local: boolean;
  /** What it will take, as far as it is known. */
  readonly memoryMb: number;
}

/**
 * `granted`: the holder is noted, and the model is to be loaded with these options (which costs nothing where it is).
 * `unloading`: that session is taking it away at this moment; nothing is noted, ask again.
 */
export type AcquireOutcome =
  | {
      readonly outcome: 'granted';
      readonly numCtx: number;
      readonly numThreads: number | null;
      readonly pinned: boolean;
    }
  | { readonly outcome: 'unloading'; readonly sessionId: string };

/** What the last holder's leaving means: `unload` gives the unloading to the caller, who must report its end. */
export type ReleaseOutcome =
  | { readonly outcome: 'held' | 'unknown' }
  | { readonly outcome: 'kept'; readonly model: ServerModel }
  | { readonly outcome: 'unload'; readonly model: ServerModel }
  | { readonly outcome: 'idle'; readonly idleTimeoutS: number };

/**
 * How an unloading ended. `gone`: it is not there any more, or is no business of ours. `stays`: it could not be taken away.
 * `awaited`: it is not there, but a load that was given up may still bring it.
 */
export type UnloadOutcome = 'gone' | 'stays' | 'awaited';

/** What a model was seen to cost. */
export interface ModelFact {
  readonly provider: ProviderId;
  readonly model: string;
  readonly numCtx: number;
  readonly memoryMb: number | null;
  readonly loadMs: number | null;
  readonly unloadMs: number | null;
}

/**
 * The models that wilson processes hold on servers, counted over all of them. Each step is one IMMEDIATE transaction, so
 * that the last holder of one process and the first of another can meet at any moment and none of them is wrong: a model is
 * taken away only by the one session whose step made it `unloading`, and nobody gets hold of it before that is over.
 */
export class ModelStore {
  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
  ) {}

  /** Notes a holder. While others hold the model its load options stay as they are, or their requests would reload it. */
  acquire(request: AcquireRequest): AcquireOutcome {
    const key = modelKey(request.provider, request.server, request.model);
    return this.connection
      .transaction((): AcquireOutcome => {
        const row = this.row(key);
        if (row?.state === 'unloading') return { outcome: 'unloading', sessionId: row.session_id };
        const shared = row !== undefined && this.holders(key) > 0;
        const numCtx = shared ? row.num_ctx : request.numCtx;
        const numThreads = shared ? row.num_threads : request.numThreads;
        const pinned = request.keepAlive || row?.pinned === 1;
        const idleTimeoutS = Math.max(request.idleTimeoutS, shared ? row.idle_timeout_s : 0);
        const known = row?.num_ctx === numCtx && row.memory_measured === 1 ? row.memory_mb : null;
        this.connection
          .prepare(
            `INSERT INTO server_models (model_key, provider, server, model, state, session_id, ours, local, pinned, num_ctx,
               num_threads, memory_mb, idle_timeout_s)
             VALUES (@key, @provider, @server, @model, 'loading', @sessionId, 0, @local, @pinned, @numCtx, @numThreads,
               @memoryMb, @idleTimeoutS)
             ON CONFLICT (model_key) DO UPDATE SET pinned = @pinned, num_ctx = @numCtx, num_threads = @numThreads,
               memory_mb = @memoryMb, memory_measured = @measured, idle_timeout_s = @idleTimeoutS, idle_since_ms = NULL`,
          )
          .run({
            ...pick(request),
            key,
            local: request.local ? 1 : 0,
            pinned: pinned ? 1 : 0,
            numCtx,
            numThreads,
            memoryMb: known ?? request.memoryMb,
            measured: known === null ? 0 : 1,
            idleTimeoutS,
          });
        this.connection
          .prepare(
            `INSERT OR REPLACE INTO model_leases (session_id, holder, model_key, provider, server, model, purpose,
               context_tokens, keep_alive, ours, acquired_at)
             VALUES (@sessionId, @holder, @key, @provider, @server, @model, @purpose, @numCtx, @keepAlive, 1, @at)`,
          )
          .run({
            ...pick(request),
            key,
            holder: request.holder,
            purpose: request.purpose,
            numCtx,
            keepAlive: request.keepAlive ? 1 : 0,
            at: new Date(this.clock.now()).toISOString(),
          });
        return { outcome: 'granted', numCtx, numThreads, pinned };
      })
      .immediate();
  }

  /**
   * The model is not there and will be asked for now: what comes of that is ours, also when nobody lives to see it arrive.
   */
  expect(key: string): void {
    this.connection
      .prepare("UPDATE server_models SET ours = 1, state = 'loading' WHERE model_key = ? AND state <> 'unloading'")
      .run(key);
  }

  /**
   * A load is over. `ours`: it was not there before; once ours it stays ours. `memoryMb` is what the server says, null where
   * it does not. Resolves with the model as it is now, null when it was given back meanwhile.
   */
  loaded(
    key: string,
    seen: { ours: boolean; memoryMb: number | null; numCtx: number; loadMs: number | null },
  ): ServerModel | null {
    return this.connection
      .transaction(() => {
        this.connection
          .prepare(
            `UPDATE server_models SET state = CASE state WHEN 'loading' THEN 'loaded' ELSE state END, ours = max(ours, @ours),
               num_ctx = @numCtx, memory_mb = coalesce(@memoryMb, memory_mb),
               memory_measured = CASE WHEN @memoryMb IS NULL THEN memory_measured ELSE 1 END
             WHERE model_key = @key`,
          )
          .run({ key, ours: seen.ours ? 1 : 0, numCtx: seen.numCtx, memoryMb: seen.memoryMb });
        const row = this.row(key);
        if (row === undefined) return null;
        const model = loadedOfRow(row);
        this.noteFact({ ...model, memoryMb: seen.memoryMb, loadMs: seen.loadMs, unloadMs: null });
        return model;
      })
      .immediate();
  }

  /** A load was given up, but may come all the same. Until it is seen it counts for nothing, unless others await it too. */
  suspect(key: string): void {
    this.connection
      .transaction(() => {
        if (this.holders(key) > 1) return;
        this.connection
          .prepare("UPDATE server_models SET memory_mb = 0 WHERE model_key = ? AND state = 'loading'")
          .run(key);
      })
      .immediate();
  }

  /**
   * Forgets a holder. `unload`: he was the last one, the model is ours and nothing keeps it; it is `unloading` by his session
   * now. `idle`: it stays for so long. `kept`: somebody else had loaded it.
   */
  release(sessionId: string, holder: string, key: string): ReleaseOutcome {
    return this.connection
      .transaction((): ReleaseOutcome => {
        const { changes } = this.connection
          .prepare('DELETE FROM model_leases WHERE session_id = ? AND holder = ? AND model_key = ?')
          .run(sessionId, holder, key);
        const row = this.row(key);
        if (row === undefined) return { outcome: 'unknown' };
        if (this.holders(key) > 0) return { outcome: 'held' };
        // Given back before: the step that follows the last holder has been taken.
        if (changes === 0 && row.idle_since_ms !== null) return { outcome: 'unknown' };
        if (row.state === 'unloading') return { outcome: 'unknown' };
        if (row.ours === 0 && row.state === 'loaded') {
          this.connection.prepare('DELETE FROM server_models WHERE model_key = ?').run(key);
          return { outcome: 'kept', model: loadedOfRow(row) };
        }
        this.connection
          .prepare('UPDATE server_models SET idle_since_ms = ? WHERE model_key = ?')
          .run(this.clock.now(), key);
        if (idleMs(row) > 0) return { outcome: 'idle', idleTimeoutS: row.idle_timeout_s };
        return { outcome: 'unload', model: this.beginUnload(sessionId, row) };
      })
      .immediate();
  }

  /**
   * Gives the unloading of a model that nobody holds to this session; null when somebody does, or its time has not come.
   * `now` counts no idle time.
   */
  claimUnload(sessionId: string, key: string, when: 'due' | 'now'): ServerModel | null {
    return this.connection
      .transaction(() => {
        const row = this.row(key);
        if (row === undefined || row.state === 'unloading' || this.holders(key) > 0) return null;
        const dueMs = (row.idle_since_ms ?? 0) + idleMs(row);
        if (when === 'due' && dueMs > this.clock.now()) return null;
        return this.beginUnload(sessionId, row);
      })
      .immediate();
  }

  /** The unloading is over; what is not gone stays on the list, and the next sweep tries again. */
  unloaded(sessionId: string, key: string, outcome: UnloadOutcome, unloadMs: number | null): void {
    this.connection
      .transaction(() => {
        const row = this.row(key);
        if (row === undefined || row.state !== 'unloading' || row.session_id !== sessionId) return;
        if (unloadMs !== null) {
          this.noteFact({ ...loadedOfRow(row), memoryMb: null, loadMs: null, unloadMs });
        }
        if (outcome === 'gone') this.connection.prepare('DELETE FROM server_models WHERE model_key = ?').run(key);
        else {
          // Its idle time is over.
          this.connection
            .prepare('UPDATE server_models SET state = ?, idle_timeout_s = 0 WHERE model_key = ?')
            .run(outcome === 'stays' ? 'loaded' : 'loading', key);
        }
      })
      .immediate();
  }

  /** Every model that is held or not yet taken away. */
  list(): ServerModel[] {
    return this.connection
      .prepare<[], LoadedRow>(`SELECT ${columns} FROM server_models m ORDER BY model_key`)
      .all()
      .map(loadedOfRow);
  }

  find(key: string): ServerModel | null {
    const row = this.row(key);
    return row === undefined ? null : loadedOfRow(row);
  }

  /** Models of a server that a chat has pinned. */
  pinnedOn(provider: ProviderId, server: string): ServerModel[] {
    return this.list().filter((model) => model.pinned && model.provider === provider && model.server === server);
  }

  /** Sessions that hold a model, or load or unload one. */
  sessions(): string[] {
    return this.connection
      .prepare<[], { id: string }>(
        `SELECT session_id AS id FROM model_leases
         UNION SELECT session_id FROM server_models WHERE state = 'unloading'`,
      )
      .all()
      .map((row) => row.id);
  }

  /** A session is gone: its holders and its unloading with it, of which nobody knows how far it came. */
  forgetSession(sessionId: string): void {
    this.connection
      .transaction(() => {
        this.connection.prepare('DELETE FROM model_leases WHERE session_id = ?').run(sessionId);
        this.connection
          .prepare("UPDATE server_models SET state = 'loading' WHERE session_id = ? AND state = 'unloading'")
          .run(sessionId);
        this.connection
          .prepare(
            `UPDATE server_models SET idle_since_ms = ? WHERE idle_since_ms IS NULL
               AND NOT EXISTS (SELECT 1 FROM model_leases l WHERE l.model_key = server_models.model_key)`,
          )
          .run(this.clock.now());
      })
      .immediate();
  }

  facts(): ModelFact[] {
    return this.connection
      .prepare<[], ModelFact>(
        `SELECT provider, model, num_ctx AS numCtx, memory_mb AS memoryMb, load_ms AS loadMs, unload_ms AS unloadMs
         FROM model_facts ORDER BY provider, model, num_ctx`,
      )
      .all();
  }

  /** Adds what was seen; of an embedded model the highest memory counts, of one on a server what the server said last. */
  noteFact(fact: ModelFact): void {
    this.connection
      .prepare(
        `INSERT INTO model_facts (provider, model, num_ctx, memory_mb, load_ms, unload_ms, runs, updated_at)
         VALUES (@provider, @model, @numCtx, @memoryMb, @loadMs, @unloadMs, 1, @at)
         ON CONFLICT (provider, model, num_ctx) DO UPDATE SET
           memory_mb = CASE WHEN @provider = 'llamacpp' THEN max(coalesce(memory_mb, 0), coalesce(@memoryMb, 0))
             ELSE coalesce(@memoryMb, memory_mb) END,
           load_ms = coalesce(@loadMs, load_ms), unload_ms = coalesce(@unloadMs, unload_ms), runs = runs + 1, updated_at = @at`,
      )
      .run({
        provider: fact.provider,
        model: fact.model,
        numCtx: fact.numCtx,
        memoryMb: fact.memoryMb,
        loadMs: fact.loadMs,
        unloadMs: fact.unloadMs,
        at: new Date(this.clock.now()).toISOString(),
      });
  }

  private beginUnload(sessionId: string, row: LoadedRow): ServerModel {
    const idleSinceMs = row.idle_since_ms ?? this.clock.now();
    this.connection
      .prepare("UPDATE server_models SET state = 'unloading', session_id = ?, idle_since_ms = ? WHERE model_key = ?")
      .run(sessionId, idleSinceMs, row.model_key);
    return loadedOfRow({ ...row, idle_since_ms: idleSinceMs });
  }

  private row(key: string): LoadedRow | undefined {
    return this.connection
      .prepare<[string], LoadedRow>(`SELECT ${columns} FROM server_models m WHERE model_key = ?`)
      .get(key);
  }

  private holders(key: string): number {
    return (
      this.connection
        .prepare<[string], { count: number }>('SELECT count(*) AS count FROM model_leases WHERE model_key = ?')
        .get(key)?.count ?? 0
    );
  }
}

const columns = 'm.*, (SELECT count(*) FROM model_leases l WHERE l.model_key = m.model_key) AS holders';

/** How long a model stays after its last holder; what was never seen loaded was never used, and has no such time. */
function idleMs(row: LoadedRow): number {
  return row.state === 'loaded' ? row.idle_timeout_s * 1_000 : 0;
}

function pick({ sessionId, provider, server, model }: AcquireRequest) {
  return { sessionId, provider, server, model };
}
