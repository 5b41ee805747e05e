import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { WilsonError } from '../../src/errors.js';
import { createModelLeases, keyOf } from '../../src/models/leases.js';
import type { Chosen } from '../../src/models/model-selection.js';
import { isAlive, processIdentity } from '../../src/platform/process-identity.js';
import type { ModelProvider } from '../../src/providers/provider.js';
import type { WorkerSlot } from '../../src/store/worker-store.js';
import type { AttemptMemory } from '../../src/supervisor/memory-timeline.js';
import type { ModelPort } from '../../src/supervisor/port.js';
import type { Task } from '../../src/task/task.js';
import { endlessMemory, needOf, standInModel } from '../helpers/stand-in-model.js';
import { type Rig, startRig } from '../helpers/supervisor-rig.js';
import { tempFolder } from '../helpers/temp-folder.js';

/** As often as in earnest: how soon a worker is stopped depends on it. */
const everyHalfSecond = { sampleEveryMs: 500 };

/** What an ordinary task reserves, or what it was seen to need. */
function needs(mb: (task: Task) => number): Partial<ModelPort> {
  return { need: async (task) => needOf(Math.max(mb(task), task.needMb ?? 0)) };
}

function timelineOf(memory: string | null | undefined): AttemptMemory {
  return JSON.parse(memory ?? 'null') as AttemptMemory;
}

async function slotOf(rig: Rig, taskId: string): Promise<WorkerSlot | null> {
  return rig.store.workers.slotOf(taskId);
}

const queuedNotice = (rig: Rig, taskId: string) =>
  rig.notices.find((notice) => notice.kind === 'queued' && notice.taskId === taskId)?.text;
const isWorking = (rig: Rig, taskId: string) => () =>
  rig.supervisor.active().some(({ task, phase }) => task.id === taskId && phase === 'working');
/** Of an attempt, since the phase is that of the newest. */
const works = (rig: Rig, taskId: string, attempt: number) => () =>
  rig.supervisor
    .active()
    .some(({ task, phase }) => task.id === taskId && task.attempt === attempt && phase === 'working');

