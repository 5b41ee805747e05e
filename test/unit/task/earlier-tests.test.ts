import { describe, expect, it } from 'vitest';
import { earlierTestsIn } from '../../../src/task/earlier-tests.js';

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
