import { describe, expect, it } from 'vitest';
import { fitInto } from '../../../../src/agents/loop/conversation.js';
import { estimateTokens } from '../../../../src/agents/prompt-size.js';
import type { ChatMessage } from '../../../../src/providers/provider.js';

const message = (role: ChatMessage['role'], content: string): ChatMessage => ({ role, content });

function conversation(turns: number, size: number): ChatMessage[] {
  const messages = [message('system', 'role'), message('user', 'request')];
  for (let turn = 0; turn < turns; turn += 1) {
    messages.push(message('assistant', `call ${turn}`), message('tool', `${turn} ${'x'.repeat(size)}`));
  }
  return messages;
}

describe('fitInto', () => {
  it('leaves alone what fits', () => {
    const messages = conversation(2, 100);
    expect(fitInto(messages, 1_000)).toEqual({ messages, leftOut: null });
  });

  it('shortens from the oldest on and keeps role, request and the newest two', () => {
    const messages = conversation(4, 3_000);
    const { messages: fitted, leftOut } = fitInto(messages, 2_500);
    expect(leftOut).toBe('2 old results shortened, 0 old messages left out');
    expect(fitted.slice(0, 2)).toEqual(messages.slice(0, 2));
    expect(fitted.slice(-2)).toEqual(messages.slice(-2));
    expect(fitted[3]?.content).toContain('characters left out');
    expect(estimateTokens(fitted)).toBeLessThanOrEqual(2_500);
  });

  it('leaves out whole turns when that is not enough, never a call without its result', () => {
    const { messages: fitted, leftOut } = fitInto(conversation(60, 150), 600);
    expect(leftOut).toContain('old messages left out');
    expect(fitted[2]?.content).toContain('left out to fit the context');
    expect(fitted[3]?.role).not.toBe('tool');
    expect(estimateTokens(fitted)).toBeLessThanOrEqual(600);
  });

  it('throws when even the least does not fit, and changes nothing in place', () => {
    const messages = conversation(1, 9_000);
    const before = structuredClone(messages);
    expect(() => fitInto(messages, 500)).toThrow(/do not fit/);
    expect(messages).toEqual(before);
  });
});
