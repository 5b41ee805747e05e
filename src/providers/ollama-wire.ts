import type { ChatResponse, Message, ChatRequest as OllamaChatRequest, Options } from 'ollama';
import type { Usage } from '../task/task.js';
import type { ChatMessage, ChatRequest, JsonSchema, LoadOptions, ToolCall } from './provider.js';

/**
 * Sent with every chat, though the package has no type for it. Without it the server drops the oldest messages of a
 * conversation that is too long, and says nothing; with it the answer is a 400 that names the number of tokens.
 */
export const neverTruncate = { truncate: false } as const;

/** The options that decide about loading: the same in `load` and in every request, or the server loads anew. */
export function loadOptions(load: LoadOptions): Partial<Options> {
  return { num_ctx: load.numCtx, ...(load.numThreads === null ? {} : { num_thread: load.numThreads }) };
}

/**
 * The body of a streamed chat. `keep_alive` is left out on purpose: one that is sent overwrites, for every client, what
 * the model was loaded with.
 */
export function toOllamaChat(request: ChatRequest): OllamaChatRequest & { stream: true } {
  return {
    model: request.model,
    messages: request.messages.map(toMessage),
    stream: true,
    options: {
      ...loadOptions(request.load),
      num_predict: request.maxTokens,
      temperature: request.temperature,
      ...(request.seed === undefined ? {} : { seed: request.seed }),
      ...(request.stop === undefined || request.stop.length === 0 ? {} : { stop: [...request.stop] }),
    },
    // A model that thinks would spend its tokens on that first, and the grammar would bind only the second pass.
    ...(request.schema === undefined ? {} : { format: request.schema, think: false }),
    ...(request.tools === undefined || request.tools.length === 0
      ? {}
      : {
          tools: request.tools.map(({ name, description, parameters }) => ({
            type: 'function',
            function: { name, description, parameters: parameters as JsonSchema & { type?: string } },
          })),
        }),
  };
}

function toMessage(message: ChatMessage): Message {
  return {
    role: message.role,
    content: message.content,
    ...(message.images === undefined || message.images.length === 0 ? {} : { images: [...message.images] }),
    ...(message.toolCalls === undefined || message.toolCalls.length === 0
      ? {}
      : {
          tool_calls: message.toolCalls.map((call) => ({
            function: { name: call.name, arguments: { ...call.arguments } },
          })),
        }),
    ...(message.toolName === undefined ? {} : { tool_name: message.toolName }),
  };
}

/** The tool calls of one line of a stream. Arguments that came as text are read as JSON. */
export function toToolCalls(message: Partial<Message> | undefined): ToolCall[] {
  return (message?.tool_calls ?? []).map((call) => ({
    name: String(call.function.name),
    arguments: toArguments(call.function.arguments),
  }));
}

function toArguments(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  if (typeof value !== 'string') return {};
  try {
    return toArguments(JSON.parse(value));
  } catch {
    // Not JSON: without arguments the check against the tool's schema will name what is missing.
    return {};
  }
}

/** Tokens and times of the last line of a stream; the server counts in nanoseconds and leaves out what is zero. */
export function toUsage(last: Partial<ChatResponse>): Usage {
  return {
    promptTokens: last.prompt_eval_count ?? 0,
    outputTokens: last.eval_count ?? 0,
    loadMs: nanosecondsToMs(last.load_duration),
    generateMs: nanosecondsToMs((last.prompt_eval_duration ?? 0) + (last.eval_duration ?? 0)),
  };
}

function nanosecondsToMs(nanoseconds: number | undefined): number {
  return Math.round((nanoseconds ?? 0) / 1e6);
}
