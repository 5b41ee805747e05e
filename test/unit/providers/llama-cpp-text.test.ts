import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonEnd, StopScanner, TokenText } from '../../../src/providers/llama-cpp-text.js';

function scan(stops: readonly string[], pieces: readonly string[]): { text: string; stopped: boolean } {
  const scanner = new StopScanner(stops);
  let text = '';
  for (const piece of pieces) {
    const result = scanner.push(piece);
    text += result.text;
    if (result.stopped) return { text, stopped: true };
  }
  return { text: text + scanner.flush(), stopped: false };
}

describe('stop texts', () => {
  it('end the text wherever they are split', () => {
    expect(scan(['<end>'], ['a <e', 'n', 'd> b'])).toEqual({ text: 'a ', stopped: true });
    expect(scan(['<end>'], ['a <e', 'nx'])).toEqual({ text: 'a <enx', stopped: false });
    expect(scan(['b', 'abc'], ['xa', 'bc'])).toEqual({ text: 'x', stopped: true });
    expect(scan([''], ['a'])).toEqual({ text: 'a', stopped: false });
  });

  it('cut at the first one and change nothing else, however the text is split', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 });
    const stop = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(letters, fc.array(stop, { maxLength: 3 }), fc.array(fc.nat(5)), (text, stops, cuts) => {
        const pieces: string[] = [];
        let rest = text;
        for (const cut of cuts) {
          pieces.push(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        pieces.push(rest);
        const places = stops.map((each) => text.indexOf(each)).filter((at) => at !== -1);
        // Over pieces, the stop that is complete first wins; it never hides text that came before every stop.
        const result = scan(stops, pieces);
        expect(result.stopped).toBe(places.length > 0);
        expect(text.startsWith(result.text)).toBe(true);
        if (!result.stopped) expect(result.text).toBe(text);
        else expect(stops.some((each) => text.startsWith(each, result.text.length))).toBe(true);
      }),
    );
  });
});

describe('the end of JSON', () => {
  const endOf = (pieces: readonly string[]): number | null => {
    const end = new JsonEnd();
    let before = 0;
    for (const piece of pieces) {
      const at = end.push(piece);
      if (at !== null) return before + at;
      before += piece.length;
    }
    return null;
  };

  it('is where the outermost bracket closes', () => {
    expect(endOf(['{"a": {"b', '": [1]}', '}\n\n'])).toBe('{"a": {"b": [1]}}'.length);
    expect(endOf(['[]'])).toBe(2);
    expect(endOf(['{"a": 1'])).toBeNull();
  });

  it('ignores brackets and quotes inside texts', () => {
    const json = '{"a": "}\\"}", "b\\\\": "["}';
    expect(endOf([...json])).toBe(json.length);
  });

  it('holds for whatever JSON there is', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (value) => {
        const json = JSON.stringify(value);
        expect(endOf([...`${json}\n\n`])).toBe(json.length);
      }),
    );
  });
});

describe('text of tokens', () => {
  const decode = (tokens: number[]): string => Buffer.from(tokens).toString('utf8');

  it('shows a character with the last of its bytes', () => {
    const text = new TokenText<number>(decode, []);
    expect([...Buffer.from('é😀x')].map((byte) => text.push(byte))).toEqual(['', 'é', '', '', '', '😀', 'x']);
    expect(text.flush()).toBe('');
  });

  it('does not wait for ever for a broken one', () => {
    const text = new TokenText<number>(decode, []);
    expect([0xff, 0xff, 0xff, 0xff].map((byte) => text.push(byte)).join('')).toBe('\uFFFD'.repeat(4));
    text.push(0xc3);
    expect(text.flush()).toBe('\uFFFD');
  });
});
