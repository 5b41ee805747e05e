import { type Clock, systemClock, type Timer } from '../clock.js';
import { WilsonError } from '../errors.js';
import type { ProcessIdentity } from '../platform/process-identity.js';
import { readPss } from '../platform/process-memory.js';
import type { FromEngine, ToEngine } from '../protocol/engine-messages.js';
import { requestBounds } from '../providers/llama-cpp-bounds.js';
import { capabilitiesOf, modelInfoOf } from '../providers/llama-cpp-describe.js';
import { estimateFromHeader, readGgufHeader } from '../providers/llama-cpp-gguf.js';
import {
  type Capabilities,
  type ChatPart,
  type ChatRequest,
  defaultTimeouts,
  type LoadedModel,
  type LoadOptions,
  type MemoryEstimate,
  type ModelInfo,
  type ModelProvider,
} from '../providers/provider.js';
import { crashed, engineDown } from './chat-engine-errors.js';
import { Inbox } from './chat-engine-inbox.js';
import { chatEngineEntry, type EngineExit, type EngineProcess, spawnEngine } from './chat-engine-process.js';
import { defaultRestartPolicy, RestartBudget, type RestartPolicy } from './chat-engine-restart.js';

export interface ChatEngineOptions {
  /** GGUF file, already verified. */
  readonly modelPath: string;
  /** The name that requests use for it. */
  readonly name: string;
  /** Most CPU threads where the load options name none. */
  readonly threads: number;
  readonly env: NodeJS.ProcessEnv;
  /** Value of WILSON_OWNER in the engine's environment. */
  readonly ownerToken: string;
  readonly clock?: Clock;
  /** Conversations kept in memory side by side; default 2: the chat, and the routing of its turns. */
  readonly slots?: number;
  /** Called each time the engine's process is gone, whether we ended it or not. */
  readonly onExit?: (exit: EngineExit) => void;
  /** Called with each process that was started. */
  readonly onStart?: (identity: ProcessIdentity) => void;
  readonly restart?: RestartPolicy;
  readonly entry?: URL;
}

/** An embedded model in a process of its own, as a provider. */
export interface ChatEngine extends ModelProvider {
  /** Of the process that runs now; null while there is none. */
  readonly pid: number | null;
  readonly identity: ProcessIdentity | null;
}

/** An engine whose event loop says nothing for so long while it should is taken for dead: ticks of this length. */
const silenceTickMs = 5_000;
const silentTicksLimit = 6;
/** The engine keeps the time itself; what it has not ended this long after its limit is ended from here. */
const graceMs = 10_000;

/**
 * The chat's embedded model. Its process is started by the first `load` or `chat`, serves one request at a time in the
 * order in which they came, and is ended by `unload` or `close`, which is the only way to get all of its memory back.
 *
 * When the process dies (native crash, OOM killer), requests that were running fail with `RUNNER_CRASHED` and it is
 * started again, with the model loaded if it had been pinned; after too many deaths in a row requests fail with
 * `ENGINE_DOWN` until the oldest death is forgotten. An aborted request rejects at once with `ABORTED`.
 */
export function createChatEngine(options: ChatEngineOptions): ChatEngine {
  return new ChatEngineClient(options);
}

class ChatEngineClient implements ChatEngine {
  readonly id = 'llamacpp' as const;
  readonly server = 'embedded';
  readonly #options: ChatEngineOptions;
  readonly #clock: Clock;
  readonly #slots: number;
  readonly #budget: RestartBudget;
  readonly #inboxes = new Map<number, Inbox<FromEngine>>();
  #process: EngineProcess | null = null;
  #starting: Promise<EngineProcess> | null = null;
  #pinned: LoadOptions | null = null;
  #loadedCtx: number | null = null;
  #lastId = 0;
  #closed = false;
  #lastExit: EngineExit | null = null;
  #watch: Timer | null = null;
  #silentTicks = 0;

  constructor(options: ChatEngineOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#slots = options.slots ?? 2;
    this.#budget = new RestartBudget(options.restart ?? defaultRestartPolicy);
  }

  get identity(): ProcessIdentity | null {
    return this.#process?.identity ?? null;
  }

