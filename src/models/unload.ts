import { type Clock, withDeadline } from '../clock.js';
import { WilsonError } from '../errors.js';
import type { ModelProvider } from '../providers/provider.js';
import type { ServerModel } from '../store/model-rows.js';
import type { ModelStore, UnloadOutcome } from '../store/model-store.js';
import { persist } from '../store/persist.js';
import type { Async } from '../store/store-thread.js';
import { findLoaded } from './loaded-model.js';

export interface UnloaderOptions {
  readonly sessionId: string;
  readonly store: Pick<Async<ModelStore>, 'unloaded'>;
  readonly clock: Clock;
  readonly onUnloadFailed?: (model: string, error: unknown) => void;
  readonly onUnloaded?: (model: ServerModel, unloadMs: number) => void;
}

const unloadDeadlineMs = 60_000;
/** A load that was given up and comes all the same does so within moments: the server ends it when its client is gone. */
export const arrivalMs = 2_000;

/**
 * Takes a model away that the store has given to this session for that (`unloading`), and reports the end of it to the
 * store: gone when the server no longer lists it. What was pinned by somebody else meanwhile stays; what is not there, but
 * may still arrive, is to be looked for again. Rejects only where the store does.
 */
export function createUnloader(
  options: UnloaderOptions,
): (model: ServerModel, provider: ModelProvider | null) => Promise<UnloadOutcome> {
  const { sessionId, store, clock } = options;
  return async (model, provider) => {
    const startedMs = clock.monotonicMs();
    const outcome = provider === null ? 'stays' : await take(model, provider);
    const unloadMs = outcome === 'unloaded' ? Math.round(clock.monotonicMs() - startedMs) : null;
    if (unloadMs !== null) options.onUnloaded?.(model, unloadMs);
    const end = outcome === 'unloaded' ? 'gone' : outcome;
    await persist(clock, () => store.unloaded(sessionId, model.key, end, unloadMs));
    return end;
  };

  async function take(model: ServerModel, provider: ModelProvider): Promise<'unloaded' | UnloadOutcome> {
    try {
      return await withDeadline(clock, unloadDeadlineMs, async (signal) => {
        const lookedMs = clock.now();
        const found = await findLoaded(provider, model.model, signal);
        if (found === null) return mayArrive(model, lookedMs) ? 'awaited' : 'gone';
        if (!model.ours) return 'gone';
        // Pinned, and not by us: somebody else wants it.
        if (found.expiresAt === null && !model.pinned) return 'gone';
        await provider.unload(model.model, { signal });
        return 'unloaded';
      });
    } catch (thrown) {
      // A server that is gone holds nothing.
      if (thrown instanceof WilsonError && thrown.code === 'SERVER_UNREACHABLE') return 'gone';
      options.onUnloadFailed?.(model.model, thrown);
      return 'stays';
    }
  }
}

/** Of a load that was given up a moment ago it is not known. Pure. */
function mayArrive({ state, ours, idleSinceMs }: ServerModel, lookedMs: number): boolean {
  return state === 'loading' && ours && lookedMs - (idleSinceMs ?? 0) < arrivalMs;
}
