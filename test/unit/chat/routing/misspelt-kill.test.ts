import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideTurn } from '../../../../src/chat/routing/decide.js';
import { asksToKillMisspelt } from '../../../../src/chat/routing/misspelt-kill.js';
import { parsePhrase } from '../../../../src/chat/routing/phrase.js';
import { emptyContext } from '../../../../src/chat/routing/route.js';

describe('a stop order with a slip in its verb', () => {
  it.each([
    'kil the test run',
    'kiil it please',
    'stpo',
    'please stpo the task',
    'cancle the review',
    'abrot everything now',
    'termnate TASK-003',
  ])('%s: stops', (text) => {
    expect(asksToKillMisspelt(parsePhrase(text))).toBe(true);
    expect(decideTurn(text, emptyContext).route).toEqual({ intent: 'kill' });
  });

  it('stops whichever slip it is, and never starts anything', () => {
    const slip = fc.tuple(fc.constantFrom('stop', 'kill', 'cancel', 'abort', 'terminate'), fc.nat(), fc.boolean());
    fc.assert(
      fc.property(slip, ([verb, where, isLost]) => {
        const at = 1 + (where % (verb.length - 2));
        const letters = isLost ? verb.slice(at + 1) : `${verb[at + 1]}${verb[at]}${verb.slice(at + 2)}`;
        const word = verb.slice(0, at) + letters;
        // "abot" is as near to "about".
        if (word === 'abot') return;
        const { route } = decideTurn(`${word} the test run`, emptyContext);
        expect(route).toEqual({ intent: 'kill' });
      }),
    );
  });

  it.each([
    'about the task',
    'will the build',
    'step the job',
    'bill',
    'cancer',
    'stp',
    'spot the bug',
    'cancl culture',
    'stpo?',
    'skill tests',
    'kil a mockingbird is a book that I have to read for school',
  ])('%s: is none', (text) => {
    expect(asksToKillMisspelt(parsePhrase(text))).toBe(false);
  });
});
