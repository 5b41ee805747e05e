import type { ChatModelPort, ChatModelRequest } from '../chat/chat-model.js';
import type { Clock, Timer } from '../clock.js';
import type { Config } from '../config/config.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import type { DownloadProgress } from '../models/download-progress.js';
import type { Lease } from '../models/leases.js';
import { findLoaded } from '../models/loaded-model.js';
import type { Chosen, ModelSelector } from '../models/model-selection.js';
import type { ChatPart, ModelProvider } from '../providers/provider.js';
import type { ChatPriority } from '../supervisor/chat-priority.js';

export interface ChatBackendOptions {
  readonly config: Config;
  readonly selector: ModelSelector;
  /** Told of every request, so that workers hold still meanwhile. */
  readonly priority: Pick<ChatPriority, 'turn'>;
  providerFor(chosen: Chosen): ModelProvider;
  /** Loads a model on a server and holds it. */
  acquire(chosen: Chosen, signal: AbortSignal): Promise<Lease>;
  ensureEmbedded(
    name: string,
    options: { signal: AbortSignal; onProgress(progress: DownloadProgress): void },
  ): Promise<string>;
  /** A provider whose model lives in a process of its own. */
  startEngine(modelPath: string, chosen: Chosen): ModelProvider;
  onProgress(progress: DownloadProgress): void;
  /** What people must know: a fallback with its reason, a server that went away. */
  say(text: string, reason?: string): void;
  /** Told which model the chat has now. `lease`: null for an embedded one. */
  onHeld(chosen: Chosen, provider: ModelProvider, lease: Lease | null): void;
  readonly clock: Clock;
  log(text: string, error?: unknown): void;
}

/** How often the pinned model is looked after, between turns. */
const watchEveryMs = 10_000;
const watchAskMs = 5_000;

/** Faults after which the configured model is given up for the embedded one. */
const lostServer = ['SERVER_UNREACHABLE', 'SERVER_NOT_OLLAMA', 'MODEL_MISSING', 'MODEL_DAMAGED', 'LOAD_TIMED_OUT'];

interface Attached {
  readonly chosen: Chosen;
  readonly provider: ModelProvider;
  /** Of a model on a server; an embedded one goes with its process. */
  readonly lease: Lease | null;
}

/** Whether a choice runs on a server, where it is held by a lease. */
function isServed(chosen: Chosen): boolean {
  return chosen.provider !== 'llamacpp';
}

/**
 * The chat's model: the configured one, pinned, or the embedded one in a process of its own when that cannot be had.
 * A server that goes away during the session is replaced in the same way, and people are told each time.
 */
export class ChatBackend implements ChatModelPort {
  readonly ready: Promise<void>;
  private attached: Attached | null = null;
  /** Turns that are being answered: the model is not changed under them. */
  private turns = 0;
  private watchTimer: Timer | null = null;
  /** Without `keep_alive`: until the model goes, after the last turn. */
  private idleTimer: Timer | null = null;
  /** The embedded model is on its way in the place of a lost one, for all turns that lost it. */
  private replacing: Promise<void> | null = null;
  private readonly closing = new AbortController();

  constructor(private readonly options: ChatBackendOptions) {
    this.ready = this.attachFirst();
    // Whoever needs the model awaits `ready` again and gets the reason there.
    this.ready.catch(() => undefined);
    this.watch();
  }

  get name(): string {
    return this.attached?.chosen.model ?? this.options.config.llms.chat.model;
  }

  get contextTokens(): number {
    return (
      this.attached?.lease?.load.numCtx ?? this.attached?.chosen.load.numCtx ?? this.options.config.llms.chat.numCtx
    );
  }

  async *stream(request: ChatModelRequest): AsyncIterable<ChatPart> {
    await this.ready;
    this.turns += 1;
    this.idleTimer?.cancel();
    try {
      yield* this.answer(request);
    } finally {
      this.turns -= 1;
      if (this.turns === 0) this.rest();
    }
  }