  get pid(): number | null {
    return this.identity?.pid ?? null;
  }

  async health(): Promise<{ version: string }> {
    await readGgufHeader(this.#options.modelPath);
    if (!this.#budget.allows(this.#clock.monotonicMs())) throw engineDown(this.#options.name, this.#lastExit);
    return { version: 'llama.cpp' };
  }

  async list(): Promise<ModelInfo[]> {
    return [await modelInfoOf(this.#options.name, this.#options.modelPath)];
  }

  async capabilities(model: string): Promise<Capabilities> {
    this.#requireKnown(model);
    return await capabilitiesOf(this.#options.modelPath);
  }

  async estimate(model: string, load: LoadOptions): Promise<MemoryEstimate> {
    this.#requireKnown(model);
    return estimateFromHeader(await readGgufHeader(this.#options.modelPath), load, this.#slots);
  }

  async load(
    model: string,
    load: LoadOptions,
    options: { signal: AbortSignal; pin: boolean; onProgress?: (fraction: number) => void },
  ): Promise<{ loadMs: number }> {
    this.#requireKnown(model);
    if (options.pin) this.#pinned = load;
    for await (const message of this.#ask({ type: 'load', id: 0, load }, options.signal, defaultTimeouts.totalMs)) {
      if (message.type === 'load-progress') options.onProgress?.(message.fraction);
      if (message.type === 'loaded') {
        this.#loadedCtx = load.numCtx;
        return { loadMs: message.loadMs };
      }
    }
    throw new WilsonError('PROTOCOL_ERROR', 'The engine ended a load without a word.');
  }

  async unload(model: string): Promise<void> {
    this.#requireKnown(model);
    this.#pinned = null;
    await this.#end();
  }

  async loaded(): Promise<LoadedModel[]> {
    const pid = this.pid;
    if (pid === null || this.#loadedCtx === null) return [];
    const contextTokens = this.#loadedCtx;
    const memoryBytes = (await readPss(pid)) ?? (await this.#estimatedBytes(contextTokens));
    return [{ name: this.#options.name, memoryBytes, contextTokens, expiresAt: null }];
  }

  async *chat(request: ChatRequest): AsyncGenerator<ChatPart, void, void> {
    this.#requireKnown(request.model);
    const { model: _model, signal, ...rest } = request;
    const question = { ...rest, type: 'chat', id: 0 } as Extract<ToEngine, { type: 'chat' }>;
    const limitMs = request.timeouts?.totalMs ?? defaultTimeouts.totalMs;
    for await (const message of this.#ask(question, signal, limitMs)) {
      if (message.type !== 'part') continue;
      // The model is there by the time it says anything, also where nobody asked for it beforehand.
      this.#loadedCtx = request.load.numCtx;
      yield message.part;
      if (message.part.type === 'done') return;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pinned = null;
    await this.#end();
  }

  /** Sends a question and yields what comes back, until the reader stops reading; then the engine stops too. */
  async *#ask(
    question: Extract<ToEngine, { id: number }>,
    signal: AbortSignal,
    limitMs: number,
  ): AsyncGenerator<FromEngine, void, void> {
    const bounds = requestBounds(signal, { totalMs: limitMs + graceMs }, this.#clock);
    const id = ++this.#lastId;
    const inbox = new Inbox<FromEngine>();
    const onBound = (): void => inbox.abandon(bounds.signal.reason as Error);
    bounds.signal.addEventListener('abort', onBound, { once: true });
    let engine: EngineProcess | null = null;
    let answered = false;
    try {
      bounds.check();
      this.#inboxes.set(id, inbox);
      this.#watchSilence();
      // The start is shared with other requests and goes on without us; only our waiting for it ends with the signal.
      this.#running().then(
        (running) => {
          engine = running;
          if (!bounds.signal.aborted && this.#inboxes.has(id)) running.send({ ...question, id });
        },
        (error: unknown) => inbox.fail(error instanceof Error ? error : new Error(String(error))),
      );
      for (;;) {
        const message = await inbox.next();
        if (message.type === 'failed') {
          answered = true;
          throw WilsonError.fromRecord(message.error);
        }
        answered = message.type === 'loaded' || (message.type === 'part' && message.part.type === 'done');
        yield message;
      }
    } finally {
      bounds.signal.removeEventListener('abort', onBound);
      this.#inboxes.delete(id);
      if (!answered) this.#give(engine, id, bounds.signal);
      bounds.stop();
    }
  }

  /** Ends a question that nobody waits for any more; an engine that ignores even its own limits is killed. */
  #give(engine: EngineProcess | null, id: number, signal: AbortSignal): void {
    if (engine === null) return;
    engine.send({ type: 'abort', id });
    const timedOut = signal.aborted && signal.reason instanceof WilsonError && signal.reason.code === 'TIMED_OUT';
    if (timedOut && engine === this.#process) void engine.killHung();
  }

  /** The running engine; starts one where there is none. */
  #running(): Promise<EngineProcess> {
    if (this.#process !== null) return Promise.resolve(this.#process);
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #start(): Promise<EngineProcess> {
    if (this.#closed) throw new WilsonError('ENGINE_DOWN', 'The embedded model has been closed.');
    if (!this.#budget.allows(this.#clock.monotonicMs())) throw engineDown(this.#options.name, this.#lastExit);
    const { env, ownerToken, modelPath, threads } = this.#options;
    let engine: EngineProcess;
    try {
      engine = await spawnEngine({
        clock: this.#clock,
        env,
        ownerToken,
        model: { modelPath, threads, slots: this.#slots },
        entry: this.#options.entry ?? chatEngineEntry(),
        onMessage: (message) => this.#receive(message),
      });
    } catch (error) {
      this.#budget.failed(this.#clock.monotonicMs());
      throw error;
    }
    if (this.#closed) {
      await engine.kill();
      throw new WilsonError('ENGINE_DOWN', 'The embedded model has been closed.');
    }
    this.#process = engine;
    this.#silentTicks = 0;
    void engine.exited.then((exit) => this.#exited(engine, exit));
    this.#options.onStart?.(engine.identity);
    return engine;
  }

  #receive(message: FromEngine): void {
    this.#silentTicks = 0;
    if ('id' in message) this.#inboxes.get(message.id)?.push(message);
  }

  #exited(engine: EngineProcess, exit: EngineExit): void {
    if (this.#process !== engine) return;
    this.#process = null;
    this.#loadedCtx = null;
    this.#lastExit = exit;
    for (const inbox of this.#inboxes.values()) inbox.fail(crashed(this.#options.name, exit));
    this.#options.onExit?.(exit);
    if (exit.wanted) return;
    this.#budget.failed(this.#clock.monotonicMs());
    const load = this.#pinned;
    if (load === null || this.#closed) return;
    // A request that comes in fails by itself where this does; there is nobody here to tell.
    this.load(this.#options.name, load, { signal: new AbortController().signal, pin: true }).catch(() => undefined);
  }

  /** Ends the process for good: what is asked later starts another. */
  async #end(): Promise<void> {
    const starting = this.#starting;
    if (starting !== null) await starting.catch(() => undefined);
    await this.#process?.kill();
  }

  #watchSilence(): void {
    this.#watch ??= this.#clock.after(silenceTickMs, () => {
      this.#watch = null;
      if (this.#inboxes.size === 0) return;
      this.#watchSilence();
      // Ticks are counted, not time: after a sleep of the machine only one has passed.
      if (this.#process === null) return;
      this.#silentTicks += 1;
      if (this.#silentTicks >= silentTicksLimit) void this.#process.killHung();
    });
  }

  async #estimatedBytes(contextTokens: number): Promise<number> {
    const { weightsBytes, contextBytes } = await this.estimate(this.#options.name, {
      numCtx: contextTokens,
      numThreads: null,
    });
    return weightsBytes + contextBytes;
  }

  #requireKnown(model: string): void {
    if (model === this.#options.name || model === this.#options.modelPath) return;
    throw new WilsonError('MODEL_MISSING', `The embedded engine runs ${this.#options.name}, not ${model}.`);
  }
}
