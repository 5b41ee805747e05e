import { z } from 'zod';

/** Raised whenever a message changes shape; an engine of another version is refused at `hello`. */
export const engineProtocolVersion = 1;

const id = z.int().positive();
const errorRecord = z.object({ code: z.string(), message: z.string(), hint: z.string() });
const load = z.object({ numCtx: z.int().positive(), numThreads: z.int().positive().nullable() });
const json = z.record(z.string(), z.unknown());
const toolCall = z.object({ name: z.string(), arguments: json });

const message = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
  /** Only to be refused by name: an embedded model sees nothing. */
  images: z.array(z.string()).optional(),
  toolCalls: z.array(toolCall).optional(),
  toolName: z.string().optional(),
});

const timeouts = z.object({
  connectMs: z.number().optional(),
  firstTokenMs: z.number().optional(),
  stallMs: z.number().optional(),
  totalMs: z.number().optional(),
});

/** From the parent. Each question carries an id, and the answers to it the same one. */
export const toEngine = z.discriminatedUnion('type', [
  /** First of all: which model this engine is for. */
  z.object({
    type: z.literal('init'),
    protocol: z.literal(engineProtocolVersion),
    modelPath: z.string(),
    threads: z.int().positive(),
    slots: z.int().positive(),
  }),
  z.object({ type: z.literal('load'), id, load }),
  z.object({
    type: z.literal('chat'),
    id,
    load,
    messages: z.array(message),
    temperature: z.number(),
    maxTokens: z.int().positive(),
    seed: z.int().optional(),
    stop: z.array(z.string()).optional(),
    schema: json.optional(),
    tools: z.array(z.object({ name: z.string(), description: z.string(), parameters: json })).optional(),
    timeouts: timeouts.optional(),
  }),
  /** Ends a question early; it is still answered, with `failed` and code `ABORTED`. */
  z.object({ type: z.literal('abort'), id }),
]);
export type ToEngine = z.infer<typeof toEngine>;

const usage = z.object({
  promptTokens: z.number(),
  outputTokens: z.number(),
  loadMs: z.number(),
  generateMs: z.number(),
});

const part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('tool-call'), call: toolCall }),
  z.object({ type: z.literal('done'), reason: z.enum(['stop', 'length']), usage }),
]);

export const fromEngine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), protocol: z.number(), pid: z.number() }),
  z.object({ type: z.literal('load-progress'), id, fraction: z.number() }),
  z.object({ type: z.literal('loaded'), id, loadMs: z.number() }),
  z.object({ type: z.literal('part'), id, part }),
  z.object({ type: z.literal('failed'), id, error: errorRecord }),
  /** While a question is being worked on: the engine's event loop turns. */
  z.object({ type: z.literal('alive') }),
]);
export type FromEngine = z.infer<typeof fromEngine>;
