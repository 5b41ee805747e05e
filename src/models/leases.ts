import type { Clock, Timer } from '../clock.js';
import { sleep, withDeadline } from '../clock.js';
import { WilsonError } from '../errors.js';
import { displayUrl } from '../providers/ollama-host.js';
import type { LoadedModel, LoadOptions, ModelProvider } from '../providers/provider.js';
import type { ServerModel } from '../store/model-rows.js';
import { type ModelStore, modelKey, type UnloadOutcome } from '../store/model-store.js';
import { persist } from '../store/persist.js';
import type { Async } from '../store/store-thread.js';
import type { ProviderId } from '../task/task.js';
import { startLoadDeadline } from './load-deadline.js';
import { findLoaded } from './loaded-model.js';
import { isLocalServer } from './local-server.js';
import type { Chosen } from './model-selection.js';
import { arrivalMs, createUnloader } from './unload.js';

/** A held model. While one lease of it is open, in whichever wilson process, it stays loaded. */
export interface Lease {
  readonly holder: string;
  /** False when it was loaded before Wilson came: then it stays loaded after the last lease too. */
  readonly ours: boolean;
  /** What the server says it takes; null where it does not say. */
  readonly memoryMb: number | null;
  /** The options it is loaded with: those of the first holder. Requests must carry them, or the server loads it anew. */
  readonly load: LoadOptions;
  /**
   * Gives it back. Resolves, after the last one, when the model is gone from the server (or its idle time has begun); a
   * server that is not there any more holds nothing and is no error. A second call throws `LEASE_RELEASED`.
   */
  release(): Promise<void>;
}

export interface ModelLeases {
  /**
   * Loads the model if nobody holds it yet and resolves when it is loaded. Rejects with `LOAD_TIMED_OUT`, `ABORTED`, or as
   * the provider does; then nothing is held. `estimateMb` is what it counts for until the server says what it takes.
   */
  acquire(
    choice: Chosen,
    holder: string,
    options: { readonly signal: AbortSignal; readonly estimateMb?: number },
  ): Promise<Lease>;
  /** No longer keeps a model that stays because its purpose is configured so: its server has no place for it. */
  stopKeeping(choice: Chosen): Promise<void>;
  /** Takes away idle models of ours at once, so that something else fits. Resolves with how many went. */
  makeRoom(): Promise<number>;
  /**
   * Takes away what Wilson loaded and nobody holds any more, whichever wilson process it was (design: "a safety sweep");
   * with `now` also what is still in its idle time. Never rejects for a server that does not answer.
   */
  sweep(when?: 'due' | 'now'): Promise<void>;
  /** Gives back all that this session holds, and resolves when that is done or has failed. Safe to call twice. */
  close(): Promise<void>;
}

export type LeaseStore = Pick<
  Async<ModelStore>,
  | 'acquire'
  | 'expect'
  | 'loaded'
  | 'suspect'
  | 'release'
  | 'claimUnload'
  | 'unloaded'
  | 'list'
  | 'sessions'
  | 'forgetSession'
>;

export interface ModelLeasesOptions {
  readonly sessionId: string;
  readonly store: LeaseStore;
  readonly providerFor: (choice: Chosen) => ModelProvider;
  /** For models that another session left behind; null where this one cannot reach that server. */
  readonly providerAt: (provider: ProviderId, server: string) => ModelProvider | null;
  readonly isSessionAlive: (sessionId: string) => Promise<boolean>;
  readonly clock: Clock;
  /** Bound of a load; starts anew whenever the provider reports progress. */
  readonly loadDeadlineMs?: number;
  /** Told when a model of ours could not be unloaded, or that could not be noted. */
  readonly onUnloadFailed?: (model: string, error: unknown) => void;
  /** Told when a model of ours is gone from its server, and how long that took. */
  readonly onUnloaded?: (model: ServerModel, unloadMs: number) => void;
}

const defaultLoadDeadlineMs = 30_000;
/** How often a model that is being taken away is looked at by somebody who wants it. */
const unloadingPollMs = 50;
/** After so many looks the session that takes it away is looked at too: it may have died. */
const looksBeforeDoubt = 20;
const unpinDeadlineMs = 5_000;
/** Holder of a model that stays for as long as its session, because its purpose is configured so. */
const keptHolder = 'kept';

/**
 * Counts who holds which model over all wilson processes, in the database: a model is known by its server and name, and has
 * one set of load options, since two would make the server load it anew at every change.
 */
export function createModelLeases(options: ModelLeasesOptions): ModelLeases {
  return new Leases(options);
}

class Leases implements ModelLeases {
  private readonly open = new Map<Lease, () => Promise<void>>();
  private readonly idle = new Map<string, Timer>();
  private readonly kept = new Map<string, Chosen>();
  private readonly closing = new AbortController();
  /** What the end waits for. */
  private readonly working = new Set<Promise<unknown>>();
  private readonly unloader;
  private ending: Promise<void> | null = null;

