import { type Clock, systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import {
  answerCut,
  missing,
  notOpenAi,
  type OpenAiContext,
  openAiStatusError,
  openAiTransportError,
  saidErrorOf,
  unauthorized,
} from './openai-errors.js';
import { openAiBaseUrl, readChunk, readModels, ToolCallAssembler, toOpenAiChat, usageOf } from './openai-wire.js';
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
  type RequestTimeouts,
} from './provider.js';
import { type HttpStream, openStream, readText, TransportError } from './stream-http.js';
import { LineSplitter, LineTooLongError } from './stream-lines.js';
import { linkSignals } from './stream-signal.js';
import { ServerSentEventReader } from './stream-sse.js';
import { ToolTextFilter } from './stream-tool-text.js';

const quickTimeouts: RequestTimeouts = { connectMs: 5_000, firstTokenMs: 10_000, stallMs: 10_000, totalMs: 15_000 };
const bodyLimitBytes = 32 * 1024 * 1024;

export interface OpenAiProviderOptions {
  /** Base URL; `/v1` is added to one without a path. */
  readonly baseUrl: string;
  /** Name of the environment variable that holds the key; null sends none. */
  readonly apiKeyEnv: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
}

/**
 * Models behind any OpenAI-compatible API: llama-server, LM Studio, vLLM, a hosted service. Such a server loads and unloads
 * by its own rules, so `load` and `unload` do nothing and `loaded` is empty. The key is sent and never shown.
 */
export function createOpenAiProvider(options: OpenAiProviderOptions): ModelProvider {
  return new OpenAiProvider(options);
}

class OpenAiProvider implements ModelProvider {
  readonly id = 'openai';
  readonly server: string;
  private readonly clock: Clock;
  private readonly closing = new AbortController();

  constructor(private readonly options: OpenAiProviderOptions) {
    this.server = openAiBaseUrl(options.baseUrl);
    this.clock = options.clock ?? systemClock;
  }

  /** Such a server has no version to ask for: it is well when it lists its models. */
  async health(signal: AbortSignal): Promise<{ version: string }> {
    await this.list(signal);
    return { version: 'unknown' };
  }

  async list(signal: AbortSignal): Promise<ModelInfo[]> {
    const link = linkSignals(signal, this.closing.signal);
    try {
      const stream = await this.open('GET', '/models', undefined, quickTimeouts, link.signal, null);
      const text = await readText(stream, bodyLimitBytes);
      const models = readModels(parseJson(text));
      if (models === null) throw notOpenAi(this.context(null), 'it lists no models');
      return models;
    } catch (thrown) {
      throw this.asError(thrown, null);
    } finally {
      link.release();
    }
  }

  /** The API does not say what a model can do: tools and images are taken to work until a request with them is refused. */
  async capabilities(model: string, signal: AbortSignal): Promise<Capabilities> {
    const found = await this.find(model, signal);
    return { tools: true, vision: true, thinking: false, contextLength: found.contextLength };
  }

  /** What the server says of the file's size; it is the server's memory and not this machine's, where they differ. */
  async estimate(model: string, _load: LoadOptions, signal: AbortSignal): Promise<MemoryEstimate> {
    const found = await this.find(model, signal);
    return { weightsBytes: found.sizeBytes, contextBytes: 0, basis: 'file-size' };
  }

  async load(): Promise<{ loadMs: number }> {
    return { loadMs: 0 };
  }

  async unload(): Promise<void> {
    // The server's own business.
  }

  async loaded(): Promise<LoadedModel[]> {
    return [];
  }

