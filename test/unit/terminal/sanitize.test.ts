import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sanitizer, sanitize, showControls } from '../../../src/terminal/sanitize.js';

describe('sanitize', () => {
  it.each([
    ['colour', 'a\u001b[31mb\u001b[0mc', 'abc'],
    ['window title', 'a\u001b]0;owned\u0007b', 'ab'],
    ['title ended by ST', 'a\u001b]2;x\u001b\\b', 'ab'],
    ['screen clear and cursor', '\u001b[2J\u001b[Hx', 'x'],
    ['one-character escape', '\u001bcx', 'x'],
    ['charset', '\u001b(0x', 'x'],
    ['device control', '\u001bP+q\u001b\\x', 'x'],
    ['C1 forms', '\u009b31mx\u009d0;t\u009cy', 'xy'],
    ['bell, backspace, carriage return, NUL', 'a\u0007b\bc\rd\u0000', 'abcd'],
    ['reordering', 'a\u202eb\u2066c', 'abc'],
  ])('takes out %s', (_, dirty, clean) => {
    expect(sanitize(dirty)).toBe(clean);
  });

  it('leaves lines, tabs, wide characters and joined emoji alone', () => {
    const text = 'é 文字\t👨‍👩‍👧\nnext';
    expect(sanitize(text)).toBe(text);
  });

  it('gives an unfinished string sequence up at the end of the line', () => {
    expect(sanitize('a\u001b]0;never ends\nthe rest')).toBe('a\nthe rest');
  });

  it('keeps colours, and only those, where it is asked to', () => {
    expect(sanitize('\u001b[1;31mred\u001b[2K\u001b[0m', { keepColors: true })).toBe('\u001b[1;31mred\u001b[0m');
  });

  it('leaves no control character in any text, however it is cut into chunks', () => {
    const piece = fc.constantFrom(
      'a',
      '\u001b',
      '[',
      ']',
      '0',
      ';',
      'm',
      '\u0007',
      '\\',
      '\n',
      '\u009b',
      '\u0085',
      '文',
      '\r',
    );
    fc.assert(
      fc.property(fc.array(piece), fc.nat(), (pieces, seed) => {
        const text = pieces.join('');
        const cut = seed % (text.length + 1);
        const sanitizer = new Sanitizer();
        const chunked = sanitizer.push(text.slice(0, cut)) + sanitizer.push(text.slice(cut));
        expect(chunked).toBe(sanitize(text));
        expect(chunked.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe('showControls', () => {
  it('shows each control character as one sign, so that indexes stay', () => {
    expect(showControls('a\u001bb\tc\nd\u007f')).toBe('a␛b␉c\nd␡');
  });
});
