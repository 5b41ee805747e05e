import type { Chosen } from '../../src/models/model-selection.js';
import { ownIdentity } from '../../src/platform/process-identity.js';
import type { ModelProvider } from '../../src/providers/provider.js';
import { promised } from '../../src/store/async-store.js';
import type { ModelStore } from '../../src/store/model-store.js';
import type { Store } from '../../src/store/store.js';
import type { Async } from '../../src/store/store-thread.js';

/** The models of a database as a parent sees them. */
export function modelsOf(store: Store): Async<ModelStore> {
  return promised(store.models);
}

/** A wilson in the database: leases belong to one. */
export function beginSession(store: Store, id: string): string {
  store.sessions.begin({
    id,
    kind: 'chat',
    folder: '/project',
    identity: ownIdentity(),
    limits: { maxConcurrent: 2, maxMemoryMb: 16_384, warnThresholdMb: 14_336 },
  });
  return id;
}

/** A choice of the code model on an Ollama server. */
export function choiceOn(server: string, model: string, more: Partial<Chosen> = {}): Chosen {
  return {
    purpose: 'code',
    provider: 'ollama',
    model,
    server,
    usedFallback: false,
    fallbackReason: null,
    load: { numCtx: 4096, numThreads: null },
    temperature: 0,
    apiKeyEnv: null,
    ...more,
  };
}

/** A provider's methods as properties, some of them replaced. */
export function withMethods(original: ModelProvider, replaced: Partial<ModelProvider> = {}): ModelProvider {
  return {
    id: original.id,
    server: original.server,
    health: (signal) => original.health(signal),
    list: (signal) => original.list(signal),
    capabilities: (model, signal) => original.capabilities(model, signal),
    estimate: (model, load, signal) => original.estimate(model, load, signal),
    load: (model, load, options) => original.load(model, load, options),
    unload: (model, options) => original.unload(model, options),
    loaded: (signal) => original.loaded(signal),
    chat: (request) => original.chat(request),
    close: () => original.close(),
    ...replaced,
  };
}

/** A promise and what settles it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void } {
  let settle: { resolve(value: T): void; reject(error: unknown): void } | null = null;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, resolve: (value) => settle?.resolve(value), reject: (error) => settle?.reject(error) };
}