  async *chat(request: ChatRequest): AsyncGenerator<ChatPart, void, undefined> {
    const link = linkSignals(request.signal, this.closing.signal);
    const startedMs = this.clock.monotonicMs();
    const filter = new ToolTextFilter(request.schema === undefined ? (request.tools ?? []) : []);
    const timeouts = { ...defaultTimeouts, ...request.timeouts };
    let stream: HttpStream | null = null;
    try {
      stream = await this.open(
        'POST',
        '/chat/completions',
        toOpenAiChat(request),
        timeouts,
        link.signal,
        request.model,
      );
      const assembler = new ToolCallAssembler();
      let finishReason: string | null = null;
      let usage = null;
      for await (const chunk of this.chunks(stream, request.model, () => finishReason !== null)) {
        if (chunk === 'done') {
          finishReason ??= 'stop';
          break;
        }
        finishReason ??= chunk.finishReason;
        usage = chunk.usage ?? usage;
        yield* filter.push(chunk.text);
        for (const delta of chunk.toolDeltas) assembler.add(delta);
      }
      if (finishReason === null) throw answerCut(this.context(request.model));
      yield* filter.end();
      for (const each of assembler.finish()) {
        yield 'call' in each ? { type: 'tool-call', call: each.call } : { type: 'text', text: each.text };
      }
      const reason = finishReason === 'length' ? 'length' : 'stop';
      yield { type: 'done', reason, usage: usageOf(usage, this.clock.monotonicMs() - startedMs) };
    } catch (thrown) {
      throw this.asError(thrown, request.model);
    } finally {
      stream?.close();
      link.release();
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  /** The chunks of a stream, then `done` if the server said so. After the finish reason a broken end is no fault. */
  private async *chunks(stream: HttpStream, model: string, isFinished: () => boolean) {
    const splitter = new LineSplitter();
    const events = new ServerSentEventReader();
    // A server that does not stream answers with one JSON object.
    const whole = /application\/json/i.test(stream.headers['content-type'] ?? '');
    if (whole) {
      yield this.readData(await readText(stream, bodyLimitBytes), stream, model);
      return;
    }
    for (let ended = false; !ended; ) {
      let piece: Uint8Array | null;
      try {
        piece = await stream.read();
      } catch (thrown) {
        if (isFinished() && thrown instanceof TransportError && thrown.kind === 'cut') return;
        throw thrown;
      }
      ended = piece === null;
      for (const line of piece === null ? [splitter.end(), ''] : splitter.push(piece)) {
        const event = events.push(line);
        if (event === null) continue;
        if (event.data === '[DONE]') {
          yield 'done' as const;
          return;
        }
        yield this.readData(event.data, stream, model);
      }
    }
  }

  private readData(data: string, stream: HttpStream, model: string) {
    const parsed = parseJson(data);
    if (parsed === undefined) throw answerCut(this.context(model), new Error('An event of the stream is not JSON.'));
    const said = saidErrorOf(parsed);
    if (said !== null) throw openAiStatusError(200, data, this.context(model));
    const chunk = readChunk(parsed);
    const hasToken = chunk.text !== '' || chunk.reasoning || chunk.toolDeltas.length > 0 || chunk.finishReason !== null;
    if (hasToken) stream.progressed();
    return chunk;
  }

  private async find(model: string, signal: AbortSignal): Promise<ModelInfo> {
    const models = await this.list(signal);
    const found = models.find((each) => each.name === model);
    if (found !== undefined) return found;
    if (models.length > 0) throw missing(this.context(model));
    // Some servers list nothing and serve the model all the same.
    return { name: model, sizeBytes: 0, parameterSize: null, quantization: null, contextLength: null };
  }

  private async open(
    method: 'GET' | 'POST',
    path: string,
    body: Record<string, unknown> | undefined,
    timeouts: RequestTimeouts,
    signal: AbortSignal,
    model: string | null,
  ): Promise<HttpStream> {
    const stream = await openStream({
      url: `${this.server}${path}`,
      method,
      headers: { Accept: 'application/json, text/event-stream', ...this.authorization(), ...(body ? jsonType : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
      timeouts,
      clock: this.clock,
    });
    if (stream.status >= 400) {
      throw openAiStatusError(stream.status, await readText(stream, bodyLimitBytes), this.context(model));
    }
    const contentType = stream.headers['content-type'] ?? '';
    if (stream.status !== 200 || !/json|event-stream/i.test(contentType)) {
      stream.close();
      throw notOpenAi(this.context(model), `it answers ${stream.status} with ${contentType || 'no type'}`);
    }
    return stream;
  }

  private authorization(): Record<string, string> {
    const { apiKeyEnv, env } = this.options;
    if (apiKeyEnv === null) return {};
    const key = env[apiKeyEnv]?.trim();
    if (!key) throw unauthorized(this.context(null), `: the environment variable ${apiKeyEnv} is not set`);
    return { Authorization: `Bearer ${key}` };
  }

  private context(model: string | null): OpenAiContext {
    return { server: this.server, model, apiKeyEnv: this.options.apiKeyEnv };
  }

  private asError(thrown: unknown, model: string | null): WilsonError {
    if (thrown instanceof WilsonError) return thrown;
    if (thrown instanceof TransportError) return openAiTransportError(thrown, this.context(model));
    if (thrown instanceof LineTooLongError) return notOpenAi(this.context(model), thrown.message, thrown);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new WilsonError('INTERNAL', `The client of the model server failed: ${message}`, { cause: thrown });
  }
}

const jsonType = { 'Content-Type': 'application/json' };

/** Undefined when it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller knows what it means that this is not JSON.
    return undefined;
  }
}
