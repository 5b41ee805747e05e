import type { ProviderId, Usage } from '../task/task.js';

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Image files in base64, without a `data:` prefix; only for models with `Capabilities.vision`. */
  readonly images?: readonly string[];
  readonly toolCalls?: readonly ToolCall[];
  /** For role `tool`: the tool that answered. */
  readonly toolName?: string;
}

/**
 * Options that decide how a model is loaded. One set per model and server: a request whose options differ would make
 * the server reload it (facts, section 1).
 */
export interface LoadOptions {
  /** Context length in tokens. */
  readonly numCtx: number;
  /** CPU threads; null leaves it to the server (an embedded model then takes at most 2). */
  readonly numThreads: number | null;
}

/** Bounds of one request, each in milliseconds. */
export interface RequestTimeouts {
  readonly connectMs: number;
  /** Until the first token (the prompt is read meanwhile). */
  readonly firstTokenMs: number;
  /** Between two tokens. */
  readonly stallMs: number;
  readonly totalMs: number;
}

export const defaultTimeouts: RequestTimeouts = {
  connectMs: 5_000,
  firstTokenMs: 120_000,
  stallMs: 30_000,
  totalMs: 600_000,
};

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly load: LoadOptions;
  readonly temperature: number;
  /** Always set: an unbounded answer of a small model may never end. */
  readonly maxTokens: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  /** The answer must be JSON of this schema. Excludes `tools`. */
  readonly schema?: JsonSchema;
  readonly tools?: readonly ToolSpec[];
  readonly signal: AbortSignal;
  readonly timeouts?: Partial<RequestTimeouts>;
}

export type ChatPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool-call'; readonly call: ToolCall }
  | { readonly type: 'done'; readonly reason: 'stop' | 'length'; readonly usage: Usage };

export interface ModelInfo {
  readonly name: string;
  /** Size of the weights on disk. */
  readonly sizeBytes: number;
  readonly parameterSize: string | null;
  readonly quantization: string | null;
  readonly contextLength: number | null;
}

export interface Capabilities {
  readonly tools: boolean;
  readonly vision: boolean;
  readonly thinking: boolean;
  /** Trained context length in tokens; null where the server does not say. */
  readonly contextLength: number | null;
}

/** What a model will cost in memory; `basis` says where the figure comes from. */
export interface MemoryEstimate {
  readonly weightsBytes: number;
  readonly contextBytes: number;
  readonly basis: 'metadata' | 'measured' | 'file-size';
}

export interface LoadedModel {
  readonly name: string;
  readonly memoryBytes: number;
  readonly contextTokens: number | null;
  /** Null when it stays until someone unloads it. */
  readonly expiresAt: string | null;
}

/**
 * A server or engine that runs models. All methods reject with a WilsonError:
 * `SERVER_UNREACHABLE`, `SERVER_NOT_OLLAMA` and `SERVER_NOT_OPENAI` (something else answers there), `UNAUTHORIZED` (the
 * key is missing or refused), `MODEL_MISSING`, `MODEL_DAMAGED`,
 * `TOOLS_UNSUPPORTED`, `VISION_UNAVAILABLE` (it was sent an image and cannot see), `RUNNER_CRASHED`, `ANSWER_CUT` (the stream ended without its last line), `TIMED_OUT`,
 * `SERVER_BUSY`, `BAD_REQUEST`, `CONTEXT_OVERFLOW`, `ABORTED` (the signal), each with a hint that mends it.
 */
export interface ModelProvider {
  readonly id: ProviderId;
  /** Base URL, or `embedded`. */
  readonly server: string;
  /** Resolves with the server's version when it answers as it should. */
  health(signal: AbortSignal): Promise<{ version: string }>;
  list(signal: AbortSignal): Promise<ModelInfo[]>;
  capabilities(model: string, signal: AbortSignal): Promise<Capabilities>;
  estimate(model: string, load: LoadOptions, signal: AbortSignal): Promise<MemoryEstimate>;
  /** Loads and, with `pin`, asks the server to keep it for ever. Resolves once a request would not have to wait. */
  load(
    model: string,
    load: LoadOptions,
    options: { signal: AbortSignal; pin: boolean; onProgress?: (fraction: number) => void },
  ): Promise<{ loadMs: number }>;
  /**
   * Takes back a pin: the model goes again by the server's usual rule. For servers that can pin; it must be loaded with
   * these options.
   */
  unpin?(model: string, load: LoadOptions, options: { signal: AbortSignal }): Promise<void>;
  /** Resolves when the server no longer lists the model; unloading what is not loaded is no error. */
  unload(model: string, options: { signal: AbortSignal }): Promise<void>;
  loaded(signal: AbortSignal): Promise<LoadedModel[]>;
  /** Streams an answer. The last part is `done`; without it the iteration throws, so a cut answer is never a whole one. */
  chat(request: ChatRequest): AsyncIterable<ChatPart>;
  close(): Promise<void>;
}
