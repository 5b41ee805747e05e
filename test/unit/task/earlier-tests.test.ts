import { describe, expect, it } from 'vitest';
import { brokenText, earlierTestsIn, untouchedTestsIn } from '../../../src/task/earlier-tests.js';

describe('what a request demands of the tests that are there', () => {
  it.each([
    'Fix calc.py so that all the tests pass',
    'fix the failing tests',
    'Fix the bug that test_calc.py shows, the tests must be green',
    'Make test_calc.py pass',
    'Repair the code so test_calc.py passes, all tests included',
    'Make the tests pass. Do not change the tests.',
    'Change sub in calc.py so that the tests pass',
    'Run the tests and say whether the tests pass',
  ])('they pass as they are: %s', (request) => {
    expect(earlierTestsIn(request)).toBe('passing');
  });

  it.each([
    'Add a function mul(a, b) to calc.py with unit tests',
    'Tidy calc.py up',
    'Remove the function sub from calc.py',
    'Write slugify.py, and tests for it',
  ])('none gets lost: %s', (request) => {
    expect(earlierTestsIn(request)).toBe('kept');
  });

  it.each([
    'Update the tests to the new greeting',
    'Delete test_calc.py',
    'Rename test_calc.py and fix what the tests import',
    'Remove the slow tests',
    'Fix test_calc.py: it expects the wrong sum',
    'Merge calc.test.mjs into the other tests',
    'Skip the tests that need a network',
  ])('nothing, since it is about changing them: %s', (request) => {
    expect(earlierTestsIn(request)).toBeNull();
  });
});

describe('what a request promises of tests that are left alone', () => {
  it.each([
    'Refactor calc.py',
    'Optimise the search',
    'Split calc.py in two without breaking anything',
    'Rename a to b, but do not change the behaviour of add',
    'Add a cache; keep the public API as it is',
  ])('they hold: %s', (request) => {
    expect(untouchedTestsIn(request)).toBe('unbroken');
  });

  it.each(['Let add give strings', 'Add mul to calc.py', 'Change how prices are rounded', 'Show a break in the list'])(
    'those that fail are told: %s',
    (request) => {
      expect(untouchedTestsIn(request)).toBe('watched');
    },
  );
});

describe('what became of them', () => {
  const broken = (count: number, ...names: string[]) => ({ broken: { count, names } });

  it('is said in words', () => {
    expect(brokenText({ ran: 3, failed: 0 })).toBeNull();
    expect(brokenText({ ran: 3, failed: 0, ...broken(0) })).toBe('3 tests that were there pass as before');
    expect(brokenText({ ran: 1, failed: 0, ...broken(0) })).toBe('1 test that was there passes as before');
    expect(brokenText({ ran: 3, failed: 2, ...broken(0) })).toBe(
      '3 tests that were there do as before, 2 of them fail',
    );
    expect(brokenText({ ran: 3, failed: 1, ...broken(1, 'a') })).toBe('1 test that passed before fails now: a');
    expect(brokenText({ ran: 3, failed: 3, ...broken(3, 'a', 'b') })).toBe(
      '3 tests that passed before fail now: a, b …',
    );
    expect(brokenText({ ran: 3, failed: 2, ...broken(2) })).toBe('2 tests that passed before fail now');
  });
});
