import { WilsonError } from '../../errors.js';
import type { ChatMessage, JsonSchema } from '../../providers/provider.js';
import { throwIfAborted } from '../abort.js';
import type { AgentContext } from '../agent.js';
import { estimateTokens } from '../prompt-size.js';
import { codeOf } from './answer-code.js';
import { fenceStop } from './prompts.js';

interface CodeAnswer {
  readonly code: string;
  /** True when the answer reached its limit before it ended. */
  readonly cut: boolean;
}

interface AskOptions {
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed?: number;
  /** Ends of an answer; the closing fence of a code block where none are named. */
  readonly stop?: readonly string[];
}

/**
 * One answer. Rejects with `CONTEXT_OVERFLOW` before anything is sent when prompt and answer do not fit, with `ABORTED`
 * once the task was stopped, and as the model's own `complete` does.
 */
export async function askForText(
  context: AgentContext,
  messages: readonly ChatMessage[],
  options: AskOptions,
): Promise<{ text: string; cut: boolean }> {
  throwIfAborted(context.signal);
  const room = context.model.contextTokens - estimateTokens(messages);
  if (room < 64) {
    throw new WilsonError(
      'CONTEXT_OVERFLOW',
      'The request and the files it needs do not fit into the model’s context.',
      {
        hint: `Raise num_ctx (now ${context.model.contextTokens} tokens), or ask for a smaller step.`,
      },
    );
  }
  const { text, reason } = await context.model.complete({
    messages,
    maxTokens: Math.min(options.maxTokens, room),
    temperature: options.temperature,
    stop: options.stop ?? fenceStop,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  throwIfAborted(context.signal);
  return { text, cut: reason === 'length' };
}

/** One answer with code; rejects as {@link askForText}. */
export async function askForCode(
  context: AgentContext,
  messages: readonly ChatMessage[],
  options: AskOptions,
): Promise<CodeAnswer> {
  const { text, cut } = await askForText(context, messages, options);
  return { code: codeOf(text), cut };
}

/** One answer as JSON of a schema; null when the model's answer was cut or is not of it. */
export async function askForJson<T>(
  context: AgentContext,
  messages: readonly ChatMessage[],
  schema: JsonSchema,
  maxTokens: number,
  temperature = 0,
): Promise<T | null> {
  throwIfAborted(context.signal);
  const { text } = await context.model.complete({ messages, maxTokens, temperature, schema });
  throwIfAborted(context.signal);
  try {
    return JSON.parse(text) as T;
  } catch {
    // A cut answer: the caller goes on without it.
    return null;
  }
}
