import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type PipedLine, pipedLines } from '../../../src/chat/piped-lines.js';

async function linesOf(...chunks: (string | Buffer)[]): Promise<PipedLine[]> {
  const lines: PipedLine[] = [];
  for await (const line of pipedLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk as string))), 100))
    lines.push(line);
  return lines;
}

describe('pipedLines', () => {
  it('gives lines, also cut anywhere, with CRLF, and without an end', async () => {
    const bytes = Buffer.from('grüße\r\nsecond\nlast');
    const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect((await linesOf(...chunks)).map((line) => line.type === 'line' && line.text)).toEqual([
      'grüße',
      'second',
      'last',
    ]);
  });

  it('says which lines it cannot take and why, and goes on', async () => {
    const lines = await linesOf(
      'ok\n\n',
      Buffer.from([0x61, 0, 0x62, 0x0a]),
      Buffer.from([0xff, 0xfe, 0x0a]),
      `${'x'.repeat(101)}\nfine\n`,
    );
    expect(lines.map((line) => (line.type === 'line' ? line.text : line.reason.slice(0, 20)))).toEqual([
      'ok',
      'it is empty',
      'it holds NUL bytes, ',
      'it is not UTF-8 text',
      'it is 101 bytes long',
      'fine',
    ]);
    expect(lines.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('keeps nothing of a line over the limit', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      for (let count = 0; count < 2_000; count += 1) yield Buffer.alloc(64 * 1024, 0x61);
    }
    const before = process.memoryUsage().arrayBuffers;
    const lines: PipedLine[] = [];
    for await (const line of pipedLines(endless(), 100)) lines.push(line);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ type: 'bad', number: 1 });
    // 125 MB went through; what is still held must be a small part, whatever the collector has not freed yet.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000);
  });

  it('gives nothing for nothing', async () => {
    expect(await linesOf()).toEqual([]);
  });
});
