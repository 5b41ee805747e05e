import { WilsonError } from '../errors.js';
import { imageFormat, mediaType } from '../task/image-file.js';
import type { Usage } from '../task/task.js';
import { displayUrl } from './ollama-host.js';
import type { ChatMessage, ChatRequest, JsonSchema, ModelInfo, ToolCall } from './provider.js';

/**
 * The base URL to which `/chat/completions` is added: one without a path gets `/v1`, where every known server has it.
 * Throws `CONFIG_INVALID` for what is no address of HTTP.
 */
export function openAiBaseUrl(url: string): string {
  const trimmed = url.trim().replace(/\/+$/, '');
  if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed)) {
    throw new WilsonError(
      'CONFIG_INVALID',
      `${JSON.stringify(displayUrl(url))} is not the address of a model server.`,
      {
        hint: 'Set `host` in config.yaml to its base URL, for example http://127.0.0.1:8080/v1.',
      },
    );
  }
  return new URL(trimmed).pathname === '/' ? `${trimmed}/v1` : trimmed;
}

/** The body of a streamed chat. Load options are left out: on such a server they are its own business. */
export function toOpenAiChat(request: ChatRequest): Record<string, unknown> {
  return {
    model: request.model,
    messages: toMessages(request.messages),
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: request.maxTokens,
    temperature: request.temperature,
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(request.stop === undefined || request.stop.length === 0 ? {} : { stop: request.stop }),
    ...(request.schema === undefined
      ? {}
      : {
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'answer', strict: isStrict(request.schema), schema: request.schema },
          },
        }),
    ...(request.tools === undefined || request.tools.length === 0
      ? {}
      : { tools: request.tools.map((tool) => ({ type: 'function', function: { ...tool } })) }),
  };
}

/**
 * Whether a schema meets what OpenAI's strict mode asks of it: every object closed and every property required. With any
 * other schema that mode refuses the request, so it is then left off.
 */
export function isStrict(schema: JsonSchema): boolean {
  const properties = asRecord(schema.properties);
  if (schema.type === 'object' || schema.properties !== undefined) {
    const required = Array.isArray(schema.required) ? schema.required : [];
    if (schema.additionalProperties !== false) return false;
    if (Object.keys(properties).some((name) => !required.includes(name))) return false;
  }
  const inner = [...Object.values(properties), schema.items, ...(Array.isArray(schema.anyOf) ? schema.anyOf : [])];
  return inner.every((each) => each === undefined || isStrict(asRecord(each)));
}

/** Calls get ids that only have to match within this request: an answer belongs to the earliest open call of its tool. */
function toMessages(messages: readonly ChatMessage[]): Record<string, unknown>[] {
  const open: { id: string; name: string }[] = [];
  let count = 0;
  return messages.map((message) => {
    if (message.role === 'tool') {
      const index = open.findIndex((call) => message.toolName === undefined || call.name === message.toolName);
      const [answered] = index === -1 ? [] : open.splice(index, 1);
      // An answer without its call would be refused by the server; as the user's message it still says what it says.
      if (answered === undefined) return { role: 'user', content: message.content };
      return { role: 'tool', content: message.content, tool_call_id: answered.id };
    }
    const calls = (message.toolCalls ?? []).map((call) => {
      count += 1;
      const id = `call_${count}`;
      open.push({ id, name: call.name });
      return { id, type: 'function', function: { name: call.name, arguments: JSON.stringify(call.arguments) } };
    });
    return { role: message.role, content: contentOf(message), ...(calls.length === 0 ? {} : { tool_calls: calls }) };
  });
}

/** Text alone goes as text, which every server takes; with images it becomes the list of parts. */
function contentOf({ content, images = [] }: ChatMessage): unknown {
  if (images.length === 0) return content;
  return [
    { type: 'text', text: content },
    ...images.map((image) => {
      const format = imageFormat(Buffer.from(image.slice(0, 24), 'base64'));
      const type = format === null ? 'application/octet-stream' : mediaType(format);
      return { type: 'image_url', image_url: { url: `data:${type};base64,${image}` } };
    }),
  ];
}

