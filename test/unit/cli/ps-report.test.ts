import { describe, expect, it, onTestFinished } from 'vitest';
import { psReport } from '../../../src/cli/ps-report.js';
import { systemClock } from '../../../src/clock.js';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { readPss } from '../../../src/platform/process-memory.js';
import { usedMb } from '../../../src/store/memory-use.js';
import { modelKey } from '../../../src/store/model-store.js';
import { Store } from '../../../src/store/store.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const limits = { maxConcurrent: 8, maxMemoryMb: 16_384, warnThresholdMb: 14_336 };
const here = 'http://127.0.0.1:11434';
const elsewhere = 'http://10.255.255.1:11434';

/** A state folder with one live wilson, and what there may be in it. */
function rig() {
  const store = Store.open(tempFolder(), systemClock);
  onTestFinished(() => store.close());
  const session = { id: 'live', kind: 'chat', folder: '/project', identity: ownIdentity(), limits } as const;
  store.sessions.begin(session);
  const task = (): string =>
    store.tasks.submit({
      title: 't',
      description: 'd',
      type: 'code',
      folder: '/project',
      priority: 0,
      sessionId: 'live',
    }).id;
  return {
    store,
    session,
    task,
    worker: (reservedMb: number, processMb: number | null, model: { key: string; memoryMb: number } | null = null) => {
      const taskId = task();
      const need = { processMb: reservedMb, model };
      const claim = { taskId, sessionId: 'live', ownerToken: 'live', maxConcurrent: 8, need, maxMemoryMb: 100_000 };
      expect(store.workers.claim(claim).claimed).toBe(true);
      if (processMb !== null) store.workers.setMemory(taskId, 1, { processMb, kind: 'pss', timeline: null });
      return taskId;
    },
    hold: (holder: string, model: string, own: { server?: string; memoryMb?: number; sessionId?: string } = {}) => {
      const { server = here, memoryMb = 0, sessionId = 'live' } = own;
      store.models.acquire({
        sessionId,
        holder,
        provider: 'ollama',
        server,
        model,
        purpose: holder === 'chat' ? 'chat' : 'code',
        keepAlive: holder === 'chat',
        idleTimeoutS: 60,
        numCtx: 4_096,
        numThreads: null,
        local: server === here,
        memoryMb,
      });
      return modelKey('ollama', server, model);
    },
    loaded: (key: string, memoryMb: number, ours = true) =>
      store.models.loaded(key, { ours, memoryMb, numCtx: 4_096, loadMs: 1 }),
    engine: (sessionId: string, chatMb: number, memoryMb: number | null) => {
      store.sessions.setChatMemory(sessionId, chatMb);
      store.sessions.holdModel({
        sessionId,
        holder: 'chat',
        provider: 'llamacpp',
        server: 'embedded',
        model: 'qwen2.5-coder:0.5b',
        purpose: 'chat',
        memoryMb,
        contextTokens: 4_096,
        keepAlive: true,
        ours: true,
      });
    },
    report: () => psReport(store, () => limits, systemClock.now()),
  };
}

const ownMb = async (): Promise<number> => Math.round(((await readPss(process.pid)) ?? 0) / 1_048_576);

