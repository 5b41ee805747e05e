import { describe, expect, it } from 'vitest';
import { coverageAskedFor } from '../../../src/task/coverage-wish.js';
import type { CheckSpec } from '../../../src/task/definition-of-done.js';
import { asksForNewTests, asksForTests } from '../../../src/task/plan-wishes.js';
import type { Artifact, TaskType } from '../../../src/task/task.js';
import { planChecks } from '../../../src/verification/plan-checks.js';

function added(...paths: string[]): Artifact[] {
  return paths.map((path) => ({ path, kind: 'added', bytes: 1 }));
}

function plan(
  type: TaskType,
  description: string,
  changed: readonly Artifact[] = [],
  proposed: readonly CheckSpec[] = [],
): CheckSpec[] {
  return planChecks({ description, type, changed, proposed });
}

describe('planChecks', () => {
  it('always wants changed files that parse from a code task', () => {
    expect(plan('code', 'Write a parser')).toEqual([{ check: 'files_changed' }, { check: 'parses' }]);
    expect(plan('code', 'Write a parser', added('x.py'), [{ check: 'file_exists', paths: ['y.py'] }])).toEqual([
      { check: 'files_changed' },
      { check: 'parses' },
      { check: 'file_exists', paths: ['y.py'] },
    ]);
    // What was changed and is left is there.
    expect(plan('code', 'Write a parser', added('x.py'), [{ check: 'file_exists', paths: ['x.py'] }])).toEqual([
      { check: 'files_changed' },
      { check: 'parses' },
    ]);
  });

  it('wants new tests when the request asks for them, whatever was changed', () => {
    const request = 'Write slugify.py with a function slugify(text), and unittest tests for it';
    expect(plan('code', request)).toContainEqual({ check: 'tests_pass', paths: [] });
    expect(plan('test', 'Cover the parser')).toContainEqual({ check: 'tests_pass', paths: [] });
  });

  it('runs tests that were written unasked, and old ones where the request speaks of them', () => {
    expect(plan('code', 'Write a parser', added('test_x.py'))).toContainEqual({ check: 'tests_pass' });
    expect(plan('code', 'Fix the bug so that all tests pass')).toContainEqual({ check: 'tests_pass' });
    expect(plan('general', 'Say hello', added('test_x.py'))).toEqual([{ check: 'parses' }, { check: 'tests_pass' }]);
  });

  it('wants a report from research and analysis', () => {
    expect(plan('research', 'Compare A and B')).toEqual([{ check: 'report_written' }]);
    expect(plan('analysis', 'Why is it slow', added('report.md'))).toEqual([{ check: 'report_written' }]);
    expect(plan('general', 'Create notes.md with a list', added('notes.md'))).toEqual([{ check: 'files_changed' }]);
    expect(plan('general', 'Say hello')).toEqual([]);
  });

  it('wants the files changed that the request orders by name', () => {
    const wanted = [{ check: 'files_changed', paths: ['x.py'] }];
    expect(plan('code', 'Write x.py', added('y.py'))).toEqual(expect.arrayContaining(wanted));
    expect(plan('general', 'Delete x.py and y.py', added('y.py'))).toEqual(expect.arrayContaining(wanted));
    expect(plan('code', 'Write x.py', added('src/x.py'))).toContainEqual({ check: 'files_changed' });
  });

  it('asks the tests that were there, where they are to pass or were touched', () => {
    const touched: Artifact[] = [{ path: 'test_x.py', kind: 'modified', bytes: 1 }];
    const deleted: Artifact[] = [{ path: 'test_x.py', kind: 'deleted', bytes: 0 }];
    const fix = 'Fix x.py so that all tests pass';
    expect(plan('code', fix, added('x.py'))).toContainEqual({ check: 'tests_pass', earlier: 'passing' });
    expect(plan('test', 'Run the tests', added('x.txt'))).toContainEqual({ check: 'tests_pass' });
    expect(plan('test', 'Check that all tests pass', deleted)).toContainEqual({
      check: 'tests_pass',
      earlier: 'passing',
    });
    expect(plan('code', 'Add a parser', touched)).toContainEqual({ check: 'tests_pass', earlier: 'kept' });
    expect(plan('code', 'Add a parser', added('conftest.py'))).toContainEqual({ check: 'tests_pass', earlier: 'kept' });
    expect(plan('code', 'Add a parser', deleted)).toContainEqual({ check: 'tests_pass', earlier: 'kept' });
    expect(plan('general', 'Delete test_x.py', deleted)).toEqual([{ check: 'files_changed' }]);
    const withCode: Artifact[] = [...deleted, { path: 'x.py', kind: 'deleted', bytes: 0 }];
    expect(plan('code', 'Remove x', withCode)).toEqual([
      { check: 'files_changed' },
      { check: 'parses' },
      { check: 'tests_pass', earlier: 'watched' },
    ]);
  });

  it('looks after tests that were there where code was changed, though nobody speaks of them', () => {
    const modified: Artifact[] = [{ path: 'calc.py', kind: 'modified', bytes: 1 }];
    const watched = { check: 'tests_pass', earlier: 'watched' };
    expect(plan('code', 'Let add give strings', modified)).toContainEqual(watched);
    expect(plan('code', 'Add mul(a, b) with tests', [...modified, ...added('test_mul.py')])).toContainEqual(watched);
    expect(plan('code', 'Refactor calc.py', modified)).toContainEqual({ check: 'tests_pass', earlier: 'unbroken' });
    expect(plan('code', 'Let add give strings, but do not break anything', modified)).toContainEqual({
      check: 'tests_pass',
      earlier: 'unbroken',
    });
    // Where they have to pass anyway, and where no code could break them.
    const fix = plan('code', 'Fix calc.py so that all tests pass', modified);
    expect(fix.filter(({ check }) => check === 'tests_pass')).toEqual([{ check: 'tests_pass', earlier: 'passing' }]);
    expect(plan('code', 'Write more.py', added('more.py'))).not.toContainEqual(watched);
    expect(plan('code', 'Tidy README.md', [{ path: 'README.md', kind: 'modified', bytes: 1 }])).not.toContainEqual({
      check: 'tests_pass',
      earlier: 'unbroken',
    });
  });

  it('lets what is claimed of tests be looked at beside them', () => {
    const modified: Artifact[] = [{ path: 'calc.py', kind: 'modified', bytes: 1 }];
    expect(plan('code', 'Let add give strings', modified, [{ check: 'tests_pass' }])).toContainEqual({
      check: 'tests_pass',
    });
  });

  it('adds proposals, never subtracts, and drops what is unsafe or no evidence', () => {
    const proposed: CheckSpec[] = [
      { check: 'files_changed' },
      { check: 'tests_pass' },
      { check: 'file_exists', paths: ['b.py'] },
      { check: 'file_exists', paths: ['../b.py'] },
      { check: 'file_exists', paths: [] },
      { check: 'parses', paths: ['/etc/passwd'] },
      { check: 'review_approved' },
      { check: 'coverage_at_least' },
      { check: 'coverage_at_least', percent: 0 },
      { check: 'coverage_at_least', percent: 80, paths: ['../a.py'] },
      { check: 'coverage_at_least', percent: 80 },
      { check: 'coverage_at_least', percent: 70 },
      { check: 'command_succeeds', command: ['python3', 'a.py'] },
      { check: 'command_succeeds', command: ['python3', 'a.py'] },
      { check: 'command_succeeds', command: ['sh', '-c', 'rm -rf /'] },
      { check: 'command_succeeds', command: ['/bin/sh', 'x'] },
      { check: 'command_succeeds', command: ['true'] },
      { check: 'command_succeeds', command: ['python3', '../x.py'] },
      { check: 'command_succeeds', command: ['python3', '~/x.py'] },
      { check: 'command_succeeds' },
    ];
    expect(plan('code', 'Write a parser', added('a.py'), proposed)).toEqual([
      { check: 'files_changed' },
      { check: 'parses' },
      { check: 'tests_pass' },
      { check: 'file_exists', paths: ['b.py'] },
      { check: 'coverage_at_least', percent: 80 },
      { check: 'command_succeeds', command: ['python3', 'a.py'] },
    ]);
  });

  it('demands the coverage that the request names, and takes a proposal of more', () => {
    const request = 'Write x.py with tests, at least 80% coverage';
    expect(plan('code', request)).toContainEqual({ check: 'coverage_at_least', percent: 80 });
    const proposed: CheckSpec[] = [
      { check: 'coverage_at_least', percent: 60 },
      { check: 'coverage_at_least', percent: 90 },
    ];
    const bounds = plan('code', request, added('x.py'), proposed).filter((one) => one.check === 'coverage_at_least');
    expect(bounds.map((one) => one.percent)).toEqual([80, 90]);
    expect(plan('research', request)).toEqual([{ check: 'report_written' }]);
  });

  it('keeps demanding new tests where a worker proposes any tests', () => {
    const checks = plan('code', 'Write x.py and tests', added('x.py'), [{ check: 'tests_pass' }]);
    expect(checks.filter((check) => check.check === 'tests_pass')).toEqual([{ check: 'tests_pass', paths: [] }]);
  });
});