describe('a worker that grows', () => {
  it('past the ceiling is stopped within two seconds and tried again with what it needs; its neighbour goes on', async () => {
    const rig = await startRig({
      maxMemoryMb: 700,
      limits: everyHalfSecond,
      models: needs(({ priority }) => (priority === 9 ? 350 : 100)),
    });
    // Both are below the ceiling by what they have reserved; the neighbour uses nearly all of its share.
    const neighbour = await rig.submit({ allocateMb: 250, afterMs: 6_000 }, 9);
    await rig.until(isWorking(rig, neighbour.id));
    const task = await rig.submit([{ growMb: 900, never: true }, { afterMs: 600 }]);
    await rig.until(() => rig.notices.some(({ kind, taskId }) => kind === 'info' && taskId === task.id));

    const [first] = await rig.store.workers.attemptsOf(task.id);
    expect(first).toMatchObject({ outcome: 'retried', error: { code: 'MEMORY_EXCEEDED' } });
    expect(first?.error?.message).toMatch(
      /^The worker grew to \d+ MB, had reserved 100 MB, and was stopped because Wilson took [\d,]+ MB of the 700 MB it may take\.$/,
    );
    expect(first?.pid === null || processIdentity(first?.pid ?? 0)).toBeNull();
    // What a worker says of itself counts shared pages in full: it says so before it is measured to be over the ceiling.
    const neighbourMb = Math.max(
      ...timelineOf((await rig.store.workers.attemptsOf(neighbour.id))[0]?.memory).mb.map(Number),
    );
    const passed = (await rig.store.events.of(task.id, 0, 1_000)).find(
      ({ text }) => Number(/^takes (\d+) MB$/.exec(text)?.[1] ?? 0) + neighbourMb > 700,
    );
    const lateMs = Date.parse(first?.endedAt ?? '') - Date.parse(passed?.at ?? '');
    expect(lateMs).toBeLessThan(2_000);

    const needMb = (await rig.store.tasks.get(task.id))?.needMb ?? 0;
    const { mb, reservedMb } = timelineOf(first?.memory);
    expect(reservedMb).toBe(100);
    expect(needMb).toBe(Math.ceil(Math.max(...mb.map(Number)) * 1.1));
    // The neighbour is still there, so the second attempt waits with the sum, and then has that reserved.
    await rig.until(() => queuedNotice(rig, task.id) !== undefined);
    expect(await rig.store.tasks.get(task.id)).toMatchObject({
      status: 'ready',
      queuedReason: 'memory',
      queuedSum: { needMb, ceilingMb: 700, availableMb: null },
    });
    expect(await rig.over(neighbour.id)).toMatchObject({ status: 'done', attempt: 1 });
    await rig.until(works(rig, task.id, 2));
    expect((await slotOf(rig, task.id))?.reservedMb).toBe(needMb);
    expect(await rig.over(task.id)).toMatchObject({ status: 'done', attempt: 2, queuedSum: null });
    expect(rig.notices.find(({ kind, taskId }) => kind === 'info' && taskId === task.id)?.text).toMatch(
      /^TASK-002: attempt 1 failed \(The worker grew to .* it may take\); trying again with a fresh worker\.$/,
    );
  });

  it('past the ceiling a second time fails, and says what it took', async () => {
    const rig = await startRig({ maxMemoryMb: 600, models: needs(({ priority }) => (priority === 9 ? 300 : 100)) });
    const neighbour = await rig.submit({ allocateMb: 220, never: true }, 9);
    await rig.until(isWorking(rig, neighbour.id));
    const task = await rig.submit([
      { growMb: 500, never: true },
      { growMb: 900, never: true },
    ]);
    await rig.until(() => queuedNotice(rig, task.id) !== undefined);
    await rig.supervisor.cancel(neighbour.id);
    const ended = await rig.over(task.id);
    expect(ended).toMatchObject({ status: 'failed', attempt: 2, error: { code: 'MEMORY_EXCEEDED' } });
    expect(ended.error?.message).toContain(`had reserved ${ended.needMb} MB`);
    expect(ended.error?.message).toMatch(/ \(2 attempts\)$/);
    expect(rig.notices.find(({ kind }) => kind === 'failed')?.text).not.toContain('tried once more');
  });

  it('to more than it could ever have is not tried again, and says with what sum', async () => {
    const rig = await startRig({ maxMemoryMb: 200, models: needs(() => 100) });
    const task = await rig.submit({ growMb: 600, never: true });
    const ended = await rig.over(task.id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'MEMORY_NEVER_FITS' } });
    expect(ended.needMb).toBeGreaterThan(200);
    expect(ended.error?.message).toBe(
      `TASK-001 can never run here: it needs ${ended.needMb} MB (worker ${ended.needMb} MB); Wilson may take 200 MB.`,
    );
    const attempts = await rig.store.workers.attemptsOf(task.id);
    expect(attempts.map(({ error }) => error?.code)).toEqual(['MEMORY_EXCEEDED', 'MEMORY_NEVER_FITS']);
    expect(attempts[1]?.pid).toBeNull();
  });

  it('beyond its share, but not past the ceiling, is left alone', async () => {
    const rig = await startRig({ maxMemoryMb: 2_000 });
    const task = await rig.submit({ growMb: 300, afterMs: 1_000 });
    const ended = await rig.over(task.id);
    expect(ended).toMatchObject({ status: 'done', attempt: 1, needMb: null });
    expect(ended.peakMb).toBeGreaterThan(200);
  });

  it('past the ceiling is the one to go, not the larger one that keeps within its share', async () => {
    const rig = await startRig({ maxMemoryMb: 500, models: needs(({ priority }) => (priority === 9 ? 400 : 80)) });
    const large = await rig.submit({ allocateMb: 320, afterMs: 4_000 }, 9);
    await rig.until(isWorking(rig, large.id));
    const grown = await rig.submit({ growMb: 300, never: true });
    await rig.until(() => rig.notices.some(({ kind, taskId }) => kind === 'info' && taskId === grown.id));
    expect(await rig.over(large.id)).toMatchObject({ status: 'done', attempt: 1 });
    await rig.supervisor.cancel(grown.id);
  });
});

