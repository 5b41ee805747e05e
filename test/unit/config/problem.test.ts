import { describe, expect, it } from 'vitest';
import { nearest, valueText } from '../../../src/config/problem.js';

describe('nearest', () => {
  it.each([
    ['maxConcurrent', 'max_concurrent'],
    ['max_conccurent', 'max_concurrent'],
    ['MAX-CONCURRENT', 'max_concurrent'],
    ['apllY', 'apply'],
    ['aply', 'apply'],
  ])('%s was meant to be %s', (word, expected) => {
    expect(nearest(word, ['apply', 'max_concurrent', 'preload_models'])).toBe(expected);
  });

  it.each(['colour', 'xy', '', 'a'.repeat(10_000)])('%j is near nothing', (word) => {
    expect(nearest(word, ['apply', 'max_concurrent'])).toBeNull();
  });
});

describe('valueText', () => {
  it('is short, on one line and without control codes', () => {
    const text = valueText(`a\n\u001b[31m\u007f\u009b${'x'.repeat(500)}`);
    expect(text.length).toBeLessThan(100);
    expect(text).toMatch(/^[\x20-\x7e…]*$/);
  });
});