describe('what a request asks for', () => {
  it.each<[string, number | null]>([
    ['tests with at least 80% coverage', 80],
    ['raise the test coverage to 92.5 %', 92.5],
    ['Bring coverage of parser.py above 70 percent', 70],
    ['100% line coverage please', 100],
    ['write tests with good coverage', null],
    ['the 80% rule, and some coverage', null],
    ['coverage fell. Make it 20% faster', null],
    ['400% coverage', null],
  ])('coverage: %s', (text, percent) => {
    expect(coverageAskedFor(text)).toBe(percent);
  });

  it.each([
    'Write slugify.py and unittest tests for it',
    'implement a stack with unit tests',
    'add tests for parser.py',
    'Write is_palindrome(text) and a few tests',
    'create fizzbuzz.js plus some tests',
    'Implement count_words with test cases',
    'write the module and its tests',
    'Add pytest tests',
  ])('new tests: %s', (text) => {
    expect(asksForNewTests(text)).toBe(true);
  });

  it.each([
    'write a function that tests whether a number is prime',
    'write slugify.py without tests',
    'write slugify.py, no unit tests please',
    "write slugify.py; don't write tests",
    'show the latest contest results',
    'Fix the bug so that the tests pass',
    'rename attest to confirm',
  ])('no new tests: %s', (text) => {
    expect(asksForNewTests(text)).toBe(false);
  });

  it('does not take the words of a docstring for wishes', () => {
    const code = 'def count(s):\n    """Counts the test cases of s.\n    Add more tests."""\n';
    expect(asksForNewTests(`Complete this function.\n\n${code}`)).toBe(false);
    expect(asksForNewTests(`Complete this function, with tests.\n\n${code}`)).toBe(true);
  });

  it.each(['Fix the bug so that the tests pass', 'the failing test in parser', 'make all tests green'])(
    'tests at all: %s',
    (text) => {
      expect(asksForTests(text)).toBe(true);
    },
  );
});
