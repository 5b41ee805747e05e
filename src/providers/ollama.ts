import type { Ollama } from 'ollama';
import { type Clock, systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { answerCut, notOllama, ollamaCommand } from './ollama-errors.js';
import { estimateMemory, readShow, toCapabilities } from './ollama-estimate.js';
import { asOllamaError, createOllamaFetch } from './ollama-fetch.js';
import { displayUrl } from './ollama-host.js';
import { fullModelName, isSameModel } from './ollama-names.js';
import { loadOptions, neverTruncate, toOllamaChat, toToolCalls, toUsage } from './ollama-wire.js';
import {
  type Capabilities,
  type ChatPart,
  type ChatRequest,
  defaultTimeouts,
  type LoadedModel,
  type ModelInfo,
  type ModelProvider,
  type RequestTimeouts,
} from './provider.js';
import { abortedError } from './stream-http.js';
import { linkSignals, pause } from './stream-signal.js';
import { ToolTextFilter } from './stream-tool-text.js';

/** Bounds for requests that need no model; an Ollama that is alive answers them in milliseconds. */
const quickTimeouts: RequestTimeouts = { connectMs: 5_000, firstTokenMs: 10_000, stallMs: 10_000, totalMs: 15_000 };
/** A load sends nothing until it is over, so only the whole is bounded; the caller's signal is the real deadline. */
const loadTimeouts: RequestTimeouts = {
  connectMs: 5_000,
  firstTokenMs: 1_800_000,
  stallMs: 1_800_000,
  totalMs: 1_800_000,
};
/** Ollama's own default (`OLLAMA_KEEP_ALIVE`), which it does not tell. */
const usualKeepAlive = '5m';
const unloadPollMs = 100;
/** How often an unload is asked for anew: one that meets a load, or another client's request, is lost. */
const unloadRepeatMs = 2_000;
const unloadDeadlineMs = 60_000;
/** A model that was loaded "for ever" expires in the year 2319. */
const foreverMs = 50 * 365 * 24 * 3_600_000;

export interface OllamaProviderOptions {
  /** Base URL as `parseOllamaHost` gives it. */
  readonly baseUrl: string;
  readonly clock?: Clock;
}

/**
 * Models on an Ollama server, through the `ollama` package with a `fetch` of ours. What it promises beyond
 * {@link ModelProvider}: the same load options go with every request, an unload is over only when `/api/ps` no longer
 * lists the model, no prompt is cut without an error, and nothing is ever printed.
 */
export function createOllamaProvider(options: OllamaProviderOptions): ModelProvider {
  return new OllamaProvider(options.baseUrl.replace(/\/+$/, ''), options.clock ?? systemClock);
}

class OllamaProvider implements ModelProvider {
  readonly id = 'ollama';
  /** Ends what is still under way when the provider is closed. */
  private readonly closing = new AbortController();

  constructor(
    readonly server: string,
    private readonly clock: Clock,
  ) {}

  async health(signal: AbortSignal): Promise<{ version: string }> {
    const answer: unknown = await this.ask(null, signal, (client) => client.version());
    const version = typeof answer === 'object' && answer !== null && 'version' in answer ? answer.version : null;
    if (typeof version !== 'string') throw notOllama(this.context(null), 'it names no version');
    return { version };
  }

  async list(signal: AbortSignal): Promise<ModelInfo[]> {
    const answer = await this.ask(null, signal, (client) => client.list());
    return this.models(answer).map((model) => ({
      name: model.name,
      sizeBytes: model.size,
      parameterSize: model.details?.parameter_size ?? null,
      quantization: model.details?.quantization_level ?? null,
      contextLength: numberOf(model.details, 'context_length'),
    }));
  }

  async capabilities(model: string, signal: AbortSignal): Promise<Capabilities> {
    return toCapabilities(readShow(await this.ask(model, signal, (client) => client.show({ model }))));
  }

  async estimate(model: string, load: ChatRequest['load'], signal: AbortSignal) {
    const [show, models] = await Promise.all([
      this.ask(model, signal, (client) => client.show({ model })),
      this.list(signal),
    ]);
    const weightsBytes = models.find((each) => isSameModel(each.name, model))?.sizeBytes ?? 0;
    return estimateMemory(weightsBytes, readShow(show), load);
  }

  async load(model: string, load: ChatRequest['load'], options: { signal: AbortSignal; pin: boolean }) {
    const startedMs = this.clock.monotonicMs();
    // A number: the text "-1" is refused ("missing unit in duration"). Without a pin the server's own rule holds.
    const keepAlive = options.pin ? { keep_alive: -1 } : {};
    await this.ask(
      model,
      options.signal,
      (client) => client.chat({ model, messages: [], stream: false, options: loadOptions(load), ...keepAlive }),
      loadTimeouts,
    );
    return { loadMs: Math.round(this.clock.monotonicMs() - startedMs) };
  }

  async unpin(model: string, load: ChatRequest['load'], options: { signal: AbortSignal }): Promise<void> {
    await this.ask(model, options.signal, (client) =>
      client.chat({ model, messages: [], stream: false, options: loadOptions(load), keep_alive: usualKeepAlive }),
    );
  }

  async unload(model: string, options: { signal: AbortSignal }): Promise<void> {
    const link = linkSignals(options.signal, this.closing.signal);
    try {
      await this.unloadUntilGone(model, link.signal);
    } finally {
      link.release();
    }
  }

  async loaded(signal: AbortSignal): Promise<LoadedModel[]> {
    const answer = await this.ask(null, signal, (client) => client.ps());
    return this.models(answer).map((model) => ({
      name: model.name,
      memoryBytes: model.size,
      contextTokens: numberOf(model, 'context_length'),
      expiresAt: this.expiry(model.expires_at),
    }));
  }

  async *chat(request: ChatRequest): AsyncGenerator<ChatPart, void, undefined> {
    // The package does not end a request whose iteration is left early; this does, whatever way it is left.
    const link = linkSignals(request.signal, this.closing.signal);
    const context = this.context(request.model);
    const filter = new ToolTextFilter(request.schema === undefined ? (request.tools ?? []) : []);
    try {
      const client = await this.client(
        { ...defaultTimeouts, ...request.timeouts },
        request.model,
        link.signal,
        neverTruncate,
      );
      for await (const line of await client.chat(toOllamaChat(request))) {
        const text = line.message?.content ?? '';
        yield* filter.push(text);
        for (const call of toToolCalls(line.message)) yield { type: 'tool-call', call };
        if (line.done) {
          yield* filter.end();
          yield { type: 'done', reason: line.done_reason === 'length' ? 'length' : 'stop', usage: toUsage(line) };
          return;
        }
      }
      throw answerCut(context);
    } catch (thrown) {
      throw asOllamaError(thrown, context);
    } finally {
      link.abort();
      link.release();
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  private async unloadUntilGone(model: string, signal: AbortSignal): Promise<void> {
    const startedMs = this.clock.monotonicMs();
    let askedMs = Number.NEGATIVE_INFINITY;
    for (;;) {
      const now = this.clock.monotonicMs();
      if (now - startedMs > unloadDeadlineMs) throw this.stillLoaded(model);
      if (now - askedMs >= unloadRepeatMs) {
        askedMs = now;
        if (!(await this.askToUnload(model, signal))) return;
      }
      const loaded = await this.loaded(signal);
      if (!loaded.some((each) => isSameModel(each.name, model))) return;
      await pause(unloadPollMs, signal, this.clock);
    }
  }

  /** False when there is nothing to unload because the server does not know the model. */
  private async askToUnload(model: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.ask(model, signal, (client) => client.chat({ model, messages: [], stream: false, keep_alive: 0 }));
      return true;
    } catch (thrown) {
      if (thrown instanceof WilsonError && thrown.code === 'MODEL_MISSING') return false;
      throw thrown;
    }
  }

  private async ask<T>(
    model: string | null,
    signal: AbortSignal,
    call: (client: Ollama) => Promise<T>,
    timeouts: RequestTimeouts = quickTimeouts,
  ): Promise<T> {
    const link = linkSignals(signal, this.closing.signal);
    try {
      return await call(await this.client(timeouts, model, link.signal));
    } catch (thrown) {
      throw asOllamaError(thrown, this.context(model));
    } finally {
      link.release();
    }
  }

  /** A client for one request. The package is loaded at the first: it costs a worker 15 ms that it has later. */
  private async client(
    timeouts: RequestTimeouts,
    model: string | null,
    signal: AbortSignal,
    extraBody?: Readonly<Record<string, unknown>>,
  ): Promise<Ollama> {
    if (signal.aborted) throw abortedError(signal);
    const { Ollama } = await import('ollama');
    const exchange = { server: this.server, model, signal, timeouts, clock: this.clock };
    return new Ollama({
      host: this.server,
      fetch: createOllamaFetch(extraBody === undefined ? exchange : { ...exchange, extraBody }),
    });
  }

  private context(model: string | null) {
    return { server: this.server, model };
  }

  private models<T>(answer: { models: T[] }): T[] {
    // A server that is not Ollama may answer anything; an empty Ollama answers an empty list (older ones null).
    if (Array.isArray(answer?.models)) return answer.models;
    if (answer !== null && typeof answer === 'object' && 'models' in answer && answer.models === null) return [];
    throw notOllama(this.context(null), 'its list of models is none');
  }

  private expiry(expiresAt: unknown): string | null {
    const atMs = Date.parse(String(expiresAt));
    if (Number.isNaN(atMs) || atMs - this.clock.now() > foreverMs) return null;
    return new Date(atMs).toISOString();
  }

  private stillLoaded(model: string): WilsonError {
    const seconds = unloadDeadlineMs / 1000;
    return new WilsonError(
      'TIMED_OUT',
      `${fullModelName(model)} is still loaded on ${displayUrl(this.server)}, ${seconds} s after Wilson asked to unload it.`,
      { hint: `Something else uses it, or the server hangs: \`${ollamaCommand(this.server, `stop ${model}`)}\`.` },
    );
  }
}

function numberOf(value: unknown, key: string): number | null {
  if (typeof value !== 'object' || value === null) return null;
  const found = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof found === 'number' ? found : null;
}
