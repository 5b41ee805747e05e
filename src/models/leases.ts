import type { Clock, Timer } from '../clock.js';
import { WilsonError } from '../errors.js';
import { displayUrl } from '../providers/ollama-host.js';
import { isSameModel } from '../providers/ollama-names.js';
import type { LoadedModel, ModelProvider } from '../providers/provider.js';
import { raceSignal } from '../providers/stream-signal.js';
import type { Chosen } from './model-selection.js';

/** A held model. While one lease of it is open it stays loaded. */
export interface Lease {
  readonly holder: string;
  /** False when it was loaded before Wilson came: then it stays loaded after the last lease too. */
  readonly ours: boolean;
  /** What the server says it takes; null where it does not say, and for embedded models. */
  readonly memoryBytes: number | null;
  /**
   * Gives it back. Resolves, after the last one, when the model is gone from the server (or its idle time has begun); a
   * server that is not there any more holds nothing and is no error. A second call throws `LEASE_RELEASED`.
   */
  release(): Promise<void>;
}

export interface HeldModel {
  readonly server: string;
  readonly model: string;
  readonly holders: readonly string[];
  readonly ours: boolean;
  readonly memoryBytes: number | null;
}

export interface ModelLeases {
  /**
   * Loads the model if nobody holds it yet and resolves when it is loaded. Rejects with `LOAD_TIMED_OUT`, `ABORTED`, or as
   * the provider does; then nothing is held. A load that nobody waits for any more is aborted.
   */
  acquire(choice: Chosen, holder: string, options: { readonly signal: AbortSignal }): Promise<Lease>;
  /** What is held now. */
  held(): readonly HeldModel[];
  /** Unloads all that Wilson loaded, held or not, and resolves when that is done or has failed. Safe to call twice. */
  close(): Promise<void>;
}

export interface ModelLeasesOptions {
  readonly providerFor: (choice: Chosen) => ModelProvider;
  readonly clock: Clock;
  /** Bound of a load; starts anew whenever the provider reports progress. */
  readonly loadDeadlineMs?: number;
  /** Told when a model of ours could not be unloaded. */
  readonly onUnloadFailed?: (choice: Chosen, error: unknown) => void;
}

const defaultLoadDeadlineMs = 30_000;
const unloadDeadlineMs = 60_000;

/**
 * Counts who holds which model, in this process. A model is known by its server and name; its load options are one set by
 * configuration, so they take no part in its identity (otherwise giving one set back would unload the other's model).
 */
