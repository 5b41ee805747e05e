import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editText, wholeText } from '../../../src/tools/edit-text.js';
import { type Encoding, encode, markOf } from '../../../src/workspace/text-file.js';

function file(text: string, encoding: Encoding = 'utf8'): Buffer {
  return Buffer.concat([markOf(encoding), encode(text, encoding) ?? Buffer.alloc(0)]);
}

function edit(bytes: Buffer, oldText: string, newText: string, replaceAll = false): Buffer {
  return editText(bytes, { oldText, newText, replaceAll }).bytes;
}

describe('editText', () => {
  it.each<Encoding>(['utf8', 'utf8-bom', 'utf16le', 'utf16be', 'latin1'])('keeps %s and its mark', (encoding) => {
    const before = file('café\none\ntwo', encoding);
    expect(edit(before, 'one', 'é1')).toEqual(file('café\né1\ntwo', encoding));
  });

  it('finds \\n where the file has \\r\\n, and writes \\r\\n', () => {
    expect(edit(file('a\r\nb\r\nc\r\n'), 'a\nb', 'x\ny\nz').toString()).toBe('x\r\ny\r\nz\r\nc\r\n');
  });

  it('leaves mixed line endings outside the edit as they are', () => {
    expect(edit(file('a\r\nb\nc\r\nd'), 'c', 'x').toString()).toBe('a\r\nb\nx\r\nd');
  });

  it('leaves bytes alone that are no UTF-8', () => {
    const before = Buffer.from([0x61, 0xff, 0xfe, 0x0a, 0x62, 0x0a]);
    expect(edit(before, 'b', 'c')).toEqual(Buffer.from([0x61, 0xff, 0xfe, 0x0a, 0x63, 0x0a]));
  });

  it('keeps a missing final newline missing', () => {
    expect(edit(file('a\nb'), 'a', 'c').toString()).toBe('c\nb');
  });

  it('refuses what is not there, there twice, empty, unchanged, binary or not to be written', () => {
    const code = (action: () => unknown): unknown => {
      try {
        return action();
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect(code(() => edit(file('abc'), 'x', 'y'))).toBe('EDIT_NOT_FOUND');
    expect(code(() => edit(file('a a'), 'a', 'y'))).toBe('EDIT_AMBIGUOUS');
    expect(code(() => edit(file('abc'), '', 'y'))).toBe('BAD_ARGUMENTS');
    expect(code(() => edit(file('abc'), 'a', 'a'))).toBe('BAD_ARGUMENTS');
    expect(code(() => edit(Buffer.from('a\0b'), 'a', 'b'))).toBe('NOT_TEXT');
    expect(code(() => edit(file('é one', 'latin1'), 'one', '€'))).toBe('BAD_ARGUMENTS');
    expect(code(() => edit(file('one'), 'one', '\ud800'))).toBe('BAD_ARGUMENTS');
  });

  it('replaces all when asked', () => {
    expect(edit(file('a b a'), 'a', 'cc', true).toString()).toBe('cc b cc');
  });

  it('does not match between two characters of UTF-16', () => {
    // "Ā" is 00 01 in little endian; 01 00 begins in the middle of the pair that follows.
    const before = file('Āāa', 'utf16le');
    expect(() => edit(before, 'ā\u0100', 'x')).toThrow(/not in the file/);
  });

  it('hints at spaces when only they differ', () => {
    try {
      edit(file('def f():\n    return 1\n'), 'def f():\n  return 1', 'x');
      expect.unreachable();
    } catch (error) {
      expect((error as { hint: string }).hint).toContain('other spaces');
    }
  });

  it('changes nothing outside the edit', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.uint8Array({ maxLength: 60 }),
        fc.string({ minLength: 1, maxLength: 10 }),
        (head, tail, newText) => {
          const clean = (bytes: Uint8Array): Buffer => Buffer.from(bytes.map((byte) => (byte === 0 ? 32 : byte)));
          const before = Buffer.concat([Buffer.from('.'), clean(head), Buffer.from('@@needle@@'), clean(tail)]);
          try {
            const after = edit(before, '@@needle@@', newText);
            return (
              after.subarray(0, head.length + 1).equals(before.subarray(0, head.length + 1)) &&
              after.subarray(after.length - tail.length).equals(clean(tail))
            );
          } catch {
            return true;
          }
        },
      ),
    );
  });
});

describe('wholeText', () => {
  it('takes over the format of the file it replaces', async () => {
    expect(await wholeText('a\nb\n', file('x\r\ny\r\n', 'utf16le'))).toEqual(file('a\r\nb\r\n', 'utf16le'));
    expect(await wholeText('é\n', file('ü\n', 'latin1'))).toEqual(file('é\n', 'latin1'));
  });

  it('is UTF-8 as given for a new file, or where the old format lacks a character', async () => {
    expect((await wholeText('a\r\n€', null)).toString()).toBe('a\r\n€');
    expect((await wholeText('€', file('ü', 'latin1'))).toString()).toBe('€');
  });
});
