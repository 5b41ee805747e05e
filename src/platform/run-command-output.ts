/**
 * Keeps the first and the last half of a byte stream and counts the rest, so that gigabytes cost `limitBytes` of
 * memory and no more.
 */
export class OutputBuffer {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #head: Buffer[] = [];
  readonly #tail: Buffer[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  #totalBytes = 0;

  constructor(limitBytes: number) {
    this.#headLimit = Math.ceil(Math.max(0, limitBytes) / 2);
    this.#tailLimit = Math.floor(Math.max(0, limitBytes) / 2);
  }

  push(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    const room = this.#headLimit - this.#headBytes;
    const head = chunk.subarray(0, Math.max(0, room));
    if (head.length > 0) {
      // A copy: a slice would keep the whole chunk of the stream alive.
      this.#head.push(Buffer.from(head));
      this.#headBytes += head.length;
    }
    const rest = chunk.subarray(head.length);
    if (rest.length === 0 || this.#tailLimit === 0) return;
    const kept = Buffer.from(rest.subarray(Math.max(0, rest.length - this.#tailLimit)));
    this.#tail.push(kept);
    this.#tailBytes += kept.length;
    for (let oldest = this.#tail[0]; oldest !== undefined; oldest = this.#tail[0]) {
      const excess = this.#tailBytes - this.#tailLimit;
      if (excess <= 0) break;
      if (oldest.length > excess) {
        this.#tail[0] = oldest.subarray(excess);
        this.#tailBytes -= excess;
        break;
      }
      this.#tail.shift();
      this.#tailBytes -= oldest.length;
    }
  }

  /** Bytes that were read but not kept. */
  get droppedBytes(): number {
    return this.#totalBytes - this.#headBytes - this.#tailBytes;
  }

  /** The kept bytes as UTF-8 (what is not UTF-8 becomes U+FFFD); a gap is marked with the number of bytes left out. */
  text(): string {
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (this.droppedBytes === 0) return Buffer.concat([head, tail]).toString('utf8');
    const [first, second] = [trimEnd(head), trimStart(tail)];
    const leftOut = this.#totalBytes - first.length - second.length;
    return `${first.toString('utf8')}\n[… ${leftOut} bytes left out …]\n${second.toString('utf8')}`;
  }
}

/** Without a UTF-8 sequence that was cut in the middle at the end. */
function trimEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Without the rest of a UTF-8 sequence whose beginning was cut off. */
function trimStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start);
}
