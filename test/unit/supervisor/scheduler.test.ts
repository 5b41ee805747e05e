import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addedMb, type MemoryNeed, type MemoryUse, usedMb, withNeed } from '../../../src/store/memory-use.js';
import { keepFreeMb } from '../../../src/supervisor/admission.js';
import { type Candidate, type Capacity, planClaims } from '../../../src/supervisor/scheduler.js';
import { needOf } from '../../helpers/stand-in-model.js';

const nothing: MemoryUse = { chatsMb: 0, workersMb: 0, models: [], promisedMb: 0 };

function capacityOf({ use, limits }: { use?: Partial<MemoryUse>; limits?: Partial<Capacity['limits']> }): Capacity {
  return {
    activeWorkers: 0,
    maxConcurrent: 2,
    use: { ...nothing, ...use },
    limits: { maxMemoryMb: 1_000, permanent: nothing, availableMb: null, totalMb: 100_000, ...limits },
  };
}

const capacity = capacityOf({});
const candidate = (id: string, processMb = 100, model: MemoryNeed['model'] = null): Candidate => ({
  task: { id },
  need: { ...needOf(processMb), model },
});

describe('planClaims', () => {
  it('claims in the order of the queue up to the limit of workers, and says why the others wait', () => {
    const plan = planClaims([candidate('A'), candidate('B'), candidate('C')], capacity);
    expect(plan.claims).toEqual(['A', 'B']);
    expect(plan.waits).toEqual([{ taskId: 'C', reason: 'max_concurrent', detail: '2 workers active, max capacity' }]);
  });

  it('counts workers that others run', () => {
    const plan = planClaims([candidate('A')], { ...capacity, activeWorkers: 1, maxConcurrent: 1 });
    expect(plan.claims).toEqual([]);
    expect(plan.waits[0]?.detail).toBe('1 worker active, max capacity');
  });

  it('lets nothing pass a task that waits for memory, so that it is not starved', () => {
    const plan = planClaims([candidate('big', 800), candidate('small', 10)], capacityOf({ use: { workersMb: 500 } }));
    expect(plan.claims).toEqual([]);
    expect(plan.waits).toEqual([
      {
        taskId: 'big',
        reason: 'memory',
        detail: 'needs 800 MB (worker 800 MB); 500 MB of 1,000 MB are taken',
        sum: { needMb: 800, takenMb: 500, ceilingMb: 1_000, availableMb: null },
      },
      { taskId: 'small', reason: 'memory', detail: 'waits behind big, which waits for memory' },
    ]);
  });

  it('refuses what can never fit and goes on with the rest', () => {
    const plan = planClaims([candidate('huge', 2_000), candidate('small')], capacity);
    expect(plan.refusals).toEqual([
      { taskId: 'huge', detail: 'needs 2,000 MB (worker 2,000 MB); Wilson may take 1,000 MB' },
    ]);
    expect(plan.claims).toEqual(['small']);
  });

  it('refuses what can never fit even when no worker is free: waiting would not help', () => {
    const plan = planClaims([candidate('huge', 2_000)], { ...capacity, activeWorkers: 2 });
    expect(plan.refusals.map(({ taskId }) => taskId)).toEqual(['huge']);
    expect(plan.waits).toEqual([]);
  });

  it('counts a model once that two tasks of the same look share', () => {
    const model = { key: 'big', memoryMb: 700 };
    const plan = planClaims([candidate('A', 100, model), candidate('B', 100, model)], capacity);
    expect(plan.claims).toEqual(['A', 'B']);
    const other = planClaims([candidate('A', 100, model), candidate('B', 100, { ...model, key: 'other' })], capacity);
    expect(other.claims).toEqual(['A']);
    expect(other.waits[0]?.sum).toEqual({ needMb: 800, takenMb: 800, ceilingMb: 1_000, availableMb: null });
  });

  it('counts what the claims of the same look have promised against what the machine has left', () => {
    const limits = { availableMb: keepFreeMb + 500 };
    const plan = planClaims([candidate('A', 300), candidate('B', 300)], capacityOf({ limits }));
    expect(plan.claims).toEqual(['A']);
    expect(plan.waits[0]).toMatchObject({ taskId: 'B', reason: 'memory' });
  });

  it('never passes a ceiling, counts a shared model once, and answers for every candidate once', () => {
    const mb = fc.integer({ min: 0, max: 1_000 });
    const model = fc.record({ key: fc.constantFrom<string>('a', 'b', 'c'), memoryMb: mb });
    const needs = fc.array(fc.tuple(mb, fc.option(model)), { maxLength: 30 });
    const uses = fc.record({
      chatsMb: mb,
      workersMb: mb,
      models: fc.uniqueArray(model, { selector: ({ key }) => key, maxLength: 3 }),
      promisedMb: mb,
    });
    const machines = fc.record({
      maxMemoryMb: fc.integer({ min: 256, max: 8_000 }),
      permanent: fc.record({
        chatsMb: mb,
        workersMb: fc.constant(0),
        models: fc.uniqueArray(model, { selector: ({ key }) => key, maxLength: 1 }),
        promisedMb: fc.constant(0),
      }),
      availableMb: fc.option(fc.integer({ min: 0, max: 8_000 })),
      totalMb: fc.integer({ min: 256, max: 8_000 }),
    });
    const counts = fc.record({
      activeWorkers: fc.integer({ min: 0, max: 4 }),
      maxConcurrent: fc.integer({ min: 1, max: 12 }),
    });
    let claimed = 0;
    fc.assert(
      fc.property(needs, uses, machines, counts, (list, use, limits, { activeWorkers, maxConcurrent }) => {
        const candidates = list.map(([processMb, own], index) => candidate(`T${index}`, processMb, own));
        const plan = planClaims(candidates, { activeWorkers, maxConcurrent, use, limits });
        const chosen = candidates.filter(({ task }) => plan.claims.includes(task.id));
        claimed += chosen.length;

        // The sum anew, by hand: processes, and the largest figure that anybody gives for each model.
        const perModel = new Map(use.models.map(({ key, memoryMb }) => [key, memoryMb]));
        for (const { need } of chosen) {
          if (need.model === null) continue;
          perModel.set(need.model.key, Math.max(perModel.get(need.model.key) ?? 0, need.model.memoryMb));
        }
        const modelsMb = [...perModel.values()].reduce((sum, memoryMb) => sum + memoryMb, 0);
        const processesMb = chosen.reduce((sum, { need }) => sum + need.processMb, 0);
        const takenMb = use.chatsMb + use.workersMb + processesMb + modelsMb;
        if (chosen.length > 0) {
          expect(activeWorkers + chosen.length).toBeLessThanOrEqual(maxConcurrent);
          // What adds nothing may start beside what is over the ceiling by itself.
          if (takenMb > usedMb(use)) expect(takenMb).toBeLessThanOrEqual(limits.maxMemoryMb);
          const addedSumMb = takenMb - usedMb(use);
          if (limits.availableMb !== null && addedSumMb > 0) {
            expect(use.promisedMb + addedSumMb + keepFreeMb).toBeLessThanOrEqual(limits.availableMb);
          }
        }
        expect(chosen.reduce<MemoryUse>((sum, { need }) => withNeed(sum, need), use)).toMatchObject({
          workersMb: use.workersMb + processesMb,
          promisedMb: use.promisedMb + takenMb - usedMb(use),
        });

        // Refused is exactly what would not fit if nothing but this chat ran.
        for (const { task, need } of candidates) {
          const aloneMb = usedMb(limits.permanent) + addedMb(limits.permanent, need);
          const never = aloneMb > Math.min(limits.maxMemoryMb, limits.totalMb);
          expect(plan.refusals.some(({ taskId }) => taskId === task.id)).toBe(never);
        }
        const answered = [
          ...plan.claims,
          ...plan.waits.map((wait) => wait.taskId),
          ...plan.refusals.map((one) => one.taskId),
        ];
        expect(answered.sort()).toEqual(candidates.map(({ task }) => task.id).sort());
      }),
      { numRuns: 500 },
    );
    expect(claimed).toBeGreaterThan(100);
  });

  it('leaves nobody behind who fits when nobody before him waits', () => {
    const needs = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(needs, (list) => {
        const candidates = list.map((processMb, index) => candidate(`T${index}`, processMb));
        const plan = planClaims(candidates, { ...capacity, maxConcurrent: 100 });
        let sumMb = 0;
        const expected: string[] = [];
        for (const [index, processMb] of list.entries()) {
          if (sumMb + processMb > 1_000) break;
          sumMb += processMb;
          expected.push(`T${index}`);
        }
        expect(plan.claims).toEqual(expected);
      }),
    );
  });
});
