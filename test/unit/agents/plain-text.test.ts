import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainText } from '../../../src/agents/plain-text.js';

describe('plain text', () => {
  it('holds no control code but lines and tabs, whatever came, and is then plain already', () => {
    const codes = fc.constantFrom(
      '\u001b[2J',
      '\u001b]0;x\u0007',
      '\u009b31m',
      '\0',
      '\u202e',
      '\u2028',
      '\r\n',
      'a',
      '\t',
      '\n',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(codes, fc.string()), { maxLength: 20 }), (parts) => {
        const plain = plainText(parts.join(''));
        expect(plain).not.toMatch(/[^\P{Cc}\n\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(plainText(plain)).toBe(plain);
      }),
    );
  });

  it('leaves other text as it is', () => {
    expect(plainText('# Ein Bild\n\n\t- schön 猫 🐈')).toBe('# Ein Bild\n\n\t- schön 猫 🐈');
  });
});