/** One chunk of the stream as far as it is used. */
export interface Chunk {
  readonly text: string;
  readonly reasoning: boolean;
  readonly toolDeltas: readonly ToolDelta[];
  readonly finishReason: string | null;
  readonly usage: { readonly promptTokens: number; readonly outputTokens: number } | null;
}

export interface ToolDelta {
  readonly index: number;
  readonly name: string;
  readonly arguments: string;
}

/** Reads a chunk; a field that is missing or of another type counts as not said. */
export function readChunk(parsed: unknown): Chunk {
  const fields = asRecord(parsed);
  const choice = asRecord(Array.isArray(fields.choices) ? fields.choices[0] : undefined);
  // Servers that ignore `stream: true` send the whole message where a delta would be.
  const delta = asRecord(choice.delta ?? choice.message);
  const usage = asRecord(fields.usage);
  const calls = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
  return {
    text: typeof delta.content === 'string' ? delta.content : '',
    reasoning: typeof delta.reasoning_content === 'string' || typeof delta.reasoning === 'string',
    toolDeltas: calls.map((call, position) => {
      const { index, function: named } = asRecord(call);
      const { name, arguments: text } = asRecord(named);
      return {
        index: typeof index === 'number' ? index : position,
        name: typeof name === 'string' ? name : '',
        arguments: typeof text === 'string' ? text : text === undefined || text === null ? '' : JSON.stringify(text),
      };
    }),
    finishReason: typeof choice.finish_reason === 'string' ? choice.finish_reason : null,
    usage:
      typeof usage.prompt_tokens === 'number'
        ? { promptTokens: usage.prompt_tokens, outputTokens: Number(usage.completion_tokens ?? 0) }
        : null,
  };
}

/** Puts tool calls together whose names and arguments come in pieces. */
export class ToolCallAssembler {
  private readonly byIndex = new Map<number, { name: string; arguments: string }>();

  add(delta: ToolDelta): void {
    const call = this.byIndex.get(delta.index) ?? { name: '', arguments: '' };
    // Some servers repeat the whole name in each piece.
    if (call.name !== delta.name) call.name += delta.name;
    call.arguments += delta.arguments;
    this.byIndex.set(delta.index, call);
  }

  /** The calls in their order; one whose arguments are no JSON object comes as text, for `parseToolCalls` to name it. */
  finish(): ({ readonly call: ToolCall } | { readonly text: string })[] {
    return [...this.byIndex]
      .sort(([a], [b]) => a - b)
      .map(([, { name, arguments: text }]) => {
        const parsed = parseObject(text.trim() === '' ? '{}' : text);
        if (parsed !== null) return { call: { name, arguments: parsed } };
        return { text: `\n<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${text}` };
      });
  }
}

/** The models of `GET /models`, with what llama-server, vLLM and others add; null when it is no such list. */
export function readModels(parsed: unknown): ModelInfo[] | null {
  const { data } = asRecord(parsed);
  if (!Array.isArray(data)) return null;
  return data.flatMap((each) => {
    const fields = asRecord(each);
    const meta = asRecord(fields.meta);
    if (typeof fields.id !== 'string') return [];
    return [
      {
        name: fields.id,
        sizeBytes: numberOf(meta.size) ?? 0,
        parameterSize: null,
        quantization: typeof fields.quantization === 'string' ? fields.quantization : null,
        contextLength:
          numberOf(fields.max_model_len) ??
          numberOf(fields.context_length) ??
          numberOf(fields.max_context_length) ??
          numberOf(meta.n_ctx_train),
      },
    ];
  });
}

export function usageOf(chunk: Chunk['usage'], generateMs: number): Usage {
  return {
    promptTokens: chunk?.promptTokens ?? 0,
    outputTokens: chunk?.outputTokens ?? 0,
    loadMs: 0,
    generateMs: Math.round(generateMs),
  };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : null;
  } catch {
    // Cut off or malformed; the caller passes it on as text.
    return null;
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}
