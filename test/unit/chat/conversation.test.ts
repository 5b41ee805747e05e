import { describe, expect, it } from 'vitest';
import { Conversation } from '../../../src/chat/conversation.js';
import { estimateTokens } from '../../../src/chat/token-estimate.js';

const opening = [{ role: 'system', content: 'S'.repeat(10) }] as const;
/** One token a character: easy to count. */
const count = (text: string) => Promise.resolve(text.length);

async function conversation(turns: number): Promise<Conversation> {
  const talk = new Conversation(count);
  for (let turn = 0; turn < turns; turn += 1) {
    await talk.add({ role: 'user', content: `question ${String(turn).padStart(3, '0')}` });
    await talk.add({ role: 'assistant', content: `answer ${String(turn).padStart(5, '0')}` });
  }
  return talk;
}

describe('Conversation', () => {
  it('sends all that fits, in order', async () => {
    const prompt = await (await conversation(2)).fit(opening, 'newest', 1_000, 100);
    expect(prompt?.messages.map(({ content }) => content)).toEqual([
      'SSSSSSSSSS',
      'question 000',
      'answer 00000',
      'question 001',
      'answer 00001',
      'newest',
    ]);
    expect(prompt?.leftOut).toBe(0);
  });

  it('never sends more than the context holds, and says how much it left out', async () => {
    const talk = await conversation(100);
    const prompt = await talk.fit(opening, 'newest', 500, 100);
    const tokens = prompt?.messages.reduce((sum, { content }) => sum + content.length + 6, 0) ?? Number.NaN;
    expect(tokens).toBeLessThanOrEqual(400);
    expect(prompt?.leftOut).toBe(200 - (prompt?.messages.length ?? 0) + 2);
    expect(prompt?.messages[1]?.role).toBe('user');
  });

  it('keeps the beginning of the prompt the same for several turns, so that it stays cached', async () => {
    const talk = await conversation(100);
    const first = await talk.fit(opening, 'newest', 1_000, 100);
    await talk.add({ role: 'user', content: 'question 100' });
    await talk.add({ role: 'assistant', content: 'answer 00100' });
    const second = await talk.fit(opening, 'newer', 1_000, 100);
    expect(second?.messages[1]).toEqual(first?.messages[1]);
  });

  it('refuses a message that leaves no room for an answer', async () => {
    expect(await (await conversation(1)).fit(opening, 'x'.repeat(950), 1_000, 100)).toBeNull();
  });
});

describe('estimateTokens', () => {
  it('errs on the safe side for prose, code and wide scripts', () => {
    expect(estimateTokens('The quick brown fox jumps over the lazy dog.')).toBeGreaterThanOrEqual(10);
    expect(estimateTokens('for (let i = 0; i < n; i += 1) { sum += a[i]; }')).toBeGreaterThanOrEqual(15);
    expect(estimateTokens('文字文字')).toBeGreaterThanOrEqual(4);
  });
});
