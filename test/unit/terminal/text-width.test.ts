import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textWidth, truncateToWidth, wrapHard, wrapWords } from '../../../src/terminal/text-width.js';

describe('truncateToWidth', () => {
  it('leaves what fits alone and shows a cut', () => {
    expect(truncateToWidth('short', 5)).toBe('short');
    expect(truncateToWidth('longer text', 7)).toBe('longer…');
  });

  it('never cuts a wide character in two', () => {
    expect(truncateToWidth('文字文字', 4)).toBe('文…');
  });

  it('is never wider than asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 30 }), (text, columns) => {
        expect(textWidth(truncateToWidth(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe('wrapWords', () => {
  it('breaks at spaces, and long words where it must', () => {
    expect(wrapWords('the quick brown fox', 10)).toEqual(['the quick', 'brown fox']);
    expect(wrapWords('abcdefghijkl mn', 5)).toEqual(['abcde', 'fghij', 'kl mn']);
  });

  it('keeps every character but spaces and the width', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 2, max: 30 }), (text, columns) => {
        const line = text.replace(/\s/g, ' ');
        const rows = wrapWords(line, columns);
        expect(rows.join('').replaceAll(' ', '')).toBe(line.replaceAll(' ', ''));
        for (const row of rows.slice(0, -1)) expect(textWidth(row)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe('wrapHard', () => {
  it('loses no character and knows where each row begins', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, columns) => {
        const rows = wrapHard(text, columns);
        expect(rows.map((row) => row.text).join('')).toBe(text);
        for (const row of rows) expect(text.startsWith(row.text, row.start)).toBe(true);
      }),
    );
  });
});