export function createModelLeases(options: ModelLeasesOptions): ModelLeases {
  const entries = new Map<string, Entry>();

  function entryFor(choice: Chosen): Entry {
    const key = JSON.stringify([choice.provider, choice.server, choice.model]);
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = new Entry(choice, options, () => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    entries.set(key, entry);
    return entry;
  }

  return {
    async acquire(choice, holder, { signal }) {
      if (choice.provider === 'llamacpp') return embeddedLease(holder);
      return entryFor(choice).acquire(choice, holder, signal);
    },
    held: () => [...entries.values()].map((entry) => entry.describe()).filter((each) => each.holders.length > 0),
    async close() {
      await Promise.all([...entries.values()].map((entry) => entry.close()));
    },
  };
}

/** An embedded model lives and dies with the process that loads it. */
function embeddedLease(holder: string): Lease {
  let released = false;
  return {
    holder,
    ours: true,
    memoryBytes: null,
    async release() {
      if (released) throw releasedTwice(holder);
      released = true;
    },
  };
}

interface LoadState {
  readonly ours: boolean;
  readonly memoryBytes: number | null;
}

/** One model on one server. */
class Entry {
  private readonly provider: ModelProvider;
  private readonly holders = new Map<symbol, string>();
  private waiting = 0;
  /** The load, once begun; null when nothing of it is loaded by our doing. */
  private load: Promise<LoadState> | null = null;
  private loadAbort: AbortController | null = null;
  private state: LoadState | null = null;
  private idle: Timer | null = null;
  /** A holder wants it pinned on its server. */
  private pinned = false;
  /** It stays after its last holder, because its purpose is configured so. The chat needs no such rule: it never lets go. */
  private retained = false;
  private idleTimeoutS = 0;
  private unloading: Promise<void> | null = null;

  constructor(
    private readonly choice: Chosen,
    private readonly options: ModelLeasesOptions,
    private readonly onGone: () => void,
  ) {
    this.provider = options.providerFor(choice);
  }

  describe(): HeldModel {
    const { server, model } = this.choice;
    return {
      server,
      model,
      holders: [...this.holders.values()],
      ours: this.state?.ours ?? false,
      memoryBytes: this.state?.memoryBytes ?? null,
    };
  }

  async acquire(choice: Chosen, holder: string, signal: AbortSignal): Promise<Lease> {
    this.idle?.cancel();
    this.idle = null;
    this.waiting += 1;
    try {
      if (this.wants(choice) || this.load === null) this.load = this.begin(this.load);
      const { ours, memoryBytes } = await raceSignal(this.load, signal);
      return this.lease(holder, ours, memoryBytes);
    } finally {
      this.waiting -= 1;
      if (this.isFree()) this.abandon();
    }
  }

  async close(): Promise<void> {
    this.idle?.cancel();
    this.idle = null;
    this.holders.clear();
    this.loadAbort?.abort();
    await this.unload();
  }

  private lease(holder: string, ours: boolean, memoryBytes: number | null): Lease {
    const id = Symbol(holder);
    let released = false;
    this.holders.set(id, holder);
    return {
      holder,
      ours,
      memoryBytes,
      release: async () => {
        if (released) throw releasedTwice(holder);
        released = true;
        // After `close` there is nothing left to give back.
        if (this.holders.delete(id) && this.isFree()) await this.retire();
      },
    };
  }

  /** Takes in what the configuration says of one more holder; true when that takes a new request to the server. */
  private wants(choice: Chosen): boolean {
    const { keepAlive = false, idleTimeoutS = 0, purpose } = choice;
    const pins = keepAlive && !this.pinned;
    this.pinned ||= keepAlive;
    this.retained ||= keepAlive && purpose !== 'chat';
    this.idleTimeoutS = Math.max(this.idleTimeoutS, keepAlive ? 0 : idleTimeoutS);
    return pins;
  }

  private begin(before: Promise<LoadState> | null): Promise<LoadState> {
    const load = this.loadAfter(before);
    load.then(
      (state) => {
        if (this.load === load) this.state = state;
      },
      () => {
        if (this.load === load) this.load = null;
      },
    );
    return load;
  }

  /** A load that was under way without a pin is seen to its end first; what it loaded counts as ours all the same. */
  private async loadAfter(before: Promise<LoadState> | null): Promise<LoadState> {
    try {
      if (before !== null) this.state = await before;
    } catch (thrown) {
      // Its own holders hear of it; this one tries by itself, unless nobody waits any more.
      if (this.isFree()) throw thrown;
    }
    return this.loadNow();
  }

  private async loadNow(): Promise<LoadState> {
    const abort = new AbortController();
    this.loadAbort = abort;
    // An unload that is under way would take away what is loaded now.
    await this.unloading;
    const { clock, loadDeadlineMs = defaultLoadDeadlineMs } = this.options;
    let timedOut = false;
    const expire = () => {
      timedOut = true;
      abort.abort();
    };
    let deadline = clock.after(loadDeadlineMs, expire, { keepAlive: true });
    try {
      const before = await this.find(abort.signal);
      await this.provider.load(this.choice.model, this.choice.load, {
        signal: abort.signal,
        pin: this.pinned,
        onProgress: () => {
          deadline.cancel();
          deadline = clock.after(loadDeadlineMs, expire, { keepAlive: true });
        },
      });
      const after = await this.find(abort.signal);
      // A server that lists nothing loads and unloads by its own rules: then nothing of it is ours.
      const ours = this.state?.ours === true || (before === null && after !== null);
      return { ours, memoryBytes: after?.memoryBytes ?? null };
    } catch (thrown) {
      if (timedOut) throw loadTimedOut(this.choice, loadDeadlineMs, thrown);
      throw thrown;
    } finally {
      deadline.cancel();
      if (this.loadAbort === abort) this.loadAbort = null;
    }
  }

  /** After the last holder. */
  private async retire(): Promise<void> {
    if (this.retained) return;
    if (this.idleTimeoutS === 0) {
      await this.unload();
      return;
    }
    this.idle = this.options.clock.after(this.idleTimeoutS * 1000, () => {
      this.idle = null;
      // Failures are reported by `onUnloadFailed`; this never rejects.
      void this.unload();
    });
  }

  /** Nobody waits and nobody holds: ends a load under way, unloads one that was over in the same moment. */
  private abandon(): void {
    if (this.state !== null) {
      void this.retire();
      return;
    }
    this.loadAbort?.abort();
    // Who comes now gets a load of his own and not the aborted one.
    this.load = null;
    if (this.unloading === null) this.onGone();
  }

  private unload(): Promise<void> {
    this.unloading ??= this.unloadNow().finally(() => {
      this.unloading = null;
      if (this.isFree()) this.onGone();
    });
    return this.unloading;
  }

  private async unloadNow(): Promise<void> {
    const { state, pinned } = this;
    this.load = null;
    this.state = null;
    this.pinned = false;
    this.retained = false;
    this.idleTimeoutS = 0;
    if (state === null || !state.ours) return;
    const deadline = new AbortController();
    const timer = this.options.clock.after(unloadDeadlineMs, () => deadline.abort(), { keepAlive: true });
    try {
      const found = await this.find(deadline.signal);
      // Pinned, and not by this lease: the chat took the model meanwhile. It is not to be evicted by our own doing.
      if (found === null || (found.expiresAt === null && !pinned)) return;
      await this.provider.unload(this.choice.model, { signal: deadline.signal });
    } catch (thrown) {
      // A server that is gone holds nothing.
      if (thrown instanceof WilsonError && thrown.code === 'SERVER_UNREACHABLE') return;
      this.options.onUnloadFailed?.(this.choice, thrown);
    } finally {
      timer.cancel();
    }
  }

  private async find(signal: AbortSignal): Promise<LoadedModel | null> {
    const loaded = await this.provider.loaded(signal);
    return loaded.find((each) => isSameModel(each.name, this.choice.model)) ?? null;
  }

  private isFree(): boolean {
    return this.holders.size === 0 && this.waiting === 0;
  }
}

function releasedTwice(holder: string): WilsonError {
  return new WilsonError('LEASE_RELEASED', `The model lease of ${holder} was given back twice.`);
}

function loadTimedOut(choice: Chosen, deadlineMs: number, cause: unknown): WilsonError {
  return new WilsonError(
    'LOAD_TIMED_OUT',
    `${choice.model} was not loaded within ${deadlineMs / 1000} s on ${displayUrl(choice.server)}.`,
    {
      hint: 'Another model may be in its way (`ollama ps`, `ollama stop NAME`), or it is too large for this machine.',
      cause,
    },
  );
}