  private async *answer(request: ChatModelRequest): AsyncIterable<ChatPart> {
    let started = false;
    const wasServed = this.attached !== null && isServed(this.attached.chosen);
    try {
      for await (const part of this.ask(request)) {
        started = true;
        yield part;
      }
    } catch (error) {
      if (started || !wasServed || !this.isLost(error) || request.signal.aborted) throw error;
      await this.replace(toErrorRecord(error).message);
      yield* this.ask(request);
    }
  }

  async complete(request: ChatModelRequest): Promise<{ text: string; reason: 'stop' | 'length' }> {
    let text = '';
    for await (const part of this.stream(request)) {
      if (part.type === 'text') text += part.text;
      else if (part.type === 'done') return { text, reason: part.reason };
    }
    throw new WilsonError('ANSWER_CUT', `The answer of ${this.name} ended without its last line.`);
  }

  async close(): Promise<void> {
    this.watchTimer?.cancel();
    this.idleTimer?.cancel();
    this.closing.abort(new WilsonError('ABORTED', 'Wilson is ending.'));
    await this.ready.catch(() => undefined);
    const { attached } = this;
    this.attached = null;
    if (attached === null) return;
    if (isServed(attached.chosen)) await attached.lease?.release();
    else await attached.provider.close();
  }

  private async *ask(request: ChatModelRequest): AsyncIterable<ChatPart> {
    const attached = await this.held();
    const endTurn = this.options.priority.turn(attached.chosen);
    try {
      yield* attached.provider.chat({
        model: attached.chosen.model,
        messages: request.messages,
        maxTokens: request.maxTokens,
        temperature: request.temperature ?? attached.chosen.temperature,
        load: attached.lease?.load ?? attached.chosen.load,
        signal: request.signal,
        ...(request.schema === undefined ? {} : { schema: request.schema }),
      });
    } finally {
      endTurn();
    }
  }

  /** The model, held again where it was let go of. */
  private async held(): Promise<Attached> {
    const { attached } = this;
    if (attached === null)
      throw new WilsonError('ENGINE_DOWN', 'The chat has no model.', { hint: 'Start Wilson again.' });
    if (attached.lease !== null || !isServed(attached.chosen)) return attached;
    const again = { ...attached, lease: await this.acquire(attached.chosen) };
    this.attach(again);
    return again;
  }

  private acquire(chosen: Chosen): Promise<Lease> {
    const { keepAlive } = this.options.config.llms.chat;
    return this.options.acquire({ ...chosen, keepAlive, idleTimeoutS: 0 }, this.closing.signal);
  }

  /** `keep_alive: false`: the model goes some time after the last turn, and comes back with the next. */
  private rest(): void {
    const { keepAlive, idleTimeoutS } = this.options.config.llms.chat;
    if (keepAlive || this.closing.signal.aborted) return;
    this.idleTimer?.cancel();
    this.idleTimer = this.options.clock.after(idleTimeoutS * 1_000, () => {
      this.letGo().catch((error: unknown) => this.options.log('the idle chat model could not be let go of', error));
    });
  }

  private async letGo(): Promise<void> {
    const { attached } = this;
    if (attached === null || this.turns > 0) return;
    if (!isServed(attached.chosen)) {
      // The next turn starts another process.
      await attached.provider.unload(attached.chosen.model, { signal: this.closing.signal });
      return;
    }
    this.attached = { ...attached, lease: null };
    await attached.lease?.release();
  }

  private isLost(error: unknown): boolean {
    return (
      error instanceof WilsonError && lostServer.includes(error.code) && this.options.config.llms.fallback === 'allow'
    );
  }

  private async attachFirst(): Promise<void> {
    const { selector, say } = this.options;
    const chosen = await selector.choose('chat', this.closing.signal);
    if (chosen.usedFallback) {
      say(
        `⚠️ The chat runs on ${chosen.model}: ${chosen.fallbackReason ?? 'the configured model is not to be had.'} Quality may vary.`,
        chosen.fallbackReason ?? undefined,
      );
    }
    if (chosen.provider === 'llamacpp') {
      await this.attachEngine(chosen);
      return;
    }
    const provider = this.options.providerFor(chosen);
    let lease: Lease;
    try {
      lease = await this.acquire(chosen);
    } catch (error) {
      if (this.closing.signal.aborted || this.options.config.llms.fallback === 'forbid') throw error;
      await this.attachEmbedded(toErrorRecord(error).message);
      return;
    }
    this.attach({ chosen, provider, lease });
  }

