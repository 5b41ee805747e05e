import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { columnsOf, cutTo, wrapTo } from '../../../../src/cli/views/columns.js';

describe('columnsOf', () => {
  it.each([
    'plain',
    'für',
    'e\u0301te\u0301',
    '日本語テスト',
    '한국어',
    'ｆｕｌｌ',
    '✓ done',
    '⚠️',
    '⚙️',
    '⏳',
    '🧪',
    '👩‍💻',
    '🇩🇪',
    '1️⃣',
    '→',
    '…',
    '\u200b',
    'ไทย',
    'नमस्ते',
  ])('measures %s as string-width does', (text) => {
    expect(columnsOf(text)).toBe(stringWidth(text));
  });

  it('measures letters, marks and ideographs in any order as string-width does', () => {
    const letter = fc.constantFrom(...'aZ0 -äßжλ日語한ｆ。、', 'e\u0301', '✓', '🧪', '→');
    fc.assert(
      fc.property(
        fc.array(letter, { maxLength: 30 }),
        (parts) => columnsOf(parts.join('')) === stringWidth(parts.join('')),
      ),
    );
  });
});

describe('cutTo and wrapTo', () => {
  const text = fc
    .array(fc.constantFrom('a', 'bc', ' ', '日', '語', 'e\u0301', '👩‍💻', 'longword'), { maxLength: 60 })
    .map((parts) => parts.join(''));

  it('never take more than the limit', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (line, limit) => {
        expect(columnsOf(cutTo(line, limit))).toBeLessThanOrEqual(limit);
        for (const row of wrapTo(line, limit)) expect(columnsOf(row)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('lose no word', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (line, limit) => {
        expect(wrapTo(line, limit).join('').replaceAll(' ', '')).toBe(line.replaceAll(' ', ''));
      }),
    );
  });

  it('show the cut', () => {
    expect(cutTo('writing auth.js', 8)).toBe('writing…');
    expect(cutTo('日本語', 4)).toBe('日…');
    expect(cutTo('abc', 0)).toBe('');
    expect(wrapTo('one two three', 8)).toEqual(['one two', 'three']);
  });
});
