import type { Clock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { isSameModel } from '../providers/ollama-names.js';
import type { ModelProvider } from '../providers/provider.js';
import type { ServerModel } from '../store/model-rows.js';
import type { ModelStore } from '../store/model-store.js';
import { persist } from '../store/persist.js';
import type { Async } from '../store/store-thread.js';

export interface UnloaderOptions {
  readonly sessionId: string;
  readonly store: Pick<Async<ModelStore>, 'unloaded'>;
  readonly clock: Clock;
  readonly onUnloadFailed?: (model: string, error: unknown) => void;
  readonly onUnloaded?: (model: ServerModel, unloadMs: number) => void;
}

const unloadDeadlineMs = 60_000;

/**
 * Takes a model away that the store has given to this session for that (`unloading`), and reports the end of it to the
 * store: gone when the server no longer lists it. What was pinned by somebody else meanwhile stays. Rejects only where the
 * store does.
 */
export function createUnloader(
  options: UnloaderOptions,
): (model: ServerModel, provider: ModelProvider | null) => Promise<void> {
  const { sessionId, store, clock } = options;
  return async (model, provider) => {
    const startedMs = clock.monotonicMs();
    const outcome = provider === null ? 'failed' : await take(model, provider);
    const unloadMs = Math.round(clock.monotonicMs() - startedMs);
    if (outcome === 'unloaded') options.onUnloaded?.(model, unloadMs);
    await persist(clock, () =>
      store.unloaded(sessionId, model.key, outcome !== 'failed', outcome === 'unloaded' ? unloadMs : null),
    );
  };

  async function take(model: ServerModel, provider: ModelProvider): Promise<'unloaded' | 'left' | 'failed'> {
    const deadline = new AbortController();
    const timer = clock.after(unloadDeadlineMs, () => deadline.abort(), { keepAlive: true });
    try {
      const found = (await provider.loaded(deadline.signal)).find((each) => isSameModel(each.name, model.model));
      // Of a load that was given up it is not known whether it will still arrive: it is looked for once more later.
      if (found === undefined) return model.state === 'loading' && model.ours ? 'failed' : 'left';
      if (!model.ours) return 'left';
      // Pinned, and not by us: somebody else wants it.
      if (found.expiresAt === null && !model.pinned) return 'left';
      await provider.unload(model.model, { signal: deadline.signal });
      return 'unloaded';
    } catch (thrown) {
      // A server that is gone holds nothing.
      if (thrown instanceof WilsonError && thrown.code === 'SERVER_UNREACHABLE') return 'left';
      options.onUnloadFailed?.(model.model, thrown);
      return 'failed';
    } finally {
      timer.cancel();
    }
  }
}