  constructor(private readonly options: ModelLeasesOptions) {
    this.unloader = createUnloader(options);
  }

  acquire(
    choice: Chosen,
    holder: string,
    { signal, estimateMb = 0 }: { readonly signal: AbortSignal; readonly estimateMb?: number },
  ): Promise<Lease> {
    return this.tracked(this.take(choice, holder, signal, estimateMb));
  }

  private async take(choice: Chosen, holder: string, signal: AbortSignal, estimateMb: number): Promise<Lease> {
    const linked = AbortSignal.any([signal, this.closing.signal]);
    const { loadDeadlineMs = defaultLoadDeadlineMs } = this.options;
    const key = keyOf(choice);
    const provider = this.options.providerFor(choice);
    const bound = startLoadDeadline(choice, loadDeadlineMs, this.options.clock, linked);
    let granted: Awaited<ReturnType<Leases['enter']>>;
    try {
      granted = await this.enter(choice, holder, estimateMb, bound.signal);
    } catch (thrown) {
      bound.stop();
      throw bound.reasonOf(thrown);
    }
    this.idle.get(key)?.cancel();
    this.idle.delete(key);
    let expected = false;
    try {
      try {
        if (linked.aborted) throw aborted();
        const before = await findLoaded(provider, choice.model, bound.signal);
        // Another kind of server loads and unloads by its own rules: then nothing of it is ours.
        if (before === null && provider.id === 'ollama') {
          await this.options.store.expect(key);
          expected = true;
        }
        const load = withForeignContext(granted, before);
        const { loadMs } = await provider.load(choice.model, load, {
          signal: bound.signal,
          pin: granted.pinned,
          onProgress: bound.progress,
        });
        const after = await findLoaded(provider, choice.model, bound.signal);
        const model = await this.options.store.loaded(key, {
          ours: before === null && after !== null,
          memoryMb: after === null ? null : Math.round(after.memoryBytes / megabyte),
          numCtx: load.numCtx,
          loadMs: before === null ? loadMs : null,
        });
        if (choice.keepAlive === true && choice.purpose !== 'chat') await this.keep(choice, estimateMb);
        return this.lease(choice, holder, load, model, after);
      } catch (thrown) {
        throw bound.reasonOf(thrown);
      } finally {
        bound.stop();
      }
    } catch (thrown) {
      // What we asked for may still arrive: it is looked for now, soon, and by the next sweep.
      if (expected) await persist(this.options.clock, () => this.options.store.suspect(key));
      await this.giveBack(choice, holder);
      throw thrown;
    }
  }

  async stopKeeping(choice: Chosen): Promise<void> {
    if (this.kept.delete(keyOf(choice))) await this.tracked(this.giveBack(choice, keptHolder));
  }

  async makeRoom(): Promise<number> {
    let gone = 0;
    for (const model of await this.options.store.list()) {
      if (model.holders === 0 && model.ours && model.local && (await this.takeAway(model, 'now'))) gone += 1;
    }
    return gone;
  }

  async sweep(when: 'due' | 'now' = 'due'): Promise<void> {
    const { store, sessionId, isSessionAlive } = this.options;
    for (const id of await store.sessions()) {
      if (id !== sessionId && !(await isSessionAlive(id))) await store.forgetSession(id);
    }
    for (const model of await store.list()) {
      if (model.holders === 0) await this.takeAway(model, when);
    }
  }

  close(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    this.closing.abort(aborted());
    for (const timer of this.idle.values()) timer.cancel();
    // A load that was over when it was to be given up ends in a lease.
    await Promise.allSettled(this.working);
    await Promise.all([...this.open.values()].map((release) => release()));
    for (const choice of this.kept.values()) await this.giveBack(choice, keptHolder);
    this.kept.clear();
    for (const key of this.idle.keys()) {
      const model = await this.options.store.claimUnload(this.options.sessionId, key, 'now');
      if (model !== null) await this.unload(model);
    }
    this.idle.clear();
  }

  /** Notes the holder; waits while somebody takes the model away. */
  private async enter(choice: Chosen, holder: string, estimateMb: number, signal: AbortSignal) {
    const { store, sessionId, clock, isSessionAlive } = this.options;
    const server = displayUrl(choice.server);
    for (let looks = 1; ; looks += 1) {
      if (signal.aborted) throw aborted();
      const outcome = await store.acquire({
        sessionId,
        holder,
        provider: choice.provider,
        server,
        model: choice.model,
        purpose: choice.purpose,
        keepAlive: choice.keepAlive ?? false,
        idleTimeoutS: choice.keepAlive === true ? 0 : (choice.idleTimeoutS ?? 0),
        numCtx: choice.load.numCtx,
        numThreads: choice.load.numThreads,
        local: isLocalServer(choice.server),
        memoryMb: estimateMb,
      });
      if (outcome.outcome === 'granted') return outcome;
      const doubtful = looks % looksBeforeDoubt === 0 && outcome.sessionId !== sessionId;
      if (doubtful && !(await isSessionAlive(outcome.sessionId))) await store.forgetSession(outcome.sessionId);
      else await sleep(clock, unloadingPollMs);
    }
  }

