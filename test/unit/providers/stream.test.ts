import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatPart, ToolSpec } from '../../../src/providers/provider.js';
import { LineSplitter, LineTooLongError } from '../../../src/providers/stream-lines.js';
import { linkSignals, raceSignal } from '../../../src/providers/stream-signal.js';
import { ServerSentEventReader } from '../../../src/providers/stream-sse.js';
import { ToolTextFilter } from '../../../src/providers/stream-tool-text.js';

describe('LineSplitter', () => {
  const split = (bytes: Uint8Array, at: readonly number[]) => {
    const splitter = new LineSplitter();
    const cuts = [0, ...[...at].sort((a, b) => a - b), bytes.length];
    const lines = cuts.slice(1).flatMap((end, index) => splitter.push(bytes.slice(cuts[index], end)));
    return [...lines, splitter.end()];
  };

  it('gives the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'binary' }).map((line) => line.replace(/[\r\n\uFEFF]/g, '')),
          { maxLength: 12 },
        ),
        fc.array(fc.nat(200), { maxLength: 12 }),
        (lines, at) => {
          const bytes = new TextEncoder().encode(lines.join('\n'));
          const whole = new TextDecoder().decode(bytes).split('\n');
          expect(
            split(
              bytes,
              at.map((each) => Math.min(each, bytes.length)),
            ),
          ).toEqual(whole);
        },
      ),
    );
  });

  it('takes CRLF and keeps a lone CR', () => {
    expect(split(new TextEncoder().encode('a\r\nb\rc\r\n'), [2])).toEqual(['a', 'b\rc', '']);
  });

  it('gives up on a line that outgrows its limit, not on many lines', () => {
    const splitter = new LineSplitter(100);
    for (let index = 0; index < 1_000; index += 1) splitter.push(new TextEncoder().encode('0123456789\n'));
    splitter.push(new Uint8Array(60).fill(97));
    expect(() => splitter.push(new Uint8Array(60).fill(97))).toThrow(LineTooLongError);
  });
});

describe('ServerSentEventReader', () => {
  const read = (text: string) => {
    const reader = new ServerSentEventReader();
    return [...text.split('\n').map((line) => reader.push(line)), reader.flush()].filter((event) => event !== null);
  };

  it('puts lines together, drops comments and keeps names', () => {
    expect(read(': hi\ndata: {"a":\ndata: 1}\n\nevent: error\ndata:x\n\nid: 3\nretry: 1\n\n')).toEqual([
      { event: 'message', data: '{"a":\n1}' },
      { event: 'error', data: 'x' },
    ]);
  });

  it('gives the last event although no empty line closed it', () => {
    expect(read('data: [DONE]')).toEqual([{ event: 'message', data: '[DONE]' }]);
  });
});

describe('ToolTextFilter', () => {
  const tools: ToolSpec[] = [
    {
      name: 'read_file',
      description: '',
      parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
    },
  ];
  const run = (pieces: readonly string[], offered = tools) => {
    const filter = new ToolTextFilter(offered);
    const parts: ChatPart[] = pieces.flatMap((piece) => [...filter.push(piece)]);
    const early = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
    parts.push(...filter.end());
    const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
    return { early, text, calls: parts.flatMap((part) => (part.type === 'tool-call' ? [part.call] : [])) };
  };

  it('passes prose on at once', () => {
    expect(run(['The ', 'answer is ', '4', ', read']).early).toBe('The answer is 4, read');
  });

  it('passes everything on unchanged where no tools are offered', () => {
    expect(run(['{"name": "read_file"', '}'], []).early).toBe('{"name": "read_file"}');
  });

  it('never lets the text of a call out, whatever the pieces', () => {
    const written = 'I look:\n```json\n{"name": "read_file", "arguments": {"path": "a"}}\n```';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 20 }), (lengths) => {
        const pieces: string[] = [];
        let at = 0;
        for (const length of lengths) {
          pieces.push(written.slice(at, at + length));
          at += length;
        }
        pieces.push(written.slice(at));
        const { text, calls } = run(pieces);
        expect(calls).toEqual([{ name: 'read_file', arguments: { path: 'a' } }]);
        expect(text.trim()).toBe('I look:');
      }),
    );
  });

  it('holds back a line that may become a call of Python, and lets it go when it does not', () => {
    expect(run(['read', '_file', '(path="a")']).calls).toHaveLength(1);
    const other = run(['read', '_file', ' is a tool']);
    expect([other.early, other.calls]).toEqual(['read_file is a tool', []]);
  });

  it('gives text with a broken call back as it was', () => {
    const broken = 'So:\n{"name": "read_file", "arguments": {"pa';
    expect(run([broken])).toMatchObject({ text: broken, calls: [] });
  });

  it('loses no text that is no call', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '\n', '{', '`', '<', 'read_file', '(') })),
        (pieces) => {
          const { text, calls } = run(pieces);
          if (calls.length === 0) expect(text).toBe(pieces.join(''));
        },
      ),
    );
  });
});

describe('signals', () => {
  it('follows every source, keeps the reason, and lets go', () => {
    const [one, two] = [new AbortController(), new AbortController()];
    const link = linkSignals(one.signal, two.signal);
    two.abort('why');
    expect([link.signal.aborted, link.signal.reason]).toEqual([true, 'why']);
    const released = linkSignals(one.signal);
    released.release();
    one.abort();
    expect(released.signal.aborted).toBe(false);
    expect(linkSignals(one.signal).signal.aborted).toBe(true);
  });

  it('stops waiting on an abort while the work goes on', async () => {
    const controller = new AbortController();
    let finish: (value: number) => void = () => undefined;
    const work = new Promise<number>((resolve) => {
      finish = resolve;
    });
    const raced = raceSignal(work, controller.signal);
    controller.abort();
    await expect(raced).rejects.toMatchObject({ code: 'ABORTED' });
    finish(7);
    expect(await work).toBe(7);
    await expect(raceSignal(Promise.reject(new Error('late')), controller.signal)).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });
});
