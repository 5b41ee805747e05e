import { describe, expect, it } from 'vitest';
import { wholeFile } from '../../../../src/agents/review/parse-diff.js';
import { requestGaps } from '../../../../src/agents/review/request-gaps.js';
import { contradicts, isFailed } from '../../../../src/agents/review/sift-claims.js';

function gaps(
  request: string,
  options: { files?: Record<string, string>; evidence?: string[]; code?: string; listing?: string[] } = {},
): string[] {
  const files = Object.entries(options.files ?? { 'calc.py': 'def add(a, b):\n    return a + b\n' });
  return requestGaps({
    request,
    files: files.map(([name, text]) => wholeFile(name, text)),
    evidence: options.evidence ?? [],
    code: options.code ?? '',
    listing: options.listing ?? files.map(([name]) => name),
  }).map(({ text }) => text);
}

describe('requestGaps', () => {
  it.each([
    ['what is there', 'Write calc.py with add(a, b)'],
    ['what other files hold', 'Write calc.py with add(a, b) and use helper(x)'],
    ['functions of the language', 'Write calc.py with add(a, b); call print(x)'],
    ['what is not to be used', 'Write calc.py with add(a, b), do not use compute(x)'],
    ['what is to go', 'Remove old_add(a, b) from calc.py'],
    ['data files that come later', 'Write calc.py with add(a, b) that keeps its results in results.json'],
  ])('says nothing about %s', (_, request) => {
    expect(gaps(request, { code: 'def helper(x):\n    return x\n' })).toEqual([]);
  });

  it.each<[string, string[]]>([
    ['Write calc.py with add(a, b) and sub(a, b)', ['asked for and not there: sub']],
    ['Write sums.py with add(a, b)', ['the request names sums.py, and there is no such file']],
    ['Write calc.py with add(a, b), with unit tests', ['tests were asked for, and there is no test file']],
  ])('finds what is missing: %s', (request, expected) => {
    expect(gaps(request)).toEqual(expected);
  });

  it('believes a test run that was seen', () => {
    expect(
      gaps('Write calc.py with add(a, b), with unit tests', { evidence: ['✓ tests_pass: 3 tests run, 0 failed'] }),
    ).toEqual([]);
  });
});

describe('evidence', () => {
  it.each([
    ['✗ tests_pass: 4 tests run, 1 failed', true],
    ['✓ tests_pass: 4 tests run, 0 failed', false],
    ['✓ tests_pass: 14 tests run, 0 failed, 80% covered', false],
    ['✗ parses: calc.py', true],
  ])('%s', (line, failed) => {
    expect(isFailed(line)).toBe(failed);
  });

  it('speaks against a claim that it disproves, and against no other', () => {
    const evidence = ['✓ parses: calc.py', '✓ tests_pass: 4 tests run, 0 failed'];
    expect(contradicts('The tests fail on negative numbers', evidence)).toBe(evidence[1]);
    expect(contradicts('There are no tests', evidence)).toBe(evidence[1]);
    expect(contradicts('Syntax error in line 3', evidence)).toBe(evidence[0]);
    expect(contradicts('It returns the wrong sum', evidence)).toBeNull();
    const unseen = '· parses: not checked: m.ts (There is no syntax checker here for .ts)';
    expect(contradicts('Syntax error in line 3', [unseen])).toBeNull();
    expect(contradicts('The tests fail', ['✗ tests_pass: 4 tests run, 1 failed'])).toBeNull();
  });
});
