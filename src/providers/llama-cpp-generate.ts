import type { LlamaContextSequence, LlamaGrammar, SequenceEvaluateOptions, Token } from 'node-llama-cpp';
import type { Clock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { batchTokens } from './llama-cpp-batch.js';
import type { RequestBounds } from './llama-cpp-bounds.js';
import { contextOverflow } from './llama-cpp-errors.js';
import { toPromptTurns } from './llama-cpp-prompt.js';
import type { LlamaRuntime } from './llama-cpp-runtime.js';
import { toGrammarSchema } from './llama-cpp-schema.js';
import { JsonEnd, StopScanner, TokenText } from './llama-cpp-text.js';
import type { ChatRequest, JsonSchema } from './provider.js';

/** An answer that has no room for even this many tokens is refused before it is begun. */
const leastAnswerTokens = 64;
/**
 * Evaluation cannot be interrupted, so a prompt is read in pieces of about this long: an abort waits for one of them.
 * Shorter pieces cost speed (measured: 8 % at 64 tokens, 20 % at 32, of the pace of 512; nothing at 256).
 */
const pieceMs = 100;
const pieceTokens = { first: 16, least: 8, most: batchTokens };

export type GeneratedPart =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'end';
      readonly reason: 'stop' | 'length';
      readonly promptTokens: number;
      readonly outputTokens: number;
    };

/**
 * Answers one request on a loaded model, token by token. Throws `CONTEXT_OVERFLOW`, `BAD_REQUEST` (a schema that no
 * grammar can be made from) or the reason of the bounds.
 */
export async function* generate(
  runtime: LlamaRuntime,
  request: ChatRequest,
  bounds: RequestBounds,
  clock: Clock,
): AsyncGenerator<GeneratedPart, void, void> {
  const tools = request.tools ?? [];
  const { tokens: prompt, stops } = runtime.tokenize(toPromptTurns(request.messages, tools));
  const room = runtime.contextSize - prompt.length;
  if (room < Math.min(request.maxTokens, leastAnswerTokens)) {
    throw contextOverflow(prompt.length, runtime.contextSize);
  }
  const grammar = request.schema === undefined ? null : await grammarFor(runtime, request.schema);
  bounds.promptStarted();
  const sequence = runtime.sequenceFor(prompt);
  const rest = await readPrompt(runtime, sequence, prompt, bounds, clock);

  const options: SequenceEvaluateOptions = {
    temperature: request.temperature,
    ...(request.seed === undefined ? {} : { seed: request.seed }),
    ...(grammar === null
      ? {}
      : {
          grammarEvaluationState: new runtime.module.LlamaGrammarEvaluationState({ model: runtime.model, grammar }),
        }),
  };
  const limit = Math.min(request.maxTokens, room);
  // Models mark their tool calls with tokens of their own, which are hidden otherwise.
  const text = new TokenText<Token>((some, before) => runtime.model.detokenize(some, tools.length > 0, before), prompt);
  const scanner = new StopScanner([...stops, ...(request.stop ?? [])]);
  const jsonEnd = request.schema === undefined ? null : new JsonEnd();
  let outputTokens = 0;
  let reason: 'stop' | 'length' = 'stop';
  // Counted before, so that an answer that is broken off counts too.
  runtime.collector.evaluated();
  for await (const token of sequence.evaluate(rest, options)) {
    bounds.check();
    if (outputTokens === 0) runtime.useThreads(runtime.governor.generateThreads);
    bounds.tokenArrived();
    outputTokens += 1;
    const piece = text.push(token);
    const end = jsonEnd?.push(piece) ?? null;
    const scanned = scanner.push(end === null ? piece : piece.slice(0, end));
    if (scanned.text !== '') yield { type: 'text', text: scanned.text };
    if (scanned.stopped || end !== null) break;
    if (outputTokens >= limit) {
      reason = 'length';
      break;
    }
    await bounds.pass();
  }
  const left = scanner.push(text.flush());
  const tail = left.stopped ? left.text : left.text + scanner.flush();
  if (tail !== '') yield { type: 'text', text: tail };
  yield { type: 'end', reason, promptTokens: prompt.length, outputTokens };
}

/**
 * Brings a sequence to the state before the answer's first token, reusing what it holds of the prompt's start. Resolves
 * with the prompt's last tokens (at least one), which are left for the evaluation that samples.
 */
async function readPrompt(
  runtime: LlamaRuntime,
  sequence: LlamaContextSequence,
  prompt: Token[],
  bounds: RequestBounds,
  clock: Clock,
): Promise<Token[]> {
  bounds.check();
  // The last token is always evaluated anew: its result is what the first token is drawn from.
  await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  let position = sequence.nextTokenIndex;
  let size = pieceTokens.first;
  while (prompt.length - position > size) {
    await bounds.pass();
    const startedMs = clock.monotonicMs();
    const cpuBefore = process.cpuUsage();
    const threads = runtime.governor.promptThreads(startedMs);
    runtime.useThreads(threads);
    await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(position, position + size));
    runtime.collector.evaluated();
    position += size;
    const nowMs = clock.monotonicMs();
    const wallMs = Math.max(1, nowMs - startedMs);
    const { user, system } = process.cpuUsage(cpuBefore);
    runtime.governor.observe({ threads, wallMs, cpuMs: (user + system) / 1_000 }, nowMs);
    const fitting = Math.round((size * pieceMs) / wallMs / 8) * 8;
    size = Math.min(pieceTokens.most, Math.max(pieceTokens.least, Math.min(fitting, size * 2)));
  }
  await bounds.pass();
  runtime.useThreads(runtime.governor.promptThreads(clock.monotonicMs()));
  return prompt.slice(position);
}

async function grammarFor(runtime: LlamaRuntime, schema: JsonSchema): Promise<LlamaGrammar> {
  try {
    return await runtime.grammar(toGrammarSchema(schema));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WilsonError('BAD_REQUEST', `No grammar can be made from this JSON schema: ${reason}.`, { cause: error });
  }
}
