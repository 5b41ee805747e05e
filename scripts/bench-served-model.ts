import type { ChatEngine } from '../src/models/chat-engine-client.js';
import type { ChatPart, ChatRequest, LoadOptions } from '../src/providers/provider.js';

const defaultKeepAliveMs = 300_000;
const foreverMs = 9_223_372_036_854;

/** One model of the bench's server, with Ollama's rules for when it is loaded, loaded anew and unloaded. */
export class ServedModel {
  private key: string | null = null;
  private contextTokens = 0;
  private keepAliveMs = defaultKeepAliveMs;
  private expiresAtMs = 0;
  private timer: NodeJS.Timeout | null = null;
  private active = 0;
  private readonly idleWaiters: (() => void)[] = [];
  /** Loads and unloads, one after the other. */
  private changing: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly engine: ChatEngine,
    private readonly onLoad: () => void,
  ) {}

  /** Null when it is not loaded. `memoryBytes` is the measured PSS of the engine's process. */
  async loaded(): Promise<{ memoryBytes: number; contextTokens: number; expiresAtMs: number } | null> {
    const [found] = await this.engine.loaded(new AbortController().signal);
    if (found === undefined || this.key === null) return null;
    return { memoryBytes: found.memoryBytes, contextTokens: this.contextTokens, expiresAtMs: this.expiresAtMs };
  }

  /** Resolves when it is loaded with these options; with others it is loaded anew once nobody uses it. */
  load(load: LoadOptions, keepAliveMs: number | null): Promise<void> {
    this.changing = this.changing
      .catch(() => undefined)
      .then(async () => {
        const wanted = JSON.stringify(load);
        if (this.key !== wanted) {
          if (this.key !== null) await this.free();
          this.onLoad();
          await this.engine.load(this.name, load, { signal: new AbortController().signal, pin: false });
          this.key = wanted;
          this.contextTokens = load.numCtx;
        }
        this.keepAliveMs = keepAliveMs ?? this.keepAliveMs;
        this.used();
      });
    return this.changing;
  }

  /** Asks for it to go once its requests are over. */
  unload(): void {
    this.keepAliveMs = 0;
    this.used();
  }

  async *chat(request: Omit<ChatRequest, 'model'>, keepAliveMs: number | null): AsyncGenerator<ChatPart, void, void> {
    await this.load(request.load, keepAliveMs);
    this.active += 1;
    try {
      yield* this.engine.chat({ ...request, model: this.name });
    } finally {
      this.active -= 1;
      if (this.active === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
      this.used();
    }
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    await this.engine.close();
  }

  /** Its time begins anew; at 0 it goes as soon as nobody uses it. */
  private used(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const keptMs = Math.min(this.keepAliveMs, foreverMs);
    this.expiresAtMs = Date.now() + keptMs;
    if (this.active > 0 || this.keepAliveMs === Number.POSITIVE_INFINITY) return;
    this.timer = setTimeout(() => {
      if (this.active === 0) this.changing = this.changing.catch(() => undefined).then(() => this.free());
    }, keptMs);
    this.timer.unref();
  }

  private async free(): Promise<void> {
    if (this.active > 0) await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    this.key = null;
    this.keepAliveMs = defaultKeepAliveMs;
    await this.engine.unload(this.name, { signal: new AbortController().signal });
  }
}
