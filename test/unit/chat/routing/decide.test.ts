import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideTurn, decideTurnWith, taskTypeOf } from '../../../../src/chat/routing/decide.js';
import { kinds } from '../../../../src/chat/routing/learned/classifier.js';
import { emptyContext, type Route } from '../../../../src/chat/routing/route.js';
import { type LabelledTurn, labelledTurns } from '../../../helpers/labelled-turns.js';

function routed({ text, after }: LabelledTurn): Route {
  return decideTurn(text, { lastAssistant: after ?? null, lastUser: null }).route;
}

function saying(lastAssistant: string) {
  return { lastAssistant, lastUser: null };
}

describe('decideTurn', () => {
  it('routes turns that nothing was learnt from: 95 % of the intents, 90 % of the types', () => {
    // Whoever trains on this file has nothing left to judge by; scripts/routing-corpus.ts leaves it out.
    const rows = labelledTurns('unseen-b.jsonl');
    const intents = rows.filter((row) => routed(row).intent === row.intent).length;
    const typed = rows.filter(({ type }) => type !== undefined);
    const types = typed.filter((row) => {
      const route = routed(row);
      return route.intent === 'delegate' && route.type === row.type;
    }).length;
    expect(intents / rows.length).toBeGreaterThanOrEqual(0.95);
    expect(types / typed.length).toBeGreaterThanOrEqual(0.9);
  });

  it('never takes a turn of the held-out file for a stop order that is none', () => {
    const wrong = labelledTurns('unseen-b.jsonl').filter(
      (row) => row.intent !== 'kill' && routed(row).intent === 'kill',
    );
    expect(wrong).toEqual([]);
  });

  it.each([
    ['how would you build a todo app?', 'answer'],
    ['I refactored the whole parser last week', 'answer'],
    ["don't start anything yet, what do you think of GraphQL?", 'answer'],
    ['build me a small todo app in Python', 'delegate'],
    ['is the login page done yet?', 'progress'],
    ['which model are you using?', 'models'],
    ['kill TASK-003', 'kill'],
    ['/tasks', 'command'],
  ])('%s → %s', (text, intent) => {
    expect(decideTurn(text, emptyContext).route.intent).toBe(intent);
  });

  it('reads what a yes accepts from the offer', () => {
    const test = decideTurn('yes please', saying('Shall I write unit tests for the parser?'));
    expect(test.route).toEqual({ intent: 'delegate', type: 'test' });
    const none = decideTurn('yes please', saying('Paris is the capital of France.'));
    expect(none.route.intent).toBe('answer');
    expect(decideTurn('no thanks', saying('Shall I write unit tests for the parser?')).route.intent).toBe('answer');
  });

  it('reads from an offer of two what the second is', () => {
    const offer = 'I can start either task: 1) write tests for api.py, or 2) find out why api.py is slow. Which one?';
    expect(decideTurn('the second one', saying(offer)).route).toEqual({ intent: 'delegate', type: 'analysis' });
  });

  it('tells a plain yes from a reply with words of its own', () => {
    const offer = saying('Shall I build it with SQLite or Postgres?');
    expect(decideTurn('ok do it', offer).by).toBe('proposal');
    expect(decideTurn('use postgres', offer).by).toBe('reply');
  });

  it('does not take a turn for another because something unrelated was said before', () => {
    const before = saying('TASK-003 is 40% done: writing auth.js.');
    expect(decideTurn('what is the capital of France?', before).route.intent).toBe('answer');
    expect(decideTurn('write a script that renames my photos by date', before).route.intent).toBe('delegate');
  });

  it('guesses no stop order that is not all but certain', () => {
    // Weights that make every turn rather a stop order than anything else.
    const values = new Float32Array(kinds.length * 2).fill(0);
    for (let bucket = 0; bucket < 2; bucket += 1) values[bucket * kinds.length + kinds.indexOf('kill')] = 2;
    const weights = { bits: 1, unit: 1, values };
    expect(decideTurnWith(weights, 'the weather is fine today', emptyContext).route.intent).not.toBe('kill');
    expect(decideTurnWith(weights, 'kill TASK-003', emptyContext).route.intent).toBe('kill');
  });

  it('is quick for any mixture of words, repeated ones above all', () => {
    const words =
      'the my please can you how what run tests task models stop for with src/a.ts /a/b/c a_b aB f() `x` . ? 写 我 帮 напиши'.split(
        ' ',
      );
    const some = fc.subarray(words, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 2_000 }), (chosen, count) => {
        const text = Array.from({ length: count }, (_, index) => chosen[index % chosen.length]).join(' ');
        const start = performance.now();
        decideTurn(text, { lastAssistant: text, lastUser: text });
        // A few milliseconds as a rule; a pattern that backtracks without end takes minutes.
        expect(performance.now() - start).toBeLessThan(1_500);
      }),
      { numRuns: 100 },
    );
  });
});

describe('taskTypeOf', () => {
  it.each([
    ['write tests for the parser', 'test'],
    ['review my last commit', 'review'],
    ['rename all photos in pics/ by date', 'general'],
    ['what is in photo.png?', 'analysis'],
    ['a todo app', 'code'],
  ])('%s → %s', (text, type) => {
    expect(taskTypeOf(text)).toBe(type);
  });
});
