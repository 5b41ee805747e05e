import { type Clock, withDeadline } from '../clock.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import { displayUrl } from '../providers/ollama-host.js';
import { isSameModel } from '../providers/ollama-names.js';
import type { LoadedModel, ModelProvider } from '../providers/provider.js';
import type { ServerModel } from '../store/model-rows.js';
import type { ModelStore } from '../store/model-store.js';
import type { Async } from '../store/store-thread.js';
import { findLoaded } from './loaded-model.js';
import type { Chosen, CrowdedServer } from './model-selection.js';

export interface EvictionWatchOptions {
  readonly store: Pick<Async<ModelStore>, 'pinnedOn'>;
  readonly providerFor: (choice: Chosen) => ModelProvider;
  /** Resolves when no chat turn runs, or after a while. */
  quiet(signal: AbortSignal): Promise<void>;
  readonly clock: Clock;
  log(text: string, error?: unknown): void;
}

/**
 * Guards the models that chats have pinned against what Wilson itself does: a server that keeps one model at a time pushes
 * the chat's out for a worker's, or waits for ever behind it (facts, section 1). Such a server is remembered as crowded, and
 * gets no second model while that counts.
 */
export interface EvictionWatch {
  /** Servers that showed not long ago that they cannot hold another model beside the chat's. */
  crowded(): readonly CrowdedServer[];
  /**
   * After a worker's load: the chats' models must still be there. Otherwise they are brought back, the server counts as
   * crowded, and this rejects with `CHAT_EVICTED`: the worker's model is to be given back.
   */
  check(choice: Chosen, signal: AbortSignal): Promise<void>;
  /**
   * After a load that passed its deadline behind a pinned model: frees the server by letting the pinned model go and bringing
   * it back, while no chat turn runs. Never rejects.
   */
  unstick(choice: Chosen): Promise<void>;
}

function missingOf<T extends { readonly model: string }>(wanted: readonly T[], loaded: readonly LoadedModel[]): T[] {
  return wanted.filter(({ model }) => !loaded.some(({ name }) => isSameModel(name, model)));
}

/** Somebody may have changed the server's settings: after so long it is tried again. */
const crowdedForMs = 10 * 60_000;
const recoverMs = 60_000;

export function createEvictionWatch(options: EvictionWatchOptions): EvictionWatch {
  const { clock, store } = options;
  const crowds = new Map<string, CrowdedServer & { readonly untilMs: number }>();
  /** Servers that were seen to hold a chat's model and another one at once: a slow load there is only slow. */
  const roomy = new Set<string>();
  const recovering = new Map<string, Promise<void>>();

  const pinnedBeside = async (choice: Chosen): Promise<ServerModel[]> => {
    const pinned = await store.pinnedOn(choice.provider, displayUrl(choice.server));
    return pinned.filter(({ model, holders }) => holders > 0 && !isSameModel(model, choice.model));
  };
  const note = (choice: Chosen, keeps: ServerModel, what: string): CrowdedServer => {
    const where = displayUrl(choice.server);
    const crowd = {
      server: choice.server,
      keeps: keeps.model,
      reason: `The server at ${where} keeps ${keeps.model} for the chat and has no place for ${choice.model} beside it (${what}). Start it with OLLAMA_MAX_LOADED_MODELS=2 or more.`,
      untilMs: clock.monotonicMs() + crowdedForMs,
    };
    crowds.set(choice.server, crowd);
    options.log(crowd.reason);
    return crowd;
  };
  const bringBack = async (provider: ModelProvider, model: ServerModel, signal: AbortSignal): Promise<void> => {
    const load = { numCtx: model.numCtx, numThreads: model.numThreads };
    await provider.load(model.model, load, { signal, pin: true });
  };

  async function recover(choice: Chosen): Promise<void> {
    const [pinned] = await pinnedBeside(choice);
    if (pinned === undefined || roomy.has(choice.server)) return;
    try {
      await withDeadline(clock, recoverMs, async (signal) => {
        await options.quiet(signal);
        const provider = options.providerFor(choice);
        // The load came after all: it was slow, and nothing is stuck.
        if ((await findLoaded(provider, choice.model, signal)) !== null) return;
        note(choice, pinned, 'a load waited behind it until its deadline');
        await provider.unload(pinned.model, { signal });
        await bringBack(provider, pinned, signal);
      });
    } catch (error) {
      options.log(`${displayUrl(choice.server)} could not be freed of a load that hangs`, toErrorRecord(error));
    }
  }

  return {
    crowded: () => {
      for (const [server, { untilMs }] of crowds) if (untilMs <= clock.monotonicMs()) crowds.delete(server);
      return [...crowds.values()];
    },
    check: async (choice, signal) => {
      const pinned = await pinnedBeside(choice);
      if (pinned.length === 0) return;
      const provider = options.providerFor(choice);
      const missing = missingOf(pinned, await provider.loaded(signal));
      for (const model of missing) await bringBack(provider, model, signal);
      // Where both are there now, somebody else had taken it off.
      const [evicted] = missing;
      const wanted = evicted === undefined ? [] : [choice, ...pinned];
      if (evicted === undefined || missingOf(wanted, await provider.loaded(signal)).length === 0) {
        roomy.add(choice.server);
        return;
      }
      roomy.delete(choice.server);
      const { reason } = note(choice, evicted, 'loading it pushed the other one out');
      throw new WilsonError('CHAT_EVICTED', reason);
    },
    unstick: (choice) => {
      const running = recovering.get(choice.server);
      if (running !== undefined) return running;
      const work = recover(choice).finally(() => recovering.delete(choice.server));
      recovering.set(choice.server, work);
      return work;
    },
  };
}
