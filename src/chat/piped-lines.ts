import { messageLimitBytes } from './message-limit.js';

export type PipedLine =
  | { readonly type: 'line'; readonly number: number; readonly text: string }
  | { readonly type: 'bad'; readonly number: number; readonly reason: string };

const newline = 0x0a;

/**
 * The lines of a byte stream, as they come. Memory stays bounded: of a line over the limit nothing is kept but its length.
 * Lines that are empty, too long, hold NUL bytes or are no UTF-8 come as `bad` with the reason; the rest goes on.
 */
export async function* pipedLines(
  input: AsyncIterable<Buffer | string>,
  limitBytes = messageLimitBytes,
): AsyncGenerator<PipedLine> {
  const collector = new LineCollector(limitBytes);
  for await (const chunk of input) {
    let rest: Buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
      collector.add(rest.subarray(0, end));
      yield collector.take();
      rest = rest.subarray(end + 1);
    }
    collector.add(rest);
  }
  if (!collector.empty) yield collector.take();
}

class LineCollector {
  readonly #limitBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #number = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get empty(): boolean {
    return this.#bytes === 0;
  }

  add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes <= this.#limitBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  take(): PipedLine {
    const bytes = Buffer.concat(this.#parts);
    const length = this.#bytes;
    this.#parts = [];
    this.#bytes = 0;
    this.#number += 1;
    const number = this.#number;
    const bad = (reason: string): PipedLine => ({ type: 'bad', number, reason });
    if (length > this.#limitBytes) {
      return bad(
        `it is ${length} bytes long, and a message may have ${this.#limitBytes}. Put it into a file and name the file`,
      );
    }
    if (bytes.includes(0)) return bad('it holds NUL bytes, so it is binary data, not text');
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
      return text === '' ? bad('it is empty') : { type: 'line', number, text };
    } catch {
      // The decoder throws for nothing but malformed UTF-8.
      return bad('it is not UTF-8 text');
    }
  }
}
