import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { estimateFromHeader, quantizationName, readGgufHeader } from '../../../src/providers/llama-cpp-gguf.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const uint32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
};
const uint64 = (value: number): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
};
const text = (value: string): Buffer => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);

type Pair = readonly [key: string, type: number, value: Buffer];
const number = (key: string, value: number): Pair => [key, 4, uint32(value)];
const string = (key: string, value: string): Pair => [key, 8, text(value)];
const texts = (key: string, values: readonly string[]): Pair => [
  key,
  9,
  Buffer.concat([uint32(8), uint64(values.length), ...values.map(text)]),
];

function gguf(pairs: readonly Pair[], more: { version?: number; tail?: number } = {}): Buffer {
  const head = [Buffer.from('GGUF'), uint32(more.version ?? 3), uint64(0), uint64(pairs.length)];
  const body = pairs.flatMap(([key, type, value]) => [text(key), uint32(type), value]);
  return Buffer.concat([...head, ...body, Buffer.alloc(more.tail ?? 100)]);
}

const pairs: readonly Pair[] = [
  string('general.architecture', 'qwen2'),
  string('general.size_label', '0.5B'),
  number('general.file_type', 15),
  number('qwen2.block_count', 24),
  number('qwen2.context_length', 32_768),
  number('qwen2.embedding_length', 896),
  number('qwen2.attention.head_count', 14),
  number('qwen2.attention.head_count_kv', 2),
  // Larger than what is read first, as real vocabularies are.
  texts(
    'tokenizer.ggml.tokens',
    Array.from({ length: 100_000 }, (_, index) => `token ${index} ${'x'.repeat(90)}`),
  ),
  string('tokenizer.chat_template', '{% if tools %}'),
];

function write(content: Buffer): string {
  const path = join(tempFolder(), 'm.gguf');
  writeFileSync(path, content);
  return path;
}

describe('the metadata of a GGUF file', () => {
  it('is read past a large vocabulary', async () => {
    const content = gguf(pairs);
    expect(content.length).toBeGreaterThan(8 << 20);
    const header = await readGgufHeader(write(content));
    expect(header).toEqual({
      fileBytes: content.length,
      architecture: 'qwen2',
      sizeLabel: '0.5B',
      fileType: 15,
      contextLength: 32_768,
      layers: 24,
      kvHeads: 2,
      keyLength: 64,
      valueLength: 64,
      chatTemplate: '{% if tools %}',
      vocabulary: 100_000,
      tensors: [],
      headerBytes: Math.ceil((content.length - 100) / 32) * 32,
    });
    expect(quantizationName(header)).toBe('Q4_K_M');
  });

  it('gives an estimate: the file, and keys and values of two bytes for each slot', async () => {
    const header = await readGgufHeader(write(gguf(pairs)));
    const load = { numCtx: 4_096, numThreads: null };
    expect(estimateFromHeader(header, load, 1)).toEqual({
      weightsBytes: header.fileBytes,
      contextBytes: 12_288 * 4_096,
      basis: 'metadata',
    });
    expect(estimateFromHeader(header, load, 2).contextBytes).toBe(2 * 12_288 * 4_096);
  });

  it('says when the estimate rests on the size alone', async () => {
    const header = await readGgufHeader(write(gguf([string('general.architecture', 'new')], { tail: 1_000 })));
    expect(estimateFromHeader(header, { numCtx: 4_096, numThreads: null }, 1).basis).toBe('file-size');
  });

  it.each([
    ['no GGUF file', Buffer.from('<html><body>404</body></html>')],
    ['an empty file', Buffer.alloc(0)],
    ['an unknown version', gguf(pairs.slice(0, 1), { version: 9 })],
    ['counts beyond all bounds', Buffer.concat([Buffer.from('GGUF'), uint32(3), Buffer.alloc(16, 0xff)])],
    ['a value of no known type', gguf([['a', 99, uint32(1)]])],
  ])('is damaged in %s', async (_what, content) => {
    await expect(readGgufHeader(write(content))).rejects.toMatchObject({ code: 'MODEL_DAMAGED' });
  });

  it('is damaged wherever the file was cut within it', async () => {
    const path = write(gguf(pairs, { tail: 0 }));
    for (const length of [9_000_000, 1_000, 30, 12, 3]) {
      truncateSync(path, length);
      await expect(readGgufHeader(path)).rejects.toMatchObject({ code: 'MODEL_DAMAGED' });
    }
  });

  it('is missing with the file', async () => {
    const path = join(tempFolder(), 'no.gguf');
    await expect(readGgufHeader(path)).rejects.toMatchObject({ code: 'MODEL_MISSING' });
  });
});
