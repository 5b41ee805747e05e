import { isModelReady } from '../catalog/model-cache.js';
import { systemClock, type Timer } from '../clock.js';
import type { Config } from '../config/config.js';
import { toErrorRecord } from '../errors.js';
import type { Log } from '../log.js';
import { createChatEngine } from '../models/chat-engine-client.js';
import { ensureModel } from '../models/download.js';
import { type DownloadProgress, renderProgress } from '../models/download-progress.js';
import { createEvictionWatch } from '../models/eviction-watch.js';
import { createModelLeases } from '../models/leases.js';
import { isLocalServer } from '../models/local-server.js';
import { createModelNeeds } from '../models/model-needs.js';
import { type Chosen, createModelSelector, type ModelSelector } from '../models/model-selection.js';
import { preloadModels } from '../models/preload.js';
import { createWorkerModels } from '../models/worker-models.js';
import { createWouldFit } from '../models/would-fit.js';
import type { MemoryUse } from '../store/memory-use.js';
import type { StoreThread } from '../store/store-thread.js';
import type { ChatPriority } from '../supervisor/chat-priority.js';
import type { ModelPort } from '../supervisor/port.js';
import { ChatBackend } from './chat-backend.js';
import { ChatMemory } from './chat-memory.js';
import { configuredServers, createProviders } from './providers.js';
import { isSessionAlive } from './session-life.js';

export interface ModelsOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly store: StoreThread;
  readonly sessionId: string;
  readonly log: Log;
  readonly priority: ChatPriority;
}

/** The models of a parent. */
export interface Models {
  readonly workers: ModelPort;
  readonly selector: ModelSelector;
  /** What the chat of this session takes of this machine's memory: an engine of its own, or a model on a local server. */
  chatMemory(): MemoryUse;
  /** Takes away, now and every minute, what Wilson loaded and nobody holds any more. */
  startSweeping(): void;
  /** Starts the chat's model. Called once, and only by a parent with a chat. */
  startChat(options: {
    onProgress(progress: DownloadProgress): void;
    say(text: string, reason?: string): void;
  }): ChatBackend;
  close(): Promise<void>;
}

const chatThreads = 2;
const sweepEveryMs = 60_000;
/** How long a load waits for the chat at most: somebody who chats without pause delays a worker, but not for good. */
const quietWaitMs = 15_000;

/**
 * Most CPU threads of an embedded worker. Where the configuration names none it plans like the chat, since it stands still
 * while the chat has a turn: measured, one thread reads a prompt at less than half the pace of two, and two workers beside
 * each other are no slower for it.
 */
function embeddedThreads(choice: Chosen): number {
  return choice.load.numThreads ?? chatThreads;
}

export function composeModels(options: ModelsOptions): Models {
  const { config, env, store, sessionId, log } = options;
  const providers = createProviders(env);
  const selector = createModelSelector({
    config,
    env,
    providers: providers.forPurpose,
    embedded: { name: config.llms.embedded.model },
    clock: systemClock,
  });
  const warn = (text: string, error?: unknown): void => {
    if (error === undefined) log.info({}, text);
    else log.warn({ error: toErrorRecord(error) }, text);
  };
  const leases = createModelLeases({
    sessionId,
    store: store.models,
    providerFor: providers.forChoice,
    providerAt: providers.at,
    isSessionAlive: (id) => isSessionAlive(store, id),
    clock: systemClock,
    loadDeadlineMs: config.llms.loadTimeoutS * 1_000,
    onUnloadFailed: (model, error) => warn(`${model} could not be unloaded`, error),
    onUnloaded: ({ model, memoryMb }, unloadMs) => log.info({ model, memoryMb, unloadMs }, 'a model is unloaded'),
  });
  const quiet = (signal: AbortSignal): Promise<void> => options.priority.quiet(quietWaitMs, signal);
  const evictions = createEvictionWatch({
    store: store.models,
    providerFor: providers.forChoice,
    quiet,
    clock: systemClock,
    log: warn,
  });
  const needs = createModelNeeds({
    providerFor: providers.forChoice,
    store: store.models,
    clock: systemClock,
    env,
    embeddedThreads,
  });
  const ensureEmbedded = (
    name: string,
    order: { signal: AbortSignal; onProgress(progress: DownloadProgress): void },
  ): Promise<string> => ensureModel(name, { env, ...order });
  const memory = new ChatMemory({ config, env, store, sessionId, log });
  let chat: ChatBackend | null = null;
  let sweeping: Timer | null = null;
  const closing = new AbortController();

  const sweep = async (): Promise<void> => {
    try {
      await leases.sweep();
    } catch (error) {
      if (!closing.signal.aborted) warn('models that nobody holds could not be looked for', error);
    }
    if (!closing.signal.aborted) sweeping = systemClock.after(sweepEveryMs, () => void sweep());
  };

  return {
    workers: createWorkerModels({
      config,
      sessionId,
      selector,
      leases,
      needs,
      evictions,
      wouldFit: createWouldFit({
        config,
        env,
        servers: () => configuredServers(config, providers).filter(({ server }) => isLocalServer(server)),
        isHere: (name) => isModelReady(name, env),
      }),
      store,
      quiet,
      ensureEmbedded,
      describeProgress: renderProgress,
    }),
    selector,
    chatMemory: () => memory.use,
    startSweeping: () => void sweep(),
    startChat: ({ onProgress, say }) => {
      memory.expect();
      chat = new ChatBackend({
        priority: options.priority,
        config,
        selector,
        clock: systemClock,
        log: warn,
        providerFor: providers.forChoice,
        acquire: async (chosen, signal) => {
          const { model } = await needs.needOf(chosen);
          return leases.acquire(chosen, 'chat', { signal, estimateMb: model?.memoryMb ?? 0 });
        },
        ensureEmbedded,
        startEngine: (modelPath, chosen) =>
          createChatEngine({
            modelPath,
            name: chosen.model,
            threads: chosen.load.numThreads ?? chatThreads,
            ownerToken: `${sessionId}:chat`,
            env,
            clock: systemClock,
          }),
        onProgress,
        say,
        onHeld: (chosen, provider, lease) => void memory.holds(chosen, provider, lease),
      });
      if (config.workers.preloadModels) {
        // The chat's own model comes first; where it cannot be had, that is said elsewhere.
        const { signal } = closing;
        const preload = () => preloadModels({ config, selector, leases, needs, evictions, store, signal, say });
        void chat.ready.then(preload, preload);
      }
      return chat;
    },
    close: async () => {
      closing.abort();
      sweeping?.cancel();
      await chat?.close();
      await leases.close();
      await providers.close();
    },
  };
}
