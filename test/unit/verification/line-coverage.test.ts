import { describe, expect, it } from 'vitest';
import { type FileLines, fileText, mergeLines, percentOf, reaches } from '../../../src/verification/line-coverage.js';

function lines(code: readonly number[], run: readonly number[]): FileLines {
  return { code, run };
}

describe('percentOf', () => {
  it('sums over files and never rounds up', () => {
    expect(percentOf([lines([1, 2], [1]), lines([1], [1])])).toBe(66.6);
    const almost = lines(
      Array.from({ length: 10_000 }, (_, index) => index + 1),
      Array.from({ length: 7_999 }, (_, index) => index + 1),
    );
    expect(percentOf([almost])).toBe(79.9);
    expect(reaches(80, [almost])).toBe(false);
    expect(reaches(79.99, [almost])).toBe(true);
  });

  it('has no figure where there is no code', () => {
    expect(percentOf([])).toBeNull();
    expect(percentOf([lines([], [])])).toBeNull();
    expect(reaches(0, [lines([], [])])).toBe(false);
  });
});

describe('fileText', () => {
  it('names the lines that were not run, those without code between them together', () => {
    const code = [1, 2, 4, 5, 9, 12, 13, 22];
    expect(fileText('todo.py', lines(code, [1, 2, 9]))).toBe('todo.py 37.5% (3 of 8 lines; not run: 4-5, 12-22)');
    expect(fileText('todo.py', lines([1, 2, 3], [1, 3]))).toBe('todo.py 66.6% (2 of 3 lines; not run: 2)');
    expect(fileText('a.py', lines([1], [1]))).toBe('a.py 100% (1 of 1 lines)');
    expect(fileText('a.py', lines([], []))).toBe('a.py: no code');
  });
});

it('mergeLines unites what several runs saw', () => {
  const merged = mergeLines([new Map([['a', lines([1, 2], [2])]]), new Map([['a', lines([1, 2, 3], [1])]])]);
  expect([...merged]).toEqual([['a', lines([1, 2, 3], [1, 2])]]);
});
