import { describe, expect, it } from 'vitest';
import type { WilsonError } from '../../../src/errors.js';
import { nullLog } from '../../../src/log.js';
import type { MemoryUse } from '../../../src/store/memory-use.js';
import type { WorkerSlot } from '../../../src/store/worker-store.js';
import { MemoryGuard } from '../../../src/supervisor/memory-guard.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

const nothing: MemoryUse = { chatsMb: 0, workersMb: 0, models: [], promisedMb: 0 };
const slot = (own: Partial<WorkerSlot> = {}): WorkerSlot => ({
  taskId: 'TASK-001',
  attempt: 2,
  sessionId: 'mine',
  owner: 'mine:TASK-001:2',
  identity: { pid: 4_711, bootId: 'b', startTime: '1' },
  reservedMb: 200,
  modelKey: null,
  modelMb: 0,
  processMb: 100,
  memoryKind: 'pss',
  claimedAt: '2026-11-25T10:00:00.000Z',
  ...own,
});

/** A guard over a store that a test changes; `pass` lets time go by and waits for the look that falls due in it. */
function startGuard() {
  const clock = createFakeClock();
  const state = {
    slots: [slot()] as WorkerSlot[],
    use: nothing,
    availableMb: null as number | null,
    busy: true,
    looks: 0,
    broken: false,
    /** Set to hold a look in the middle. */
    held: null as Promise<void> | null,
  };
  const stopped: { taskId: string; attempt: number; reason: WilsonError }[] = [];
  const warnings: string[] = [];
  const logged: string[] = [];
  const guard = new MemoryGuard({
    store: {
      workers: {
        list: async () => {
          state.looks += 1;
          await state.held;
          if (state.broken) throw new Error('the store is locked');
          return state.slots;
        },
        memoryUse: async () => state.use,
      } as never,
    },
    sessionId: 'mine',
    limits: { maxMemoryMb: 1_000, warnThresholdMb: 800 },
    memory: { chat: () => nothing, availableMb: () => state.availableMb, totalMb: 8_000 },
    clock,
    log: { ...nullLog, warn: (_fields, text) => logged.push(text) },
    everyMs: 500,
    isBusy: () => state.busy,
    stop: (taskId, attempt, reason) => stopped.push({ taskId, attempt, reason }),
    warn: (text) => warnings.push(text),
  });
  guard.start();
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { guard, clock, state, stopped, warnings, logged, pass };
}

describe('MemoryGuard', () => {
  it('looks every half second while a worker runs, and seldom when none does', async () => {
    const { state, pass, guard } = startGuard();
    for (let i = 0; i < 4; i += 1) await pass(500);
    expect(state.looks).toBe(4);
    state.busy = false;
    await pass(500);
    expect(state.looks).toBe(5);
    await pass(4_999);
    expect(state.looks).toBe(5);
    state.busy = true;
    guard.wake();
    await pass(500);
    expect(state.looks).toBe(6);
  });

  it('looks no more often for being woken in the middle of a look', async () => {
    const { state, pass, guard, clock } = startGuard();
    let goOn = (): void => undefined;
    state.held = new Promise((resolve) => {
      goOn = resolve;
    });
    await pass(500);
    for (let i = 0; i < 5; i += 1) guard.wake();
    state.held = null;
    goOn();
    await pass(0);
    expect(state.looks).toBe(1);
    expect(clock.pending()).toBe(1);
    await pass(500);
    expect(state.looks).toBe(2);
    expect(clock.pending()).toBe(1);
  });

  it('stops a worker of its session that outgrew its share past the ceiling, and says why and what helps', async () => {
    const { state, pass, stopped } = startGuard();
    state.slots = [slot({ processMb: 900 })];
    await pass(500);
    expect(stopped).toEqual([]);
    state.use = { ...nothing, chatsMb: 50, models: [{ key: 'm', memoryMb: 60 }] };
    await pass(500);
    expect(stopped).toHaveLength(1);
    expect(stopped[0]).toMatchObject({ taskId: 'TASK-001', attempt: 2 });
    expect(stopped[0]?.reason.toRecord()).toEqual({
      code: 'MEMORY_EXCEEDED',
      message:
        'The worker grew to 900 MB, had reserved 200 MB, and was stopped because Wilson took 1,010 MB of the 1,000 MB it may take.',
      hint: 'A smaller task or a smaller model needs less; resources.max_memory_mb in config.yaml says what Wilson may take.',
    });
  });

  it('leaves the worker of another session to that session', async () => {
    const { state, pass, stopped } = startGuard();
    state.slots = [slot({ processMb: 300 }), slot({ taskId: 'TASK-002', sessionId: 'other', processMb: 800 })];
    await pass(500);
    expect(stopped).toEqual([]);
    state.slots = [slot({ processMb: 800 }), slot({ taskId: 'TASK-002', sessionId: 'other', processMb: 300 })];
    await pass(500);
    expect(stopped.map(({ taskId }) => taskId)).toEqual(['TASK-001']);
  });

  it('stops one when the machine has nothing left, and nobody for want of a figure', async () => {
    const { state, pass, stopped } = startGuard();
    state.slots = [slot({ processMb: 300 })];
    await pass(500);
    state.availableMb = 100;
    state.slots = [slot({ processMb: null })];
    await pass(500);
    expect(stopped).toEqual([]);
    state.slots = [slot({ processMb: 300 })];
    await pass(500);
    expect(stopped[0]?.reason.message).toContain('the machine had only 100 MB left');
  });

  it('warns once at each crossing of the threshold, with what takes how much', async () => {
    const { state, pass, warnings } = startGuard();
    const take = async (processMb: number): Promise<void> => {
      state.slots = [slot({ processMb, reservedMb: 900 })];
      await pass(500);
    };
    state.use = { ...nothing, chatsMb: 100, models: [{ key: 'm', memoryMb: 300 }] };
    await take(399);
    expect(warnings).toEqual([]);
    for (const processMb of [400, 450, 395, 420]) await take(processMb);
    expect(warnings).toEqual([
      '⚠️ Wilson takes 800 MB of memory (TASK-001 400 MB, models 300 MB, chat 100 MB). warn_threshold_mb is 800 MB, the ceiling 1,000 MB.',
    ]);
    await take(100);
    await take(500);
    expect(warnings).toHaveLength(2);
  });

  it('goes on looking when a look fails', async () => {
    const { state, pass, logged, stopped } = startGuard();
    state.slots = [slot({ processMb: 1_500 })];
    state.broken = true;
    await pass(500);
    expect(logged).toEqual(['the memory could not be looked at']);
    state.broken = false;
    await pass(500);
    expect(stopped).toHaveLength(1);
  });

  it('looks no more when it is ended, in the middle of a look too', async () => {
    const { state, pass, guard, clock } = startGuard();
    let goOn = (): void => undefined;
    state.held = new Promise((resolve) => {
      goOn = resolve;
    });
    await pass(500);
    guard.end();
    goOn();
    guard.wake();
    await pass(10_000);
    expect(state.looks).toBe(1);
    expect(clock.pending()).toBe(0);
  });
});
