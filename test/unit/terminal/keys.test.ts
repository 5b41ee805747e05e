import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyDecoder, type KeyEvent } from '../../../src/terminal/keys.js';

function decode(...chunks: (string | Buffer)[]): KeyEvent[] {
  const decoder = new KeyDecoder();
  return chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk as string)));
}

/** Text events that follow one another are one text: a chunk's end means nothing. */
function joined(events: readonly KeyEvent[]): KeyEvent[] {
  const all: KeyEvent[] = [];
  for (const event of events) {
    const last = all.at(-1);
    if (event.type === 'text' && last?.type === 'text')
      all[all.length - 1] = { type: 'text', text: last.text + event.text };
    else all.push(event);
  }
  return all;
}

describe('KeyDecoder', () => {
  it('tells text from keys', () => {
    expect(decode('hi\r')).toEqual([
      { type: 'text', text: 'hi' },
      { type: 'key', name: 'enter' },
    ]);
    expect(
      decode('\u0003\u0004\u007f\u001b[A\u001bOB\u001b[1;5D\u001b[3~\u001b\r').map(
        (event) => 'name' in event && event.name,
      ),
    ).toEqual(['interrupt', 'end-of-input', 'backspace', 'up', 'down', 'word-left', 'delete', 'newline']);
  });

  it('takes a paste as one event with its line ends as line feeds', () => {
    expect(decode('\u001b[200~a\rb\r\nc\td\u0003\u001b[201~')).toEqual([{ type: 'paste', text: 'a\nb\nc\td\u0003' }]);
  });

  it('ignores sequences that it does not know', () => {
    expect(decode('\u001b[?1;2c\u001b[15~x')).toEqual([{ type: 'text', text: 'x' }]);
  });

  it('takes a lone ESC for the Escape key only when nothing follows', () => {
    const decoder = new KeyDecoder();
    expect(decoder.push(Buffer.from('\u001b'))).toEqual([]);
    expect(decoder.waiting).toBe(true);
    expect(decoder.flush()).toEqual([{ type: 'key', name: 'escape' }]);
    expect(decoder.flush()).toEqual([]);
  });

  it('gives up a paste without an end at Ctrl-C', () => {
    const decoder = new KeyDecoder();
    decoder.push(Buffer.from('\u001b[200~half'));
    expect(decoder.push(Buffer.from('\u0003'))).toEqual([{ type: 'key', name: 'interrupt' }]);
    expect(decoder.push(Buffer.from('x'))).toEqual([{ type: 'text', text: 'x' }]);
  });

  it('does not depend on how the bytes are cut', () => {
    const bytes = Buffer.from('é文👍\u001b[200~größe\r👨‍👩‍👧\u001b[20\u001b[201~\u001b[Aab\r');
    const whole = joined(decode(bytes));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 6 }), (cuts) => {
        const places = [0, ...new Set(cuts), bytes.length].sort((a, b) => a - b);
        const decoder = new KeyDecoder();
        const events = places.slice(1).flatMap((end, index) => decoder.push(bytes.subarray(places[index], end)));
        expect(joined(events)).toEqual(whole);
      }),
    );
  });
});
