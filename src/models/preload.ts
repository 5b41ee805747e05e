import type { Config } from '../config/config.js';
import { toErrorRecord } from '../errors.js';
import { addedMb, usedMb } from '../store/memory-use.js';
import type { StoreThread } from '../store/store-thread.js';
import { megabytes } from '../task/memory-amount.js';
import type { EvictionWatch } from './eviction-watch.js';
import type { ModelLeases } from './leases.js';
import type { ModelNeeds } from './model-needs.js';
import type { ModelSelector } from './model-selection.js';

export interface PreloadOptions {
  readonly config: Config;
  readonly selector: ModelSelector;
  readonly leases: ModelLeases;
  readonly needs: ModelNeeds;
  readonly evictions: Pick<EvictionWatch, 'check'>;
  readonly store: Pick<StoreThread, 'workers'>;
  readonly signal: AbortSignal;
  /** Told what was not loaded, and why. */
  say(text: string): void;
}

/**
 * `workers.preload_models`: loads the models of `code` and `analysis` on their servers, one after the other, and holds them
 * until the leases are closed. What does not fit beside what runs, or cannot be had, is told and left out: its first task
 * will load it. An embedded model lives in its worker and cannot be loaded before. Never rejects.
 */
export async function preloadModels(options: PreloadOptions): Promise<void> {
  const { config, selector, leases, needs, evictions, store, signal, say } = options;
  for (const purpose of ['code', 'analysis'] as const) {
    try {
      const chosen = await selector.choose(purpose, signal);
      if (chosen.provider === 'llamacpp' || chosen.usedFallback) continue;
      const need = { ...(await needs.needOf(chosen)), processMb: 0 };
      const use = await store.workers.memoryUse();
      const wantedMb = usedMb(use) + addedMb(use, need);
      if (wantedMb > config.resources.maxMemoryMb) {
        say(
          `${chosen.model} is not loaded before its first task: with it Wilson would take ${megabytes(wantedMb)} of ${megabytes(config.resources.maxMemoryMb)}.`,
        );
        continue;
      }
      const estimateMb = need.model?.memoryMb ?? 0;
      const lease = await leases.acquire(chosen, `preload ${purpose}`, { signal, estimateMb });
      try {
        await evictions.check(chosen, signal);
        // Held until the leases are closed: there is nothing to give back before.
      } catch (error) {
        await leases.stopKeeping(chosen);
        await lease.release();
        throw error;
      }
    } catch (error) {
      if (signal.aborted) return;
      say(`The model of ${purpose} could not be loaded before its first task: ${toErrorRecord(error).message}`);
    }
  }
}
