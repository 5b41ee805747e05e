import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatEngineMb, embeddedWorkerMb } from '../../../src/models/embedded-memory.js';
import type { ModelFigures } from '../../../src/models/model-figures.js';
import type { Packing } from '../../../src/models/weight-packing.js';

const small = 'smollm2:135m';
const large = 'qwen2.5-coder:0.5b';
const packings = ['amx', 'x86', 'arm', 'none'] as const;

/** Peaks in MB as the kernel kept them, of whole processes with the model alone, on a processor with AMX. */
const measured = [
  { process: 'worker', model: small, numCtx: 512, peakMb: 325 },
  { process: 'worker', model: small, numCtx: 2_048, peakMb: 350 },
  { process: 'worker', model: small, numCtx: 8_192, peakMb: 497 },
  { process: 'engine', model: small, numCtx: 2_048, peakMb: 401 },
  { process: 'engine', model: small, numCtx: 8_192, peakMb: 671 },
  { process: 'worker', model: large, numCtx: 512, peakMb: 862 },
  { process: 'worker', model: large, numCtx: 2_048, peakMb: 865 },
  { process: 'worker', model: large, numCtx: 8_192, peakMb: 866 },
  { process: 'engine', model: large, numCtx: 2_048, peakMb: 863 },
  { process: 'engine', model: large, numCtx: 8_192, peakMb: 963 },
] as const;

const figures: fc.Arbitrary<ModelFigures> = fc
  .record({
    fileBytes: fc.integer({ min: 1e7, max: 2e10 }),
    vocabulary: fc.integer({ min: 1_000, max: 300_000 }),
    cacheBytesPerToken: fc.integer({ min: 1_000, max: 500_000 }),
    mapped: fc.double({ min: 0, max: 1, noNaN: true }),
    packed: fc.double({ min: 0, max: 1.2, noNaN: true }),
  })
  .map(({ mapped, packed, ...rest }) => ({
    ...rest,
    places: () => ({ mappedBytes: rest.fileBytes * mapped, packedBytes: rest.fileBytes * packed }),
    basis: 'header' as const,
  }));

/** The same with a llama.cpp that knows AVX2 at most, which packs little. */
const measuredWithoutAmx = [
  { model: small, peakMb: 244 },
  { model: large, peakMb: 725 },
] as const;

describe('the estimate of an embedded model', () => {
  it.each(measured)('holds for the $process of $model with $numCtx tokens', ({ process, model, numCtx, peakMb }) => {
    const estimate = process === 'worker' ? embeddedWorkerMb : chatEngineMb;
    const estimateMb = estimate({ model, numCtx, packing: 'amx' }) ?? 0;
    expect(estimateMb).toBeGreaterThanOrEqual(peakMb);
    expect(estimateMb).toBeLessThanOrEqual(peakMb * 1.15);
  });

  it.each(measuredWithoutAmx)('holds for a worker with $model on a processor without AMX', ({ model, peakMb }) => {
    const estimateMb = embeddedWorkerMb({ model, numCtx: 512, packing: 'x86' }) ?? 0;
    expect(estimateMb).toBeGreaterThanOrEqual(peakMb);
    expect(estimateMb).toBeLessThanOrEqual(peakMb * 1.15);
  });

  it('is nothing for a model of which nothing is known', () => {
    expect(embeddedWorkerMb({ model: '/no/such.gguf', numCtx: 512 })).toBeNull();
    expect(chatEngineMb({ model: 'llama3', numCtx: 512 })).toBeNull();
  });

  it('is a whole number that covers weights and caches, and never falls with more of anything', () => {
    const load = fc.record({
      model: figures,
      numCtx: fc.integer({ min: 256, max: 131_072 }),
      slots: fc.integer({ min: 1, max: 8 }),
      threads: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(load, fc.constantFrom<Packing>(...packings), (one, packing) => {
        const mb = (more: Partial<typeof one>): number => embeddedWorkerMb({ ...one, ...more, packing }) ?? 0;
        const { mappedBytes, packedBytes } = one.model.places(packing);
        const cacheBytes = one.numCtx * one.slots * one.model.cacheBytesPerToken;
        expect(Number.isInteger(mb({}))).toBe(true);
        expect(mb({}) * 1_048_576).toBeGreaterThan(one.model.fileBytes + packedBytes);
        expect(mb({}) * 1_048_576).toBeGreaterThan(mappedBytes + packedBytes + cacheBytes);
        expect(mb({ numCtx: one.numCtx * 2 })).toBeGreaterThanOrEqual(mb({}));
        expect(mb({ slots: one.slots + 1 })).toBeGreaterThanOrEqual(mb({}));
        expect(mb({ threads: one.threads + 1 })).toBeGreaterThanOrEqual(mb({}));
      }),
    );
  });

  it('counts both conversations of the chat engine', () => {
    const [worker, engine] = [embeddedWorkerMb, chatEngineMb].map(
      (estimate) => estimate({ model: small, numCtx: 8_192, packing: 'amx' }) ?? 0,
    );
    // 23,040 bytes for a token of context.
    expect((engine ?? 0) - (worker ?? 0)).toBeGreaterThanOrEqual((23_040 * 8_192) / 1_048_576);
  });
});
