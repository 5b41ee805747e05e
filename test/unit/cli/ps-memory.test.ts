import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { promisedMb, type SeenMemory } from '../../../src/cli/ps-memory.js';

const nothing: SeenMemory = { chats: [], workers: [], models: [] };

describe('promisedMb', () => {
  it('is what workers and chats have not taken of their share, and nothing for those that took more', () => {
    const workers = [
      { reservedMb: 200, processMb: null, model: null },
      { reservedMb: 200, processMb: 150, model: null },
      { reservedMb: 200, processMb: 900, model: null },
    ];
    const chats = [
      { reservedMb: 1_000, engineMb: 700 },
      { reservedMb: 1_000, engineMb: null },
    ];
    expect(promisedMb({ ...nothing, workers, chats })).toBe(200 + 50 + 300 + 1_000);
  });

  it('counts a model that is still to come once, however many wait for it, and not where it is loaded', () => {
    const worker = { reservedMb: 0, processMb: null, model: { key: 'm', memoryMb: 9_000 } };
    expect(promisedMb({ ...nothing, workers: [worker, worker] })).toBe(9_000);
    const loading = { key: 'm', memoryMb: 9_310, isLoaded: false };
    expect(promisedMb({ ...nothing, workers: [worker, worker], models: [loading] })).toBe(9_310);
    const loaded = { key: 'm', memoryMb: 8_800, isLoaded: true };
    expect(promisedMb({ ...nothing, workers: [worker, worker], models: [loaded] })).toBe(200);
  });

  it('makes up, with what is taken, what the sum of the claims is', () => {
    const mb = fc.integer({ min: 0, max: 10_000 });
    const model = fc.record({ key: fc.constantFrom<string>('a', 'b', 'c'), memoryMb: mb });
    const workers = fc.array(fc.record({ reservedMb: mb, processMb: fc.option(mb), model: fc.option(model) }));
    const chats = fc.array(fc.record({ reservedMb: mb, engineMb: fc.option(mb) }));
    const models = fc.uniqueArray(
      fc.record({ key: fc.constantFrom<string>('a', 'b', 'c'), memoryMb: mb, isLoaded: fc.boolean() }),
      { selector: ({ key }) => key },
    );
    fc.assert(
      fc.property(fc.record({ workers, chats, models }), (seen) => {
        let sumMb = 0;
        for (const { reservedMb, processMb } of seen.workers) sumMb += Math.max(reservedMb, processMb ?? 0);
        for (const { reservedMb, engineMb } of seen.chats) sumMb += Math.max(reservedMb, engineMb ?? 0);
        for (const key of ['a', 'b', 'c']) {
          const figures = [...seen.models, ...seen.workers.flatMap((worker) => worker.model ?? [])]
            .filter((each) => each.key === key)
            .map(({ memoryMb }) => memoryMb);
          sumMb += Math.max(0, ...figures);
        }
        let takenMb = 0;
        for (const { processMb } of seen.workers) takenMb += processMb ?? 0;
        for (const { engineMb } of seen.chats) takenMb += engineMb ?? 0;
        for (const { memoryMb, isLoaded } of seen.models) if (isLoaded) takenMb += memoryMb;
        expect(takenMb + promisedMb(seen)).toBe(sumMb);
      }),
    );
  });
});
