import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputBuffer } from '../../../src/platform/run-command-output.js';

function fill(limitBytes: number, ...chunks: (string | Buffer)[]): OutputBuffer {
  const buffer = new OutputBuffer(limitBytes);
  for (const chunk of chunks) buffer.push(Buffer.from(chunk));
  return buffer;
}

describe('OutputBuffer', () => {
  it('keeps everything up to the limit', () => {
    const buffer = fill(10, 'abc', 'defg', 'hij');
    expect(buffer.text()).toBe('abcdefghij');
    expect(buffer.droppedBytes).toBe(0);
  });

  it('keeps the first and the last half and says what is missing', () => {
    const buffer = fill(4, 'abcde', 'fg', 'hij');
    expect(buffer.text()).toBe('ab\n[… 6 bytes left out …]\nij');
    expect(buffer.droppedBytes).toBe(6);
  });

  it('does not show half a character at the gap', () => {
    const buffer = fill(8, 'aéé€xxxxxxxxxxx€éz');
    expect(buffer.text()).toBe('aé\n[… 19 bytes left out …]\néz');
  });

  it('never keeps more than the limit and always the very first and last bytes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 50 }),
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
        (limitBytes, chunks) => {
          const ascii = chunks.map((chunk) => Buffer.from(chunk.map((byte) => 97 + (byte % 26))));
          const whole = Buffer.concat(ascii).toString();
          const buffer = new OutputBuffer(limitBytes);
          for (const chunk of ascii) buffer.push(chunk);
          const kept = buffer.text().replace(/\n\[… \d+ bytes left out …\]\n/, '|');
          if (whole.length <= limitBytes) return kept === whole && buffer.droppedBytes === 0;
          const head = whole.slice(0, Math.ceil(limitBytes / 2));
          const tail = whole.slice(-Math.floor(limitBytes / 2));
          return kept === `${head}|${tail}` && buffer.droppedBytes === whole.length - limitBytes;
        },
      ),
    );
  });
});
