import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  outgrownText,
  ThresholdCrossing,
  takenMb,
  type WatchedMemory,
  type WatchedWorker,
  workerToStop,
} from '../../../src/supervisor/memory-watch.js';

const worker = (own: Partial<WatchedWorker> = {}): WatchedWorker => ({
  taskId: 'TASK-001',
  attempt: 1,
  sessionId: 'aaaa',
  processMb: 500,
  reservedMb: 200,
  claimedAt: '2026-11-25T10:00:00.000Z',
  ...own,
});

const memory = (workers: WatchedWorker[], own: Partial<WatchedMemory> = {}): WatchedMemory => ({
  workers,
  othersMb: 0,
  maxMemoryMb: 1_000,
  availableMb: null,
  ...own,
});

describe('workerToStop', () => {
  it('leaves a worker alone that outgrew its share while all together keep below the ceiling', () => {
    expect(workerToStop(memory([worker({ processMb: 1_000 })]))).toBeNull();
  });

  it('takes the one that outgrew its share, not the larger one that kept within it', () => {
    const grown = worker({ taskId: 'TASK-002', processMb: 300, reservedMb: 200 });
    const large = worker({ processMb: 800, reservedMb: 800 });
    expect(workerToStop(memory([large, grown]))?.taskId).toBe('TASK-002');
  });

  it('takes the largest of those that outgrew theirs, of equals the youngest', () => {
    const small = worker({ taskId: 'TASK-001', processMb: 300 });
    const old = worker({ taskId: 'TASK-002', processMb: 400 });
    const young = worker({ taskId: 'TASK-003', processMb: 400, claimedAt: '2026-11-25T10:00:01.000Z' });
    expect(workerToStop(memory([small, old, young]))?.taskId).toBe('TASK-003');
    expect(workerToStop(memory([young, old, small]))?.taskId).toBe('TASK-003');
  });

  it('takes nobody when nobody is to blame: the chat is never stopped for it', () => {
    expect(workerToStop(memory([worker({ processMb: 200 })], { othersMb: 5_000 }))).toBeNull();
    expect(workerToStop(memory([], { othersMb: 5_000 }))).toBeNull();
  });

  it('counts chats and models', () => {
    expect(workerToStop(memory([worker()], { othersMb: 500 }))).toBeNull();
    expect(workerToStop(memory([worker()], { othersMb: 501 }))?.taskId).toBe('TASK-001');
  });

  it('takes one below the ceiling too when the machine has nothing left', () => {
    expect(workerToStop(memory([worker()], { availableMb: 127 }))?.taskId).toBe('TASK-001');
    expect(workerToStop(memory([worker()], { availableMb: 128 }))).toBeNull();
    expect(workerToStop(memory([worker({ processMb: 200 })], { availableMb: 0 }))).toBeNull();
  });

  it('is the same for all that look, in whatever order they see the workers, and never takes one without cause', () => {
    const workers = fc.uniqueArray(
      fc.record({
        taskId: fc.integer({ min: 1, max: 99 }).map((id) => `TASK-${id}`),
        attempt: fc.constant(1),
        sessionId: fc.constantFrom('aaaa', 'bbbb'),
        processMb: fc.integer({ min: 0, max: 5 }).map((step) => step * 100),
        reservedMb: fc.integer({ min: 0, max: 5 }).map((step) => step * 100),
        claimedAt: fc.constantFrom('2026-11-25T10:00:00.000Z', '2026-11-25T10:00:01.000Z'),
      }),
      { selector: ({ taskId }) => taskId, maxLength: 8 },
    );
    fc.assert(
      fc.property(workers, fc.integer({ min: 0, max: 1_500 }), (list, othersMb) => {
        const victim = workerToStop(memory(list, { othersMb }));
        expect(workerToStop(memory(list.toReversed(), { othersMb }))).toEqual(victim);
        const passed = takenMb({ workers: list, othersMb }) > 1_000;
        const outgrown = list.filter(({ processMb, reservedMb }) => processMb > reservedMb);
        if (!passed || outgrown.length === 0) {
          expect(victim).toBeNull();
          return;
        }
        expect(victim?.processMb).toBe(Math.max(...outgrown.map(({ processMb }) => processMb)));
        expect(victim?.processMb).toBeGreaterThan(victim?.reservedMb ?? 0);
      }),
    );
  });
});

describe('outgrownText', () => {
  it('says what the worker took, what it had reserved, and what it was too much for', () => {
    expect(outgrownText(worker({ processMb: 1_200 }), memory([worker({ processMb: 1_200 })], { othersMb: 50 }))).toBe(
      'The worker grew to 1,200 MB, had reserved 200 MB, and was stopped because Wilson took 1,250 MB of the 1,000 MB it may take.',
    );
    expect(outgrownText(worker(), memory([worker()], { availableMb: 90 }))).toBe(
      'The worker grew to 500 MB, had reserved 200 MB, and was stopped because the machine had only 90 MB left.',
    );
  });
});

describe('ThresholdCrossing', () => {
  const crossings = (amounts: number[]): number[] => {
    const threshold = new ThresholdCrossing(1_000);
    return amounts.filter((amountMb) => threshold.crossed(amountMb));
  };

  it('tells a crossing once, however long it lasts', () => {
    expect(crossings([900, 1_000, 1_001, 1_500, 1_200])).toEqual([1_000]);
  });

  it('tells the next one when it was clearly below in between', () => {
    expect(crossings([1_001, 949, 1_002])).toEqual([1_001, 1_002]);
    // Breathing around it is one crossing.
    expect(crossings([1_001, 951, 1_002, 999, 1_003])).toEqual([1_001]);
  });

  it('tells one at the first look when Wilson begins above it', () => {
    expect(crossings([2_000, 2_000])).toEqual([2_000]);
  });

  it('never tells two without a look below nineteen twentieths between them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 800, max: 1_200 })), (amounts) => {
        const threshold = new ThresholdCrossing(1_000);
        let armed = true;
        for (const amountMb of amounts) {
          const told = threshold.crossed(amountMb);
          expect(told).toBe(armed && amountMb >= 1_000);
          if (told) armed = false;
          if (amountMb < 950) armed = true;
        }
      }),
    );
  });
});
