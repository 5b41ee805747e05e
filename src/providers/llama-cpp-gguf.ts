import { open } from 'node:fs/promises';
import { hasErrno, WilsonError } from '../errors.js';
import type { LoadOptions, MemoryEstimate } from './provider.js';

/** What Wilson reads of a GGUF file's metadata, without llama.cpp. */
export interface GgufHeader {
  readonly fileBytes: number;
  readonly architecture: string;
  readonly sizeLabel: string | null;
  readonly fileType: number | null;
  readonly contextLength: number | null;
  readonly layers: number | null;
  readonly kvHeads: number | null;
  readonly keyLength: number | null;
  readonly valueLength: number | null;
  readonly chatTemplate: string | null;
}

/** Metadata is a few megabytes: most of it is the vocabulary. */
const firstReadBytes = 8 << 20;
const limitBytes = 128 << 20;

/**
 * Reads the metadata of a GGUF file (versions 2 and 3, little-endian), without its tensors. Rejects with
 * `MODEL_MISSING` or, for what is no GGUF file or ends too early, `MODEL_DAMAGED`.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new WilsonError('MODEL_MISSING', `There is no model file ${path}.`, {
      hint: 'Check the path, or fetch a model with `wilson models pull`.',
      cause: error,
    });
  });
  try {
    const { size } = await file.stat();
    for (let length = firstReadBytes; ; length *= 4) {
      const wanted = Math.min(length, size, limitBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, 0);
      try {
        return headerFrom(parseMetadata(buffer.subarray(0, bytesRead)), size);
      } catch (error) {
        // A RangeError is a read past the end of what we have: of the buffer, or of the file.
        if (!(error instanceof RangeError)) throw error;
        if (wanted === size || wanted === limitBytes) throw damaged(path, error);
      }
    }
  } finally {
    await file.close();
  }
}

export function damaged(path: string, cause?: unknown): WilsonError {
  return new WilsonError('MODEL_DAMAGED', `The model file ${path} is damaged, or is not a GGUF file.`, {
    hint: `Delete it and fetch it again (\`wilson models pull\`), or name another model.`,
    cause,
  });
}

/**
 * What a model costs: its weights, as large as the file, and the KV cache that llama.cpp allocates for `numCtx` tokens
 * (keys and values of 2 bytes) in each of `slots` conversations. Where the metadata lacks the figures the context
 * counts a quarter of the weights, and the basis says so.
 */
export function estimateFromHeader(header: GgufHeader, load: LoadOptions, slots: number): MemoryEstimate {
  const { layers, kvHeads, keyLength, valueLength, fileBytes } = header;
  if (layers === null || kvHeads === null || keyLength === null || valueLength === null) {
    return { weightsBytes: fileBytes, contextBytes: Math.round(fileBytes / 4), basis: 'file-size' };
  }
  const contextBytes = 2 * layers * kvHeads * (keyLength + valueLength) * load.numCtx * slots;
  return { weightsBytes: fileBytes, contextBytes, basis: 'metadata' };
}

/** Names of `general.file_type` (llama.cpp's `llama_ftype`) that are in use for small models. */
const fileTypes: Readonly<Record<number, string>> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  7: 'Q8_0',
  8: 'Q5_0',
  9: 'Q5_1',
  10: 'Q2_K',
  11: 'Q3_K_S',
  12: 'Q3_K_M',
  13: 'Q3_K_L',
  14: 'Q4_K_S',
  15: 'Q4_K_M',
  16: 'Q5_K_S',
  17: 'Q5_K_M',
  18: 'Q6_K',
};

export function quantizationName(header: GgufHeader): string | null {
  return header.fileType === null ? null : (fileTypes[header.fileType] ?? null);
}

/** Scalars and numeric arrays by key; other arrays are skipped, being the vocabulary. */
type Metadata = ReadonlyMap<string, string | number | boolean | readonly number[]>;

function headerFrom(metadata: Metadata, fileBytes: number): GgufHeader {
  const text = (key: string): string | null => {
    const value = metadata.get(key);
    return typeof value === 'string' ? value : null;
  };
  const number = (key: string): number | null => {
    const value = metadata.get(key);
    if (Array.isArray(value)) return value.reduce((most: number, one: number) => Math.max(most, one), 0);
    return typeof value === 'number' ? value : null;
  };
  const architecture = text('general.architecture') ?? 'unknown';
  const heads = number(`${architecture}.attention.head_count`);
  const embedding = number(`${architecture}.embedding_length`);
  const headDimension = heads === null || embedding === null || heads === 0 ? null : embedding / heads;
  return {
    fileBytes,
    architecture,
    sizeLabel: text('general.size_label'),
    fileType: number('general.file_type'),
    contextLength: number(`${architecture}.context_length`),
    layers: number(`${architecture}.block_count`),
    kvHeads: number(`${architecture}.attention.head_count_kv`) ?? heads,
    keyLength: number(`${architecture}.attention.key_length`) ?? headDimension,
    valueLength: number(`${architecture}.attention.value_length`) ?? headDimension,
    chatTemplate: text('tokenizer.chat_template'),
  };
}

/** Throws a RangeError where the buffer ends too early or holds something else. */
function parseMetadata(buffer: Buffer): Metadata {
  const cursor = new Cursor(buffer);
  if (cursor.bytes(4).toString('latin1') !== 'GGUF') throw new RangeError('no GGUF magic');
  const version = cursor.uint32();
  if (version !== 2 && version !== 3) throw new RangeError(`GGUF version ${version}`);
  cursor.uint64();
  const keyCount = cursor.uint64();
  const metadata = new Map<string, string | number | boolean | readonly number[]>();
  for (let index = 0; index < keyCount; index++) {
    const key = cursor.text();
    const value = readValue(cursor, cursor.uint32());
    if (value !== null) metadata.set(key, value);
  }
  return metadata;
}

const textType = 8;
const arrayType = 9;

function readValue(cursor: Cursor, type: number): string | number | boolean | readonly number[] | null {
  if (type === textType) return cursor.text();
  if (type !== arrayType) return readScalar(cursor, type);
  const itemType = cursor.uint32();
  const count = cursor.uint64();
  if (itemType === textType) {
    for (let index = 0; index < count; index++) cursor.skipText();
    return null;
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
