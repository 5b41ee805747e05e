import { describe, expect, it } from 'vitest';
import { keepsFields, leastChanged, valueIn, withHeadOf } from '../../../../src/agents/code/mend-choice.js';

describe('keepsFields', () => {
  const before =
    "function total(items) {\n  for (const item of items) sum += item.price * item['tax'];\n}\n\nfunction f() {}\n";

  it.each([
    [
      'reads them',
      "function total(items) {\n  return items.reduce((s, i) => s + i.price * i['tax'], 0);\n}\n",
      '',
      true,
    ],
    ['reads one', 'function total(items) {\n  for (const item of items) sum += item.price;\n}\n', '', false],
    ['leaves out what is spoken of', 'function total(items) {\n  return item.price;\n}\n', 'no tax any more', true],
    ['is gone', 'function other() {}\n', '', false],
  ])('of a version that %s', (_what, version, wish, kept) => {
    expect(keepsFields(before, version, 'total', wish)).toBe(kept);
  });

  it('counts no methods, lengths and numbers', () => {
    expect(keepsFields('def f(x):\n    return x.lower() + 1.5\n', 'def f(x):\n    return x\n', 'f', '')).toBe(true);
    expect(keepsFields('function f(x) {\n  return x.length;\n}\n', 'function f(x) {\n  return 1;\n}\n', 'f', '')).toBe(
      true,
    );
  });
});

describe('the version that is taken', () => {
  it('is the one with the fewest changed lines', () => {
    expect(leastChanged('a\nb\nc\n', ['x\ny\nc\n', 'a\nx\nc\n', 'a\ny\nc\n'])).toBe('a\nx\nc\n');
  });

  it('has the head that was there where it takes the same', () => {
    const before = '@cache\ndef f(a: int, b=1):\n    """Text."""\n    return a\n';
    const target = { kind: 'function', name: 'f', params: null } as const;
    expect(withHeadOf(before, 'def f(a, b=1):\n    return b\n', target)).toBe(
      '@cache\ndef f(a: int, b=1):\n    """Text."""\n    return b\n',
    );
    expect(withHeadOf(before, 'def f(a):\n    return a\n', target)).toBe('def f(a):\n    return a\n');
    expect(withHeadOf(before, 'def g(a, b):\n    return a\n', target)).toBe('def g(a, b):\n    return a\n');
  });

  it('is shown with what was there before', () => {
    expect(['3.0 != 2.0 within 7 places', 'True is not False', 'it gave "a"', 'ValueError: no'].map(valueIn)).toEqual([
      '3.0',
      'True',
      '"a"',
      'ValueError: no',
    ]);
  });
});