  private lease(
    choice: Chosen,
    holder: string,
    load: LoadOptions,
    model: ServerModel | null,
    after: LoadedModel | null,
  ): Lease {
    let released = false;
    const release = async (): Promise<void> => {
      this.open.delete(lease);
      await this.giveBack(choice, holder);
    };
    const lease: Lease = {
      holder,
      ours: model?.ours ?? false,
      memoryMb: after === null ? null : Math.round(after.memoryBytes / megabyte),
      load,
      release: async () => {
        if (released) throw new WilsonError('LEASE_RELEASED', `The model lease of ${holder} was given back twice.`);
        released = true;
        // After `close` there is nothing left to give back.
        if (this.open.has(lease)) await this.tracked(release());
      },
    };
    this.open.set(lease, release);
    return lease;
  }

  private async keep(choice: Chosen, estimateMb: number): Promise<void> {
    const key = keyOf(choice);
    if (this.kept.has(key)) return;
    this.kept.set(key, choice);
    await this.enter(choice, keptHolder, estimateMb, this.closing.signal);
  }

  private async giveBack(choice: Chosen, holder: string): Promise<void> {
    const { store, sessionId, clock } = this.options;
    const key = keyOf(choice);
    const outcome = await persist(clock, () => store.release(sessionId, holder, key));
    if (outcome.outcome === 'unload') await this.unload(outcome.model, this.options.providerFor(choice));
    if (outcome.outcome === 'kept' && outcome.model.pinned) await this.unpin(outcome.model, choice);
    if (outcome.outcome !== 'idle') return;
    if (this.closing.signal.aborted) {
      const model = await store.claimUnload(sessionId, key, 'now');
      if (model !== null) await this.unload(model, this.options.providerFor(choice));
      return;
    }
    this.expireIn(outcome.idleTimeoutS * 1_000, choice.model, key);
  }

  /** Somebody else's model was pinned for the chat: it goes by the usual rule again. */
  private async unpin(model: ServerModel, choice: Chosen): Promise<void> {
    const load = { numCtx: model.numCtx, numThreads: model.numThreads };
    const provider = this.options.providerFor(choice);
    try {
      await withDeadline(this.options.clock, unpinDeadlineMs, async (signal) => {
        // What is not there any more must not be loaded for this.
        if ((await findLoaded(provider, model.model, signal)) === null) return;
        await provider.unpin?.(model.model, load, { signal });
      });
    } catch (error) {
      this.options.onUnloadFailed?.(model.model, error);
    }
  }

  /** Looks later whether a model that nobody holds is to go. */
  private expireIn(delayMs: number, model: string, key: string): void {
    if (this.closing.signal.aborted) return;
    this.idle.get(key)?.cancel();
    const timer = this.options.clock.after(delayMs, () => {
      this.idle.delete(key);
      this.tracked(this.expire(key)).catch((error: unknown) => this.options.onUnloadFailed?.(model, error));
    });
    this.idle.set(key, timer);
  }

  private async expire(key: string): Promise<void> {
    const model = await this.options.store.claimUnload(this.options.sessionId, key, 'due');
    if (model !== null) await this.unload(model);
  }

  /** Resolves with whether it is gone. */
  private takeAway(model: ServerModel, when: 'due' | 'now'): Promise<boolean> {
    const provider = this.options.providerAt(model.provider, model.server);
    const take = async (): Promise<boolean> => {
      const claimed = await this.options.store.claimUnload(this.options.sessionId, model.key, when);
      return claimed !== null && (await this.unload(claimed, provider)) === 'gone';
    };
    return provider === null ? Promise.resolve(false) : this.tracked(take());
  }

  private async unload(
    model: ServerModel,
    provider = this.options.providerAt(model.provider, model.server),
  ): Promise<UnloadOutcome> {
    const outcome = await this.unloader(model, provider);
    if (outcome === 'awaited') this.expireIn(arrivalMs, model.model, model.key);
    return outcome;
  }

  private async tracked<T>(work: Promise<T>): Promise<T> {
    this.working.add(work);
    try {
      return await work;
    } finally {
      this.working.delete(work);
    }
  }
}

const megabyte = 1_048_576;

export function keyOf(choice: Pick<Chosen, 'provider' | 'server' | 'model'>): string {
  return modelKey(choice.provider, displayUrl(choice.server), choice.model);
}

/** Somebody else's model with a larger context serves us as it is; ours would make his be loaded anew. */
function withForeignContext(
  granted: { readonly numCtx: number; readonly numThreads: number | null },
  before: LoadedModel | null,
): LoadOptions {
  const theirs = granted.numThreads === null ? (before?.contextTokens ?? 0) : 0;
  return { numCtx: Math.max(granted.numCtx, theirs), numThreads: granted.numThreads };
}

function aborted(): WilsonError {
  return new WilsonError('ABORTED', 'The request was stopped.');
}
