import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planClaims } from '../../../src/supervisor/scheduler.js';

const capacity = { activeWorkers: 0, maxConcurrent: 2, reservedMb: 0, maxReservedMb: 1_000 };
const candidate = (id: string, needMb = 100): { task: { id: string }; needMb: number } => ({ task: { id }, needMb });

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
    const plan = planClaims([candidate('big', 800), candidate('small', 10)], { ...capacity, reservedMb: 500 });
    expect(plan.claims).toEqual([]);
    expect(plan.waits.map((wait) => wait.detail)).toEqual([
      'needs 800 MB, 500 of 1000 MB are reserved',
      'waits behind big, which waits for memory',
    ]);
  });

  it('refuses what can never fit and goes on with the rest', () => {
    const plan = planClaims([candidate('huge', 2_000), candidate('small')], capacity);
    expect(plan.refusals.map((refusal) => refusal.taskId)).toEqual(['huge']);
    expect(plan.claims).toEqual(['small']);
  });

  it('never passes a ceiling and answers for every candidate once', () => {
    const needs = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 30 });
    const limits = fc.record({
      activeWorkers: fc.integer({ min: 0, max: 10 }),
      maxConcurrent: fc.integer({ min: 1, max: 8 }),
      reservedMb: fc.integer({ min: 0, max: 2_000 }),
      maxReservedMb: fc.integer({ min: 0, max: 2_000 }),
    });
    fc.assert(
      fc.property(needs, limits, (list, limit) => {
        const candidates = list.map((needMb, index) => candidate(`T${index}`, needMb));
        const plan = planClaims(candidates, limit);
        const claimedMb = candidates
          .filter(({ task }) => plan.claims.includes(task.id))
          .reduce((sum, one) => sum + one.needMb, 0);
        if (plan.claims.length > 0) {
          expect(limit.activeWorkers + plan.claims.length).toBeLessThanOrEqual(limit.maxConcurrent);
          expect(limit.reservedMb + claimedMb).toBeLessThanOrEqual(limit.maxReservedMb);
        }
        const answered = [
          ...plan.claims,
          ...plan.waits.map((wait) => wait.taskId),
          ...plan.refusals.map((one) => one.taskId),
        ];
        expect(answered.sort()).toEqual(candidates.map(({ task }) => task.id).sort());
      }),
    );
  });
});
