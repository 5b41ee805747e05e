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

/**
 * One answer with code. Rejects with `CONTEXT_OVERFLOW` before anything is sent when prompt and answer do not fit, with
 * `ABORTED` once the task was stopped, and as the model's own `complete` does.
 */
export async function askForCode(
  context: AgentContext,
  messages: readonly ChatMessage[],
  options: { readonly temperature: number; readonly maxTokens: number; readonly seed?: number },
): Promise<CodeAnswer> {
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
    stop: fenceStop,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  throwIfAborted(context.signal);
  return { code: codeOf(text), cut: reason === 'length' };
}

/** One answer as JSON of a schema; null when the model's answer was cut or is not of it. */
export async function askForJson<T>(
  context: AgentContext,
  messages: readonly ChatMessage[],
  schema: JsonSchema,
  maxTokens: number,
): Promise<T | null> {
  throwIfAborted(context.signal);
  const { text } = await context.model.complete({ messages, maxTokens, temperature: 0, schema });
  throwIfAborted(context.signal);
  try {
    return JSON.parse(text) as T;
  } catch {
    // A cut answer: the caller goes on without it.
    return null;
  }
}
