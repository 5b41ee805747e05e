import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packingOf, placeWeights } from '../../../src/models/weight-packing.js';
import type { GgufTensor } from '../../../src/providers/gguf-parse.js';

const q8 = 8;
const q4k = 12;
const f32 = 0;
const q5 = 6;
const tensor = (name: string, type: number, dimensions: number[], offset: number): GgufTensor => ({
  name,
  type,
  dimensions,
  offset,
});

describe('where llama.cpp puts the weights', () => {
  const tensors = [
    tensor('output.weight', q8, [256, 1_024], 0),
    tensor('token_embd.weight', q4k, [256, 1_024], 34_000),
    tensor('blk.0.attn_q.weight', q4k, [256, 256], 50_000),
    tensor('blk.0.attn_norm.weight', f32, [256], 60_000),
    tensor('blk.0.attn_k.weight', q5, [256, 256], 61_024),
    tensor('blk.0.ffn_up.weight', q4k, [256, 256], 70_000),
  ];

  it('copies what it can pack, and keeps mapped what lies between the first and the last of the rest', () => {
    expect(placeWeights(tensors, 80_000, 'amx')).toEqual({ mappedBytes: 36_000, packedBytes: 38_000 + 20_000 });
    expect(placeWeights(tensors, 80_000, 'x86')).toEqual({ mappedBytes: 70_000, packedBytes: 20_000 });
    expect(placeWeights(tensors, 80_000, 'arm')).toEqual({ mappedBytes: 36_000, packedBytes: 54_000 });
    expect(placeWeights(tensors, 80_000, 'none')).toEqual({ mappedBytes: 80_000, packedBytes: 0 });
  });

  it('packs the table of the tokens besides, where it serves as the output matrix too', () => {
    const tied = [
      tensor('token_embd.weight', q8, [256, 1_024], 0),
      tensor('blk.0.attn_q.weight', q4k, [256, 256], 34_000),
    ];
    expect(placeWeights(tied, 44_000, 'amx')).toEqual({ mappedBytes: 34_000, packedBytes: 48_000 });
  });

  it('leaves alone a matrix of odd height or row length, and what is no matrix', () => {
    const odd = [tensor('a', q8, [256, 1_001], 0), tensor('b', q8, [100, 1_024], 1_000), tensor('c', q8, [256], 2_000)];
    expect(placeWeights(odd, 3_000, 'amx')).toEqual({ mappedBytes: 3_000, packedBytes: 0 });
  });

  it('never maps more than the file, whatever the tensors', () => {
    const one = fc.record({
      name: fc.constantFrom('output.weight', 'token_embd.weight', 'blk.0.x'),
      type: fc.integer({ min: 0, max: 30 }),
      dimensions: fc.array(fc.integer({ min: 1, max: 4_096 }), { minLength: 1, maxLength: 4 }),
      offset: fc.integer({ min: 0, max: 1e9 }),
    });
    fc.assert(
      fc.property(fc.array(one), fc.constantFrom('amx' as const, 'x86' as const, 'arm' as const), (some, packing) => {
        const { mappedBytes, packedBytes } = placeWeights(some, 1e9, packing);
        expect(mappedBytes).toBeGreaterThanOrEqual(0);
        expect(mappedBytes).toBeLessThanOrEqual(1e9);
        expect(packedBytes).toBeLessThanOrEqual(1.2e9);
      }),
    );
  });
});

describe('the kind of a processor', () => {
  const cpuinfo = (flags: string): string => `processor\t: 0\nflags\t\t: fpu ${flags}\nbugs\t\t:\n`;

  it.each([
    ['x64', cpuinfo('avx2 avx512_vnni amx_int8'), 'amx'],
    ['x64', cpuinfo('avx2 avx512_vnni'), 'x86'],
    ['x64', cpuinfo('sse4_2'), 'none'],
    ['x64', null, 'amx'],
    ['arm64', null, 'arm'],
    ['arm64', 'Features: asimd', 'arm'],
    ['riscv64', null, 'none'],
  ])('is told by its flags: %s', (arch, text, packing) => {
    expect(packingOf(arch, text)).toBe(packing);
  });
});
