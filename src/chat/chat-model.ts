import type { ChatMessage, ChatPart, JsonSchema } from '../providers/provider.js';

export interface ChatModelRequest {
  readonly messages: readonly ChatMessage[];
  readonly maxTokens: number;
  readonly temperature?: number;
  /** The answer must be JSON of this schema. */
  readonly schema?: JsonSchema;
  readonly signal: AbortSignal;
}

/** The chat's own model, wherever it runs; what it rejects with is a WilsonError with a remedy in its hint. */
export interface ChatModelPort {
  /** As people see it, e.g. `qwen2.5-coder:0.5b`. */
  readonly name: string;
  /** Context in tokens. Read only after `ready`. */
  readonly contextTokens: number;
  /** Resolves when the model is loaded; rejects when it cannot be. The prompt does not wait for it. */
  readonly ready: Promise<void>;
  /** Streams an answer; its last part is `done`, and without it the iteration throws. */
  stream(request: ChatModelRequest): AsyncIterable<ChatPart>;
  /** The whole answer at once; `length` means that it was cut at `maxTokens`. */
  complete(request: ChatModelRequest): Promise<{ text: string; reason: 'stop' | 'length' }>;
  /** Tokens of a text; without it they are estimated on the safe side. */
  countTokens?(text: string): Promise<number>;
}
