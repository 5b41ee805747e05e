import { WilsonError } from '../../errors.js';
import type { ChatMessage } from '../../providers/provider.js';
import { estimateTokens } from '../prompt-size.js';

/** Longest result of a tool that is kept as it is once newer ones have come, in characters. */
const oldResultLimit = 200;

/**
 * The messages cut down until they fit into `limitTokens`: results of tools are shortened from the oldest on, and where
 * that is not enough, whole old turns are left out, with a mark in their place. The first two (the role and the request)
 * and the newest turn always stay. `leftOut` says what was done, null when nothing was. Rejects nothing and changes nothing
 * in place; throws `CONTEXT_OVERFLOW` when even the least does not fit.
 */
export function fitInto(
  messages: readonly ChatMessage[],
  limitTokens: number,
): { messages: ChatMessage[]; leftOut: string | null } {
  const kept = [...messages];
  let shortened = 0;
  for (let index = 2; index < kept.length - 2 && estimateTokens(kept) > limitTokens; index += 1) {
    const each = kept[index];
    if (each === undefined || each.content.length <= oldResultLimit || each.role === 'assistant') continue;
    const cut = each.content.length - oldResultLimit;
    kept[index] = { ...each, content: `${each.content.slice(0, oldResultLimit)}\n[${cut} characters left out]` };
    shortened += 1;
  }
  let dropped = 0;
  const mark = (): ChatMessage => ({
    role: 'user',
    content: `[${dropped} earlier messages are left out to fit the context]`,
  });
  while (estimateTokens(dropped === 0 ? kept : [...kept, mark()]) > limitTokens) {
    const length = oldestTurnLength(kept);
    if (length === 0) break;
    kept.splice(2, length);
    dropped += length;
  }
  if (dropped > 0) kept.splice(2, 0, mark());
  if (estimateTokens(kept) > limitTokens) {
    throw new WilsonError(
      'CONTEXT_OVERFLOW',
      'The request and the newest result do not fit into the model’s context.',
      {
        hint: 'Raise num_ctx for this model, or ask for a smaller step.',
      },
    );
  }
  if (shortened + dropped === 0) return { messages: kept, leftOut: null };
  return { messages: kept, leftOut: `${shortened} old results shortened, ${dropped} old messages left out` };
}

/** Messages from the third on that belong together: what was said with the results of its calls; 0 for the last turn. */
function oldestTurnLength(messages: readonly ChatMessage[]): number {
  for (let index = 3; index < messages.length; index += 1) {
    if (messages[index]?.role !== 'tool') return index - 2;
  }
  return 0;
}
