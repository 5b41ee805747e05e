import type { Config } from '../config/config.js';
import { toErrorRecord } from '../errors.js';
import type { Log } from '../log.js';
import { chatEngineMb } from '../models/embedded-memory.js';
import { keyOf, type Lease } from '../models/leases.js';
import { isLocalServer } from '../models/local-server.js';
import { readFigures } from '../models/model-figures.js';
import type { Chosen } from '../models/model-selection.js';
import type { ModelProvider } from '../providers/provider.js';
import type { MemoryUse } from '../store/memory-use.js';
import type { StoreThread } from '../store/store-thread.js';

const nothing: MemoryUse = { chatsMb: 0, workersMb: 0, models: [], promisedMb: 0 };
const megabyte = 1_048_576;

/**
 * What the chat of a session takes of this machine's memory, for the sums of every session: its own engine's process, or a
 * model that a local server holds for it.
 */
export class ChatMemory {
  private present: MemoryUse = nothing;
  /** Key of the embedded model that the chat is noted with. */
  private noted: string | null = null;

  constructor(
    private readonly options: {
      readonly config: Config;
      readonly env: NodeJS.ProcessEnv;
      readonly store: StoreThread;
      readonly sessionId: string;
      readonly log: Log;
    },
  ) {}

  get use(): MemoryUse {
    return this.present;
  }

  /** Before the model is chosen: an engine that is configured counts from the start. */
  expect(): void {
    const { chat } = this.options.config.llms;
    if (chat.provider === 'llamacpp') this.set(this.engine(chat.model, chat.numCtx));
  }

  /** The chat has this model now. */
  async holds(chosen: Chosen, provider: ModelProvider, lease: Lease | null): Promise<void> {
    const { store, sessionId, env } = this.options;
    try {
      if (lease !== null) {
        if (this.noted !== null) await store.models.release(sessionId, 'chat', this.noted);
        this.noted = null;
        const local = isLocalServer(chosen.server) && lease.ours;
        this.set({
          ...nothing,
          models: local ? [{ key: keyOf(chosen), memoryMb: lease.memoryMb ?? 0 }] : [],
        });
        return;
      }
      await readFigures(chosen.model, env);
      this.set(this.engine(chosen.model, chosen.load.numCtx));
      const [loaded] = await provider.loaded(AbortSignal.timeout(5_000));
      this.noted = keyOf(chosen);
      await store.sessions.holdModel({
        sessionId,
        holder: 'chat',
        provider: chosen.provider,
        server: chosen.server,
        model: chosen.model,
        purpose: 'chat',
        memoryMb: loaded === undefined ? null : Math.round(loaded.memoryBytes / megabyte),
        contextTokens: loaded?.contextTokens ?? chosen.load.numCtx,
        keepAlive: true,
        ours: true,
      });
    } catch (error) {
      this.options.log.warn({ error: toErrorRecord(error) }, 'the memory of the chat could not be noted');
    }
  }

  private engine(model: string, numCtx: number): MemoryUse {
    return { ...nothing, chatsMb: chatEngineMb({ model, numCtx }) ?? 0 };
  }

  private set(use: MemoryUse): void {
    const { store, sessionId, log } = this.options;
    this.present = use;
    store.sessions.setChatMemory(sessionId, use.chatsMb).catch((error: unknown) => {
      log.warn({ error: toErrorRecord(error) }, 'the memory of the chat could not be noted');
    });
  }
}
