import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyContext } from '../../../../src/chat/routing/route.js';
import { decideByRules } from '../../../../src/chat/routing/rules.js';
import { labelledTurns } from '../../../helpers/labelled-turns.js';

describe.each(['requests.jsonl', 'more.jsonl'])('%s', (name) => {
  it.each(labelledTurns(name))('$text → $intent $type', ({ text, intent, type, after }) => {
    const { route } = decideByRules(text, { lastAssistant: after ?? null, lastUser: null });
    expect(route.intent).toBe(intent);
    if (route.intent === 'delegate') expect(route.type).toBe(type);
  });
});

describe('decideByRules', () => {
  it('knows commands by their slash, and paths are none', () => {
    expect(decideByRules('/kill TASK-001 --all', emptyContext).route).toEqual({
      intent: 'command',
      name: 'kill',
      args: ['TASK-001', '--all'],
    });
    expect(decideByRules('/home/me/x.py crashes, fix it', emptyContext).route.intent).toBe('delegate');
  });

  it('knows orders to itself that name a task', () => {
    expect(decideByRules('apply TASK-3', emptyContext).route).toEqual({
      intent: 'command',
      name: 'apply',
      args: ['TASK-003'],
    });
    expect(decideByRules('retry task 12 please', emptyContext).route.intent).not.toBe('answer');
  });

  it('does not take a yes for an order when nothing was proposed', () => {
    expect(decideByRules('ok do it', emptyContext).route.intent).toBe('answer');
    const after = { lastAssistant: 'Paris is the capital of France.', lastUser: 'capital of France?' };
    expect(decideByRules('yes', after).route.intent).toBe('answer');
  });

  it('is quick for any mixture of the words it knows, repeated ones above all', () => {
    const words =
      'the my all any please can you it is how what show list tell write check run tests code task models memory loaded still stop get rid of add for with and src/a.ts , . ? TASK-1 bitte das schreib por favor crea le peux-tu 写 帮我 请 напиши'.split(
        ' ',
      );
    const some = fc.subarray(words, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 2_000 }), (chosen, count) => {
        const text = Array.from({ length: count }, (_, index) => chosen[index % chosen.length]).join(' ');
        const start = performance.now();
        decideByRules(text, { lastAssistant: 'Shall I do that?', lastUser: text });
        // Well under a millisecond as a rule; a pattern that backtracks without end takes minutes.
        expect(performance.now() - start).toBeLessThan(1_500);
      }),
      { numRuns: 300 },
    );
  });
});