  /** Once for all turns that lost the server; where another turn has done it already, there is nothing to do. */
  private replace(reason: string): Promise<void> {
    if (this.attached !== null && !isServed(this.attached.chosen)) return Promise.resolve();
    this.replacing ??= this.attachEmbedded(reason).finally(() => {
      this.replacing = null;
    });
    return this.replacing;
  }

  private async attachEmbedded(reason: string): Promise<void> {
    const lost = this.attached?.lease ?? null;
    const standIn = this.options.selector.standIn('chat', reason);
    this.options.say(`⚠️ ${reason} The chat goes on with ${standIn.model}. Quality may vary.`);
    // Until then the lost one stays: where there is no embedded model, the next turn asks the server again.
    await this.attachEngine(standIn);
    // The server is not to be had; what it still holds goes when it comes back and nobody asks for it.
    if (lost !== null) void lost.release().catch(() => undefined);
  }

  private async attachEngine(chosen: Chosen): Promise<void> {
    const { signal } = this.closing;
    const path = await this.options.ensureEmbedded(chosen.model, { signal, onProgress: this.options.onProgress });
    const provider = this.options.startEngine(path, chosen);
    try {
      await provider.load(chosen.model, chosen.load, { signal, pin: true });
    } catch (error) {
      await provider.close();
      throw error;
    }
    this.attach({ chosen, provider, lease: null });
  }

  private attach(attached: Attached): void {
    this.attached = attached;
    this.options.onHeld(attached.chosen, attached.provider, attached.lease);
    if (this.turns === 0) this.rest();
  }

  private watch(): void {
    this.watchTimer = this.options.clock.after(watchEveryMs, () => {
      this.lookAfter()
        .catch((error: unknown) => {
          // A server that does not answer is dealt with by the next turn.
          if (!this.closing.signal.aborted) this.options.log('the chat model could not be looked after', error);
        })
        .finally(() => {
          if (!this.closing.signal.aborted) this.watch();
        });
    });
  }

  /** Between turns: the pinned model is brought back if somebody took it away, and the configured one when it can be had. */
  private async lookAfter(): Promise<void> {
    const { attached } = this;
    if (attached === null || this.turns > 0) return;
    if (!isServed(attached.chosen)) await this.returnToConfigured(attached);
    else if (attached.lease !== null && this.options.config.llms.chat.keepAlive)
      await this.keepPinned(attached, attached.lease);
  }

  private async keepPinned({ chosen, provider }: Attached, lease: Lease): Promise<void> {
    const bound = AbortSignal.any([this.closing.signal, AbortSignal.timeout(watchAskMs)]);
    const found = await findLoaded(provider, chosen.model, bound);
    if (found !== null && found.expiresAt === null) return;
    // A server without a list of what is loaded goes by its own rules.
    if (found === null && provider.id !== 'ollama') return;
    const loadMs = this.options.config.llms.loadTimeoutS * 1_000;
    const signal = AbortSignal.any([this.closing.signal, AbortSignal.timeout(loadMs)]);
    await provider.load(chosen.model, lease.load, { signal, pin: true });
    this.options.log(
      found === null
        ? `${chosen.model} had been taken off its server and was brought back for the chat`
        : `${chosen.model} was to leave its server and was pinned again for the chat`,
    );
  }

  private async returnToConfigured(standIn: Attached): Promise<void> {
    if (!standIn.chosen.usedFallback || this.options.config.llms.chat.provider === 'llamacpp') return;
    const chosen = await this.options.selector.choose('chat', this.closing.signal);
    if (chosen.usedFallback || chosen.provider === 'llamacpp') return;
    const lease = await this.acquire(chosen);
    // A turn that began meanwhile keeps its model; the next look tries again.
    if (this.turns > 0 || this.attached !== standIn || this.closing.signal.aborted) {
      await lease.release();
      return;
    }
    this.attach({ chosen, provider: this.options.providerFor(chosen), lease });
    this.options.say(`${chosen.model} is back: the chat uses it again.`);
    await standIn.provider.close();
  }
}