describe('one ceiling', () => {
  it.each([
    ['first', 'second'],
    ['second', 'first'],
  ])(
    'holds for two wilson processes: what is asked for in the %s keeps the %s waiting until it is gone',
    async (...names) => {
      const stateFolder = tempFolder();
      const options = { stateFolder, maxMemoryMb: 1_000, reserveMb: 600 };
      const rigs = { first: await startRig(options), second: await startRig(options) };
      const [runs, waits] = names.map((name) => (name === 'first' ? rigs.first : rigs.second)) as [Rig, Rig];
      const running = await runs.submit({ never: true });
      await runs.until(isWorking(runs, running.id));
      const queued = await waits.submit({ summary: 'had its turn' });
      await waits.until(() => queuedNotice(waits, queued.id) !== undefined);
      expect(queuedNotice(waits, queued.id)).toBe(
        `${queued.id} is queued: needs 600 MB (worker 600 MB); 600 MB of 1,000 MB are taken`,
      );
      expect(await runs.store.tasks.get(queued.id)).toMatchObject({
        status: 'ready',
        queuedReason: 'memory',
        queuedSum: { needMb: 600, takenMb: 600, ceilingMb: 1_000, availableMb: null },
      });
      expect(waits.supervisor.active()).toEqual([]);
      // Ended from the other one: whoever ends it, what it had is free.
      expect((await waits.supervisor.cancel(running.id)).result).toBe('cancelled');
      expect(await waits.over(queued.id)).toMatchObject({ status: 'done', attempt: 1, summary: 'had its turn' });
      expect(waits.notices.filter(({ kind }) => kind === 'queued')).toHaveLength(1);
    },
  );

  it('is passed by neither of two that claim at the same moment, by what they reserve or by what the machine has', async () => {
    const stateFolder = tempFolder();
    // Room for one, by the machine alone.
    const memory = { ...endlessMemory, availableMb: () => 256 + 700 };
    const options = { stateFolder, maxMemoryMb: 100_000, reserveMb: 600, maxConcurrent: 8, memory };
    const rigs = [await startRig(options), await startRig(options), await startRig(options)];
    const tasks = await Promise.all(rigs.map((rig) => rig.submit({ afterMs: 300 })));
    let most = 0;
    const count = (): void => {
      most = Math.max(most, rigs.flatMap((rig) => rig.supervisor.active()).filter(({ pid }) => pid !== null).length);
    };
    for (const rig of rigs) rig.supervisor.onChange(count);
    const ended = await Promise.all(rigs.map((rig, index) => rig.over(tasks[index]?.id ?? '')));
    expect(ended.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    expect(most).toBe(1);
  });

  it('counts a model once for the tasks that share it', async () => {
    const model = { key: 'shared', memoryMb: 700 };
    const rig = await startRig({ maxMemoryMb: 1_000, models: { need: async () => ({ ...needOf(100), model }) } });
    const [one, two] = [await rig.submit({ never: true }), await rig.submit({ never: true })];
    await rig.until(() => isWorking(rig, one.id)() && isWorking(rig, two.id)());
    expect(await rig.store.workers.memoryUse()).toMatchObject({ workersMb: 200, models: [model] });
    await Promise.all([rig.supervisor.cancel(one.id), rig.supervisor.cancel(two.id)]);
    expect(await rig.store.workers.memoryUse()).toEqual({ chatsMb: 0, workersMb: 0, models: [], promisedMb: 0 });
  });

  it('is not all that counts: what the machine has not left is waited for, with that reason', async () => {
    let availableMb = 300;
    const rig = await startRig({ memory: { ...endlessMemory, availableMb: () => availableMb } });
    const task = await rig.submit({});
    await rig.until(() => queuedNotice(rig, task.id) !== undefined);
    expect(queuedNotice(rig, task.id)).toBe(
      'TASK-001 is queued: needs 100 MB (worker 100 MB); the machine has only about 0 MB left beside what runs',
    );
    expect((await rig.store.tasks.get(task.id))?.queuedSum).toEqual({
      needMb: 100,
      takenMb: 0,
      ceilingMb: 4_096,
      availableMb: 0,
    });
    availableMb = 5_000;
    expect(await rig.over(task.id)).toMatchObject({ status: 'done', attempt: 1 });
  });
});

describe('the threshold', () => {
  it('is told once at each crossing', async () => {
    const rig = await startRig({ warnThresholdMb: 200 });
    const warnings = () => rig.notices.filter(({ kind }) => kind === 'warning').map(({ text }) => text);
    const first = await rig.submit({ allocateMb: 250, afterMs: 1_500 });
    await rig.over(first.id);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatch(
      /^⚠️ Wilson takes \d+ MB of memory \(TASK-001 \d+ MB\)\. warn_threshold_mb is 200 MB, the ceiling 4,096 MB\.$/,
    );
    // Small for long enough to be seen so.
    const second = await rig.submit({ afterMs: 1_000 });
    await rig.over(second.id);
    expect(warnings()).toHaveLength(1);
    const third = await rig.submit({ allocateMb: 250, afterMs: 1_500 });
    await rig.over(third.id);
    expect(warnings()).toHaveLength(2);
  });
});

describe('a task whose model has no room', () => {
  it('is queued again without counting that, and runs', async () => {
    let calls = 0;
    const rig = await startRig({
      models: {
        prepare: async () => {
          calls += 1;
          if (calls === 1) throw new WilsonError('MEMORY_BUSY', 'small:1b needs memory that is not free now.');
          return standInModel('small:1b');
        },
      },
    });
    // An agent that fails is tried twice: only where the first attempt was not counted there is a third.
    const task = await rig.submit([{}, { fail: 'TESTS_FAILED' }, { summary: 'at last' }]);
    expect(await rig.over(task.id)).toMatchObject({ status: 'done', attempt: 3, summary: 'at last' });
    expect((await rig.store.workers.attemptsOf(task.id)).map(({ outcome }) => outcome)).toEqual([
      'interrupted',
      'retried',
      'done',
    ]);
    const told = (await rig.store.events.of(task.id, 0, 100)).filter(({ kind }) => kind === 'queued');
    expect(told.map(({ text }) => text)).toEqual(['small:1b needs memory that is not free now.']);
    // It is no news that a task waits, and nothing of a wilson that was ended.
    expect(rig.notices.map(({ kind }) => kind)).not.toContain('interrupted');
  });
});

describe('a task that is killed leaves no slot, no reservation and no model', () => {
  const choice: Chosen = {
    purpose: 'code',
    provider: 'ollama',
    model: 'big:14b',
    server: 'http://127.0.0.1:1',
    usedFallback: false,
    fallbackReason: null,
    load: { numCtx: 4_096, numThreads: null },
    temperature: 0,
    apiKeyEnv: null,
  };

  /** A server with one model, which is loaded when it is told to be. */
  function server() {
    const state = { isLoaded: false, asked: (): void => undefined, mayLoad: Promise.resolve() };
    const asked = new Promise<void>((resolve) => {
      state.asked = resolve;
    });
    const provider = {
      id: 'ollama',
      server: choice.server,
      loaded: async () =>
        state.isLoaded
          ? [{ name: choice.model, memoryBytes: 300 * 1_048_576, contextTokens: 4_096, expiresAt: 'later' }]
          : [],
      load: async (_model, _load, { signal }) => {
        state.asked();
        await Promise.race([
          state.mayLoad,
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new WilsonError('ABORTED', 'given up')), { once: true });
          }),
        ]);
        state.isLoaded = true;
        return { loadMs: 1 };
      },
      unload: async () => {
        state.isLoaded = false;
      },
    } as Partial<ModelProvider> as ModelProvider;
    return { provider, state, asked };
  }

  async function rigWith(options: { worker?: string; mayLoad?: Promise<void>; maxConcurrent?: number }) {
    const { provider, state, asked } = server();
    if (options.mayLoad !== undefined) state.mayLoad = options.mayLoad;
    let rig: Rig | null = null;
    const leasesOf = (one: Rig) =>
      createModelLeases({
        sessionId: one.sessionId,
        store: one.store.models,
        providerFor: () => provider,
        providerAt: () => provider,
        isSessionAlive: async () => true,
        clock: systemClock,
      });
    let leases: ReturnType<typeof createModelLeases> | null = null;
    rig = await startRig({
      ...(options.worker === undefined ? {} : { worker: options.worker }),
      maxConcurrent: options.maxConcurrent ?? 1,
      models: {
        need: async () => ({ ...needOf(100), model: { key: keyOf(choice), memoryMb: 300 } }),
        prepare: async (task, { signal }) => {
          if (rig === null) throw new Error('asked too early');
          leases ??= leasesOf(rig);
          const lease = await leases.acquire(choice, task.id, { signal, estimateMb: 300 });
          return { ...standInModel(choice.model), serverMemoryMb: lease.memoryMb, release: () => lease.release() };
        },
      },
    });
    onTestFinished(async () => leases?.close());
    return { rig, state, asked };
  }

  /** Nothing is counted at once; a model that may still arrive stays noted, at no cost, until it is known. */
  async function expectNothingLeft(rig: Rig, taskId: string): Promise<void> {
    expect(await rig.store.tasks.get(taskId)).toMatchObject({ status: 'cancelled', queuedSum: null });
    expect(await rig.store.workers.list()).toEqual([]);
    expect(await rig.store.workers.memoryUse()).toMatchObject({ chatsMb: 0, workersMb: 0, promisedMb: 0 });
    expect((await rig.store.workers.memoryUse()).models.every(({ memoryMb }) => memoryMb === 0)).toBe(true);
    expect(await rig.store.sessions.heldModels()).toEqual([]);
    await expect.poll(() => rig.store.models.list(), { timeout: 10_000 }).toEqual([]);
    await rig.supervisor.whenIdle();
  }

  it('while it is queued', async () => {
    const { rig } = await rigWith({});
    const first = await rig.submit({ never: true });
    await rig.until(isWorking(rig, first.id));
    const task = await rig.submit({});
    await rig.until(() => queuedNotice(rig, task.id) !== undefined);
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
    expect(await rig.store.tasks.get(task.id)).toMatchObject({ status: 'cancelled', attempt: 0 });
    expect((await rig.store.workers.list()).map(({ taskId }) => taskId)).toEqual([first.id]);
    expect((await rig.store.sessions.heldModels()).map(({ holder }) => holder)).toEqual([first.id]);
    await rig.supervisor.cancel(first.id);
    await expectNothingLeft(rig, first.id);
  });

  it('while it waits for memory', async () => {
    const { rig } = await rigWith({ maxConcurrent: 2 });
    await rig.store.sessions.setChatMemory(rig.sessionId, 3_800);
    const task = await rig.submit({});
    await rig.until(() => queuedNotice(rig, task.id) !== undefined);
    expect((await rig.store.tasks.get(task.id))?.queuedSum).toMatchObject({ needMb: 400, takenMb: 3_800 });
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
    await rig.store.sessions.setChatMemory(rig.sessionId, 0);
    await expectNothingLeft(rig, task.id);
  });

  it('while it starts', async () => {
    const { rig, state } = await rigWith({ worker: 'never-ready.mjs' });
    const task = await rig.submit({});
    await rig.until(() => (rig.supervisor.active()[0]?.pid ?? null) !== null);
    const worker = processIdentity(rig.supervisor.active()[0]?.pid ?? 0);
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
    expect(worker === null || isAlive(worker)).toBe(false);
    await expectNothingLeft(rig, task.id);
    expect(state.isLoaded).toBe(false);
  });

  it('while its model loads', async () => {
    const { rig, state, asked } = await rigWith({ mayLoad: new Promise(() => undefined) });
    const task = await rig.submit({});
    await asked;
    await rig.until(() => rig.supervisor.active()[0]?.phase === 'loading');
    expect(await rig.store.workers.memoryUse()).toMatchObject({ models: [{ memoryMb: 300 }] });
    const startedMs = performance.now();
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await expectNothingLeft(rig, task.id);
    expect(state.isLoaded).toBe(false);
  });

  it('while it works', async () => {
    const { rig, state } = await rigWith({});
    const task = await rig.submit({ never: true });
    await rig.until(isWorking(rig, task.id));
    expect(state.isLoaded).toBe(true);
    expect((await rig.store.models.list()).map(({ holders, memoryMb }) => ({ holders, memoryMb }))).toEqual([
      { holders: 1, memoryMb: 300 },
    ]);
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
    expect(state.isLoaded).toBe(false);
    await expectNothingLeft(rig, task.id);
  });
});
