/** One weight of a GGUF file, as its table of contents has it. */
export interface GgufTensor {
  readonly name: string;
  /** Number of llama.cpp's `ggml_type`. */
  readonly type: number;
  /** Row length first. */
  readonly dimensions: readonly number[];
  /** Bytes from the start of the weights. */
  readonly offset: number;
}

/** An array of texts, of which only the number is kept: it is the vocabulary. */
export interface TextCount {
  readonly texts: number;
}

type Value = string | number | boolean | readonly number[] | TextCount;

/** Scalars and numeric arrays by key; of arrays of texts the length. */
export type Metadata = ReadonlyMap<string, Value>;

export interface ParsedGguf {
  readonly metadata: Metadata;
  readonly tensors: readonly GgufTensor[];
  /** Where the weights begin. */
  readonly headerBytes: number;
}

const defaultAlignment = 32;

/**
 * Reads the start of a GGUF file: its metadata and the table of its tensors. Throws a RangeError where the buffer ends
 * too early or holds something else.
 */
export function parseGguf(buffer: Buffer): ParsedGguf {
  const cursor = new Cursor(buffer);
  if (cursor.bytes(4).toString('latin1') !== 'GGUF') throw new RangeError('no GGUF magic');
  const version = cursor.uint32();
  if (version !== 2 && version !== 3) throw new RangeError(`GGUF version ${version}`);
  const tensorCount = cursor.uint64();
  const keyCount = cursor.uint64();
  const metadata = new Map<string, Value>();
  for (let index = 0; index < keyCount; index++) {
    const key = cursor.text();
    metadata.set(key, readValue(cursor, cursor.uint32()));
  }
  const tensors: GgufTensor[] = [];
  for (let index = 0; index < tensorCount; index++) tensors.push(readTensor(cursor));
  const alignment = metadata.get('general.alignment');
  const step = typeof alignment === 'number' && alignment > 0 ? alignment : defaultAlignment;
  return { metadata, tensors, headerBytes: Math.ceil(cursor.position / step) * step };
}

function readTensor(cursor: Cursor): GgufTensor {
  const name = cursor.text();
  const count = cursor.uint32();
  const dimensions: number[] = [];
  for (let index = 0; index < count; index++) dimensions.push(cursor.uint64());
  return { name, dimensions, type: cursor.uint32(), offset: cursor.uint64() };
}

const textType = 8;
const arrayType = 9;

function readValue(cursor: Cursor, type: number): Value {
  if (type === textType) return cursor.text();
  if (type !== arrayType) return readScalar(cursor, type);
  const itemType = cursor.uint32();
  const count = cursor.uint64();
  if (itemType === textType) {
    for (let index = 0; index < count; index++) cursor.skipText();
    return { texts: count };
  }
  if (itemType === arrayType) throw new RangeError('nested arrays');
  const numbers: number[] = [];
  for (let index = 0; index < count; index++) {
    const item = readScalar(cursor, itemType);
    if (typeof item === 'number' && count <= 1_024) numbers.push(item);
  }
  return numbers;
}

function readScalar(cursor: Cursor, type: number): number | boolean {
  switch (type) {
    case 0:
      return cursor.bytes(1).readUInt8();
    case 1:
      return cursor.bytes(1).readInt8();
    case 2:
      return cursor.bytes(2).readUInt16LE();
    case 3:
      return cursor.bytes(2).readInt16LE();
    case 4:
      return cursor.uint32();
    case 5:
      return cursor.bytes(4).readInt32LE();
    case 6:
      return cursor.bytes(4).readFloatLE();
    case 7:
      return cursor.bytes(1).readUInt8() !== 0;
    case 10:
      return cursor.uint64();
    case 11:
      return Number(cursor.bytes(8).readBigInt64LE());
    case 12:
      return cursor.bytes(8).readDoubleLE();
    default:
      throw new RangeError(`value type ${type}`);
  }
}

class Cursor {
  #position = 0;

  constructor(private readonly buffer: Buffer) {}

  get position(): number {
    return this.#position;
  }

  bytes(count: number): Buffer {
    const end = this.#position + count;
    if (end > this.buffer.length) throw new RangeError('the metadata ends too early');
    const piece = this.buffer.subarray(this.#position, end);
    this.#position = end;
    return piece;
  }

  uint32(): number {
    return this.bytes(4).readUInt32LE();
  }

  uint64(): number {
    return Number(this.bytes(8).readBigUInt64LE());
  }

  text(): string {
    return this.bytes(this.uint64()).toString('utf8');
  }

  skipText(): void {
    this.bytes(this.uint64());
  }
}