describe('psReport', () => {
  it('adds up to what the claims count, and the wilson process itself: nothing twice, nothing left out', async () => {
    const { store, worker, hold, loaded, engine, report } = rig();
    engine('live', 1_000, 700);
    const big = hold('TASK-001', 'big:14b', { memoryMb: 9_310 });
    loaded(big, 9_000);
    hold('TASK-002', 'big:14b');
    hold('TASK-003', 'other:1b', { memoryMb: 500 });
    const idle = hold('gone', 'idle:1b');
    loaded(idle, 400);
    store.models.release('live', 'gone', idle);
    worker(200, 120, { key: big, memoryMb: 9_310 });
    worker(200, null, { key: big, memoryMb: 9_310 });
    worker(200, 260, { key: modelKey('ollama', here, 'other:1b'), memoryMb: 500 });

    const { totals, models } = await report();
    expect(totals).toMatchObject({
      modelMb: 700 + 9_000 + 400,
      // The chat, the model that loads with more than it was expected, two workers, and the model that is to come.
      reservedMb: 300 + 310 + 80 + 200 + 500,
      activeWorkers: 3,
    });
    const together = totals.processMb + totals.modelMb + totals.reservedMb;
    const parentMb = totals.processMb - 120 - 260;
    expect(Math.abs(parentMb - (await ownMb()))).toBeLessThan(60);
    expect(together - parentMb).toBe(usedMb(store.workers.memoryUse()));
    expect(models.map(({ name, holders, memoryMb }) => ({ name, holders, memoryMb }))).toEqual([
      { name: 'qwen2.5-coder:0.5b', holders: ['chat'], memoryMb: 700 },
      { name: 'big:14b', holders: ['TASK-001', 'TASK-002'], memoryMb: 9_000 },
      { name: 'other:1b', holders: ['TASK-003'], memoryMb: null },
      { name: 'idle:1b', holders: [], memoryMb: 400 },
    ]);
  });

  it('shows models of another machine, and those that another program has loaded, without counting them', async () => {
    const { store, hold, loaded, report } = rig();
    loaded(hold('TASK-001', 'far:70b', { server: elsewhere }), 40_000);
    loaded(hold('TASK-002', 'theirs:7b'), 5_000, false);
    const { totals, models } = await report();
    expect(models.map(({ name, memoryMb, ours }) => ({ name, memoryMb, ours }))).toEqual([
      { name: 'far:70b', memoryMb: 40_000, ours: true },
      { name: 'theirs:7b', memoryMb: 5_000, ours: false },
    ]);
    expect(totals).toMatchObject({ modelMb: 0, reservedMb: 0 });
    expect(usedMb(store.workers.memoryUse())).toBe(0);
  });

  it('does not say of a model that loads that another program has loaded it', async () => {
    const { hold, report } = rig();
    hold('TASK-001', 'big:14b', { memoryMb: 9_310 });
    const { models, totals } = await report();
    expect(models).toMatchObject([{ name: 'big:14b', ours: true, memoryMb: null }]);
    expect(totals).toMatchObject({ modelMb: 0, reservedMb: 9_310 });
  });

  it('counts an embedded model with the worker that it is in', async () => {
    const { store, worker, report } = rig();
    const taskId = worker(700, 650);
    store.sessions.holdModel({
      sessionId: 'live',
      holder: taskId,
      provider: 'llamacpp',
      server: 'embedded',
      model: 'qwen2.5-coder:0.5b',
      purpose: 'code',
      memoryMb: null,
      contextTokens: 4_096,
      keepAlive: false,
      ours: true,
    });
    const { totals, models } = await report();
    expect(models).toMatchObject([{ name: 'qwen2.5-coder:0.5b', holders: [taskId], memoryMb: null }]);
    expect(totals).toMatchObject({ modelMb: 0, reservedMb: 50 });
  });

  it('counts nothing of a wilson that is dead, or of what nobody alive looks after', async () => {
    const { store, session, hold, loaded, engine, report } = rig();
    const dead = { ...session, id: 'dead', identity: { ...ownIdentity(), startTime: '1' } };
    store.sessions.begin(dead);
    engine('dead', 2_000, 1_500);
    loaded(hold('TASK-009', 'orphan:7b', { sessionId: 'dead' }), 5_000);
    const beside = await report();
    // It lies in the server's memory still, as far as is known; a live wilson takes it away soon.
    expect(beside.models.map(({ name, holders }) => ({ name, holders }))).toEqual([{ name: 'orphan:7b', holders: [] }]);
    expect(beside.totals).toMatchObject({ modelMb: 5_000, reservedMb: 0 });
    store.sessions.end('live');
    const alone = await report();
    expect(alone.models).toEqual([]);
    expect(alone.totals).toMatchObject({ processMb: 0, modelMb: 0, reservedMb: 0 });
  });

  it('gives the sum with each task that waits for memory', async () => {
    const { store, task, report } = rig();
    const [one, two, three] = [task(), task(), task()];
    const sum = { needMb: 600, takenMb: 600, ceilingMb: 1_000, availableMb: null };
    store.tasks.setQueuedReasons([
      { taskId: one, reason: 'memory', detail: 'needs 600 MB', sum },
      { taskId: two, reason: 'memory', detail: `waits behind ${one}, which waits for memory` },
    ]);
    expect((await report()).queued).toEqual([
      { task: one, reason: 'memory', detail: 'needs 600 MB', sum },
      { task: two, reason: 'memory', detail: `waits behind ${one}, which waits for memory`, sum: null },
      { task: three, reason: 'waiting', detail: '', sum: null },
    ]);
  });

  it('says for which wilson a task waits that nobody alive will run', async () => {
    const { store, session, task, report } = rig();
    const ask = (folder: string, sessionId: string | null): string =>
      store.tasks.submit({ title: 't', description: 'd', type: 'code', folder, priority: 0, sessionId }).id;
    const dead = { ...ownIdentity(), startTime: '1' };
    store.sessions.begin({ ...session, id: 'dead', folder: '/other', identity: dead });
    store.sessions.begin({ ...session, id: 'run', kind: 'run', folder: '/third' });
    const own = task();
    const [here, other, left, third] = [
      ask('/project', null),
      ask('/other', 'dead'),
      ask('/other', null),
      ask('/third', null),
    ];
    const runs = ask('/third', 'run');
    // Why it waited in a wilson that is gone says nothing any more.
    store.tasks.setQueuedReasons([{ taskId: other, reason: 'max_concurrent', detail: '2 workers active' }]);
    const byTask = new Map((await report()).queued.map(({ task: id, reason, detail }) => [id, `${reason}: ${detail}`]));
    expect([own, here, runs].map((id) => byTask.get(id))).toEqual(['waiting: ', 'waiting: ', 'waiting: ']);
    expect([other, left].map((id) => byTask.get(id))).toEqual(
      Array(2).fill('no_session: waits for a wilson in /other'),
    );
    expect(byTask.get(third)).toBe('no_session: waits for a wilson in /third');
  });
});
