import { open } from 'node:fs/promises';
import { hasErrno, WilsonError } from '../errors.js';
import { type GgufTensor, type ParsedGguf, parseGguf } from './gguf-parse.js';
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
  /** Number of tokens that the model knows. */
  readonly vocabulary: number | null;
  readonly tensors: readonly GgufTensor[];
  /** What comes before the weights in the file. */
  readonly headerBytes: number;
}

/** Metadata is a few megabytes: most of it is the vocabulary. */
const firstReadBytes = 8 << 20;
const limitBytes = 128 << 20;

/**
 * Reads the metadata of a GGUF file (versions 2 and 3, little-endian) and which tensors it has, without their content.
 * Rejects with `MODEL_MISSING` or, for what is no GGUF file or ends too early, `MODEL_DAMAGED`.
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
        return headerFrom(parseGguf(buffer.subarray(0, bytesRead)), size);
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

function headerFrom({ metadata, tensors, headerBytes }: ParsedGguf, fileBytes: number): GgufHeader {
  const text = (key: string): string | null => {
    const value = metadata.get(key);
    return typeof value === 'string' ? value : null;
  };
  const number = (key: string): number | null => {
    const value = metadata.get(key);
    if (Array.isArray(value)) return value.reduce((most: number, one: number) => Math.max(most, one), 0);
    if (typeof value === 'object' && 'texts' in value) return value.texts;
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
    vocabulary: number('tokenizer.ggml.tokens'),
    tensors,
    headerBytes,
  };
}
