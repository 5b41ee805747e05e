import { systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import { toErrorRecord } from '../errors.js';
import type { Log } from '../log.js';
import { createChatEngine } from '../models/chat-engine-client.js';
import { ensureModel } from '../models/download.js';
import { type DownloadProgress, renderProgress } from '../models/download-progress.js';
import { createModelLeases } from '../models/leases.js';
import { type Chosen, createModelSelector, type ModelSelector } from '../models/model-selection.js';
import { createWorkerModels, embeddedMemoryMb, type HeldModels } from '../models/worker-models.js';
import { displayUrl } from '../providers/ollama-host.js';
import { isSameModel } from '../providers/ollama-names.js';
import type { ModelProvider } from '../providers/provider.js';
import type { StoreThread } from '../store/store-thread.js';
import type { ChatPriority } from '../supervisor/chat-priority.js';
import type { ModelPort } from '../supervisor/port.js';
import { ChatBackend } from './chat-backend.js';
import { createProviders } from './providers.js';

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
  /** What the chat's model may take in this machine's memory; 0 when a server holds it. */
  chatReservedMb(): number;
  /** Starts the chat's model. Called once, and only by a parent with a chat. */
  startChat(options: { onProgress(progress: DownloadProgress): void; say(text: string): void }): ChatBackend;
  close(): Promise<void>;
}

const megabyte = 1_048_576;
const chatThreads = 2;

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
  const leases = createModelLeases({ providerFor: providers.forChoice, clock: systemClock });
  const ensureEmbedded = (
    name: string,
    order: { signal: AbortSignal; onProgress(progress: DownloadProgress): void },
  ): Promise<string> => ensureModel(name, { env, ...order });

  const inStore = (promise: Promise<unknown>): void => {
    promise.catch((error: unknown) => log.warn({ error: toErrorRecord(error) }, 'a held model could not be noted'));
  };
  const held: HeldModels = {
    hold: ({ holder, choice, memoryMb, contextTokens, keepAlive, ours }) =>
      inStore(
        store.sessions.holdModel({
          sessionId,
          holder: shownHolder(holder),
          provider: choice.provider,
          server: choice.provider === 'llamacpp' ? choice.server : displayUrl(choice.server),
          model: choice.model,
          purpose: choice.purpose,
          memoryMb,
          contextTokens,
          keepAlive,
          ours,
        }),
      ),
    release: (holder) => inStore(store.sessions.releaseModel(sessionId, shownHolder(holder))),
  };

  let chat: ChatBackend | null = null;
  const noteChat = async (chosen: Chosen, provider: ModelProvider): Promise<void> => {
    const loaded = await provider.loaded(AbortSignal.timeout(5_000)).catch(() => []);
    const found = loaded.find((model) => chosen.provider === 'llamacpp' || isSameModel(model.name, chosen.model));
    held.hold({
      holder: 'chat',
      choice: chosen,
      memoryMb: found === undefined ? null : Math.round(found.memoryBytes / megabyte),
      contextTokens: found?.contextTokens ?? chosen.load.numCtx,
      keepAlive: true,
      ours: true,
    });
  };

  return {
    workers: createWorkerModels({ config, selector, leases, held, ensureEmbedded, describeProgress: renderProgress }),
    selector,
    chatReservedMb: () => embeddedMemoryMb(config.llms.embedded.model, config.llms.chat.numCtx) ?? 0,
    startChat: ({ onProgress, say }) => {
      chat = new ChatBackend({
        priority: options.priority,
        config,
        selector,
        providerFor: providers.forChoice,
        acquire: (chosen, signal) => leases.acquire(chosen, 'chat', { signal }),
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
        onHeld: (chosen, provider) => {
          void noteChat(chosen, provider);
        },
      });
      return chat;
    },
    close: async () => {
      await chat?.close();
      await leases.close();
      await providers.close();
    },
  };
}

/** `TASK-001` of the owner mark `<session>:TASK-001:2`. */
function shownHolder(holder: string): string {
  return holder.split(':')[1] ?? holder;
}
