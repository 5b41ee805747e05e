import { describe, expect, it } from 'vitest';
import { isTestFile, languageOf } from '../../../src/verification/languages.js';

describe('isTestFile', () => {
  it.each([
    'test_x.py',
    'a/b/x_test.py',
    'tests.py',
    'conftest.py',
    'x_test.go',
    'x.test.mjs',
    'x.spec.ts',
    'src/__tests__/x.js',
    'test.js',
    'UserTest.java',
    'spec/user_spec.rb',
    'tests/calc.rs',
  ])('%s is one', (file) => {
    expect(isTestFile(file)).toBe(true);
  });

  it.each([
    'x.py',
    'latest.py',
    'contest.js',
    'test_data.json',
    'tests/helper.py',
    'src/calc.rs',
    'testing.py',
    'test_x.md',
  ])('%s is none', (file) => {
    expect(isTestFile(file)).toBe(false);
  });
});

it('knows the languages it can run tests of', () => {
  expect(['a.py', 'a.MJS', 'a.go', 'a.ts', 'a'].map(languageOf)).toEqual(['python', 'javascript', 'go', null, null]);
});
