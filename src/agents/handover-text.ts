import type { AgentContext } from './agent.js';

const entryChars = 2_000;

/** What earlier tasks left and the user answered, for the end of a prompt; empty when there is nothing. */
export function handoverText({ order }: Pick<AgentContext, 'order'>): string {
  const entries = order.handover.map(({ from, text }) => {
    const plain = text.trim().slice(0, entryChars);
    return from === 'user' ? `The user answered: ${plain}` : `From ${from}: ${plain}`;
  });
  return entries.length === 0 ? '' : `\n\n${entries.join('\n')}`;
}
