import { describe, expect, it } from 'vitest';
import { choose, gatherCases, type WeighedCase } from '../../../../src/agents/code/choice.js';
import type { Judgement, TestCase } from '../../../../src/agents/code/language.js';
import { pickCases } from '../../../../src/agents/code/pick-cases.js';
import { doubtsAbout, isSettled, onlyResultOf } from '../../../../src/agents/code/trust.js';

const target = { kind: 'function', name: 'f', params: ['x'] } as const;

function testCase(argument: string, expected: string): TestCase {
  const call = `f(${argument})`;
  return { name: null, steps: [{ run: call, check: `self.assertEqual(${call}, ${expected})`, call, expected }] };
}

const weighed = (argument: string, expected: string, votes = 1, required = false): WeighedCase => ({
  test: testCase(argument, expected),
  votes,
  required,
  companions: [],
});

/** `1` passed, `0` failed, one character a case. */
const judgement = (row: string): Judgement => ({
  loadError: null,
  results: [...row].map((each) => [each === '1' ? null : '1 != 2']),
});

const cases = [weighed('1', '1'), weighed('2', '2'), weighed('3', '3'), weighed('4', '5')];

describe('choose', () => {
  it('prefers what two drafts agree on to what one draft alone meets', () => {
    const choice = choose(cases, [judgement('1000'), judgement('1110'), judgement('1110')]);
    expect(choice?.winner).toBe(1);
    expect(choice?.support).toBe(2);
    expect(choice?.kept).toHaveLength(3);
    expect(choice?.failing.map((each) => each.fault)).toEqual(['f(4) should give 5, but: 1 != 2']);
  });

  it('puts an example of the request above any agreement', () => {
    const own = [weighed('9', '9', 1, true), ...cases];
    const choice = choose(own, [judgement('01111'), judgement('01111'), judgement('11000')]);
    expect(choice?.winner).toBe(2);
  });

  it('gives a draft no credit for cases that came in the same answer', () => {
    const own = cases.slice(0, 3).map((each) => ({ ...each, companions: [0] }));
    const others = [weighed('7', '7'), weighed('8', '8')];
    expect(choose([...own, ...others], [judgement('11100'), judgement('00011')])?.winner).toBe(1);
    const alone = choose(own, [judgement('111')]);
    expect(alone).toMatchObject({ winner: 0, independent: 0 });
    expect(alone === null ? null : doubtsAbout(alone, [target], true)).toContain('too few');
    const vouched = choose(own, [judgement('111'), judgement('111')]);
    expect(vouched).toMatchObject({ support: 2, independent: 3 });
  });

  it('passes over drafts that cannot be loaded, and says so when none can', () => {
    const broken: Judgement = { loadError: 'NameError', results: [] };
    expect(choose(cases, [broken, judgement('1100')])?.winner).toBe(1);
    expect(choose(cases, [broken])).toBeNull();
    expect(choose(cases, [])).toBeNull();
  });

  it('keeps the part of a longer case that holds', () => {
    const steps = [
      { run: 's = S()', check: null, call: '', expected: '' },
      { run: 's.pop()', check: 'self.assertEqual(s.pop(), 1)', call: 's.pop()', expected: '1' },
      { run: 's.size()', check: 'self.assertEqual(s.size(), 0)', call: 's.size()', expected: '0' },
    ];
    const whole = [{ test: { name: 'test_s', steps }, votes: 1, required: false, companions: [] }];
    const middle = choose(whole, [{ loadError: null, results: [[null, 'wrong', null]] }]);
    expect(middle?.kept[0]?.test.steps.map((step) => step.check ?? step.run)).toEqual([
      's = S()',
      's.pop()',
      'self.assertEqual(s.size(), 0)',
    ]);
    const stopped = choose(whole, [{ loadError: null, results: [[null, null, undefined]] }]);
    expect(stopped?.kept[0]?.test.steps).toHaveLength(2);
    const nothing = choose(whole, [{ loadError: null, results: [['NameError']] }]);
    expect(nothing?.kept).toEqual([]);
    expect(nothing?.failing[0]?.fault).toBe('s = S() failed: NameError');
  });
});

describe('gatherCases', () => {
  it('counts a case once for each answer it occurs in', () => {
    const once = gatherCases([], [testCase('1', '1'), testCase('1', '1'), testCase('2', '2')], false);
    expect(once.map((each) => each.votes)).toEqual([1, 1]);
    const twice = gatherCases(once, [testCase('2', '2')], true);
    expect(twice.map((each) => [each.votes, each.required])).toEqual([
      [1, false],
      [2, true],
    ]);
  });
});

describe('trust', () => {
  const chosen = (rows: string[], list = cases) => {
    const choice = choose(list, rows.map(judgement));
    if (choice === null) throw new Error('nothing was chosen');
    return choice;
  };

  it('is settled when two drafts agree and most cases hold', () => {
    expect(isSettled(chosen(['1110', '1110']), [target], true, 0)).toBe(true);
    expect(isSettled(chosen(['1110']), [target], true, 0)).toBe(false);
    expect(isSettled(chosen(['1100', '1100']), [target], true, 0)).toBe(false);
  });

  it('waits in the first rounds when an expectation that came up twice does not hold', () => {
    const list = [...cases.slice(0, 3), weighed('4', '5', 2)];
    expect(isSettled(chosen(['1110', '1110'], list), [target], true, 0)).toBe(false);
    expect(isSettled(chosen(['1110', '1110'], list), [target], true, 2)).toBe(true);
  });

  it('doubts what has fewer than two cases, no case for a target, or more contradiction than agreement', () => {
    expect(doubtsAbout(chosen(['1000']), [target], true)).toContain('too few');
    expect(doubtsAbout(chosen(['1110']), [target, { ...target, name: 'g' }], true)).toContain('for g');
    const contradicted = [...cases, ...['5', '6', '7', '8', '9'].map((each) => weighed(each, '0'))];
    expect(doubtsAbout(chosen(['110000000'], contradicted), [target], true)).toContain('contradict');
    expect(doubtsAbout(chosen(['1110']), [target], true)).toBeNull();
  });

  it('doubts a broken example of the request even when no tests are asked for', () => {
    const own = [weighed('9', '9', 1, true), ...cases];
    expect(doubtsAbout(chosen(['01111'], own), [target], false)).toContain('f(9) should give 9');
    expect(doubtsAbout(chosen(['1000']), [target], false)).toBeNull();
  });

  it('does not count several expectations for one call against each other', () => {
    const list = [
      weighed('1', '1'),
      weighed('2', '2'),
      weighed('3', '3'),
      ...['4', '5', '6', '7'].map((e) => weighed('1', e)),
    ];
    expect(isSettled(chosen(['1110000', '1110000'], list), [target], true, 0)).toBe(true);
  });

  it('notices tests that all expect the same', () => {
    expect(onlyResultOf([weighed('1', 'True'), weighed('2', 'True')])).toBe('True');
    expect(onlyResultOf([weighed('1', 'True'), weighed('2', 'False')])).toBeNull();
    expect(onlyResultOf([])).toBeNull();
  });
});

describe('pickCases', () => {
  it('takes at most eight, the examples of the request and different results first', () => {
    const same = Array.from({ length: 12 }, (_, index) => weighed(String(index), 'True'));
    const kept = [...same, weighed('x', 'False'), weighed('y', 'True', 1, true)];
    const picked = pickCases(kept, [target]);
    expect(picked).toHaveLength(8);
    expect(picked.map((each) => each.test.steps[0]?.call)).toEqual(expect.arrayContaining(['f(x)', 'f(y)']));
  });
});
