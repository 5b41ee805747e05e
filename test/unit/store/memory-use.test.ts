import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { openDatabase } from '../../../src/store/database.js';
import { addedMb, type MemoryNeed, type MemoryUse, usedMb, withNeed } from '../../../src/store/memory-use.js';
import { ModelStore, modelKey } from '../../../src/store/model-store.js';
import { SessionStore } from '../../../src/store/session-store.js';
import { TaskStore } from '../../../src/store/task-store.js';
import { WorkerStore } from '../../../src/store/worker-store.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const names = ['a', 'b', 'c'];
const mb = fc.nat(1_000);
const need: fc.Arbitrary<MemoryNeed> = fc.record({
  processMb: mb,
  model: fc.option(fc.record({ key: fc.constantFrom(...names), memoryMb: mb })),
});
const use: fc.Arbitrary<MemoryUse> = fc.record({
  chatsMb: mb,
  workersMb: mb,
  promisedMb: mb,
  models: fc
    .uniqueArray(fc.constantFrom(...names))
    .chain((keys) => fc.tuple(...keys.map((key) => mb.map((memoryMb) => ({ key, memoryMb }))))),
});

describe('the sum', () => {
  it('grows by what a need adds, and a model in it is there once', () => {
    fc.assert(
      fc.property(use, need, (before, wanted) => {
        const after = withNeed(before, wanted);
        expect(usedMb(after)).toBe(usedMb(before) + addedMb(before, wanted));
        expect(after.promisedMb).toBe(before.promisedMb + addedMb(before, wanted));
        expect(new Set(after.models.map(({ key }) => key)).size).toBe(after.models.length);
        // The same model again costs only the worker.
        expect(addedMb(after, wanted)).toBe(wanted.processMb);
      }),
    );
  });
});

type Action =
  | { readonly do: 'claim' | 'resize'; readonly task: number; readonly need: MemoryNeed }
  | { readonly do: 'release'; readonly task: number }
  | { readonly do: 'measure'; readonly task: number; readonly percent: number };

const task = fc.nat(5);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constantFrom('claim' as const, 'claim' as const, 'resize' as const), task, need }),
  fc.record({ do: fc.constant('release' as const), task }),
  fc.record({ do: fc.constant('measure' as const), task, percent: fc.nat(100) }),
);
const maxMemoryMb = 2_000;
const chatMb = 300;

describe('whatever is claimed, resized and given back', () => {
  it('the ceiling holds, a shared model counts once, and at the end nothing is left', () => {
    const connection = openDatabase(tempFolder());
    if (connection === null) throw new Error('no database');
    onTestFinished(() => {
      connection.close();
    });
    connection.pragma('synchronous = OFF');
    const sessions = new SessionStore(connection, systemClock);
    const workers = new WorkerStore(connection, systemClock);
    const tasks = new TaskStore(connection, systemClock);
    const limits = { maxConcurrent: 4, maxMemoryMb, warnThresholdMb: maxMemoryMb };
    for (const id of ['s1', 's2']) sessions.begin({ id, kind: 'chat', folder: '/p', identity: ownIdentity(), limits });
    sessions.setChatMemory('s1', chatMb);

    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const ids = Array.from(
          { length: 6 },
          (_, index) =>
            tasks.submit({
              title: 't',
              description: 'd',
              type: 'code',
              folder: '/p',
              priority: 0,
              sessionId: index % 2 === 0 ? 's1' : 's2',
            }).id,
        );
        const held = new Map<string, { attempt: number; need: MemoryNeed; measuredMb: number }>();
        for (const one of actions) {
          const id = ids[one.task] ?? '';
          const mine = held.get(id);
          if (one.do === 'claim') {
            const owner = one.task % 2 === 0 ? 's1' : 's2';
            const request = { taskId: id, sessionId: owner, ownerToken: owner, maxConcurrent: 4, maxMemoryMb };
            const fits = addedMb(workers.memoryUse(), one.need) + usedMb(workers.memoryUse()) <= maxMemoryMb;
            const outcome = workers.claim({ ...request, need: one.need });
            if (outcome.claimed) held.set(id, { attempt: outcome.task.attempt, need: one.need, measuredMb: 0 });
            expect(outcome.claimed).toBe(fits && mine === undefined && held.size - (outcome.claimed ? 1 : 0) < 4);
          } else if (one.do === 'resize') {
            const done = workers.resize(id, mine?.attempt ?? 1, one.need, maxMemoryMb);
            if (done && mine !== undefined) held.set(id, { ...mine, need: one.need });
            if (mine === undefined) expect(done).toBe(false);
          } else if (one.do === 'measure') {
            if (mine === undefined) continue;
            const processMb = Math.floor((mine.need.processMb * one.percent) / 100);
            held.set(id, { ...mine, measuredMb: processMb });
            workers.setMemory(id, mine.attempt, { processMb, kind: 'pss', timeline: null });
          } else {
            expect(workers.release(id, mine?.attempt ?? 1)).toBe(mine !== undefined);
            held.delete(id);
            if (mine !== undefined) {
              tasks.requeue(id, mine.attempt, { runAtMs: 0, findings: [], interruption: 'none', error: null });
            }
          }
          const reserved = [...held.values()].map((each) => each.need);
          expect(chatMb + sumOf(reserved)).toBeLessThanOrEqual(maxMemoryMb);
          // A worker that took more before it was given less counts for what it took.
          const counted = [...held.values()].map((each) => ({
            ...each.need,
            processMb: Math.max(each.need.processMb, each.measuredMb),
          }));
          expect(usedMb(workers.memoryUse())).toBe(chatMb + sumOf(counted));
          expect(workers.memoryUse().promisedMb).toBeLessThanOrEqual(usedMb(workers.memoryUse()) - chatMb);
        }
        for (const [id, { attempt }] of held) expect(workers.release(id, attempt)).toBe(true);
        expect(workers.memoryUse()).toEqual({ chatsMb: chatMb, workersMb: 0, models: [], promisedMb: 0 });
        connection.exec("UPDATE tasks SET status = 'cancelled'");
      }),
      { numRuns: 60 },
    );
  });

  it('a model that the leases have loaded is not counted again for the worker that uses it', () => {
    const connection = openDatabase(tempFolder());
    if (connection === null) throw new Error('no database');
    onTestFinished(() => {
      connection.close();
    });
    const sessions = new SessionStore(connection, systemClock);
    const workers = new WorkerStore(connection, systemClock);
    const models = new ModelStore(connection, systemClock);
    const limits = { maxConcurrent: 4, maxMemoryMb, warnThresholdMb: maxMemoryMb };
    sessions.begin({ id: 's1', kind: 'chat', folder: '/p', identity: ownIdentity(), limits });
    const held = { provider: 'ollama', server: 'http://127.0.0.1:1', model: 'm:1b' } as const;
    const key = modelKey(held.provider, held.server, held.model);
    const request = {
      ...held,
      purpose: 'code',
      keepAlive: false,
      idleTimeoutS: 0,
      numCtx: 1,
      numThreads: null,
    } as const;
    models.acquire({ ...request, sessionId: 's1', holder: 'h', local: true, memoryMb: 1_500 });
    models.expect(key);
    expect(workers.memoryUse()).toMatchObject({ models: [{ key, memoryMb: 1_500 }], promisedMb: 1_500 });
    models.loaded(key, { ours: true, memoryMb: 1_400, numCtx: 1, loadMs: 1 });
    expect(workers.memoryUse()).toMatchObject({ models: [{ key, memoryMb: 1_400 }], promisedMb: 0 });
    const id = new TaskStore(connection, systemClock).submit({
      title: 't',
      description: 'd',
      type: 'code',
      folder: '/p',
      priority: 0,
      sessionId: 's1',
    }).id;
    const claim = { taskId: id, sessionId: 's1', ownerToken: 's1', maxConcurrent: 4, maxMemoryMb };
    expect(workers.claim({ ...claim, need: { processMb: 700, model: { key, memoryMb: 1_400 } } }).claimed).toBe(false);
    expect(workers.claim({ ...claim, need: { processMb: 600, model: { key, memoryMb: 1_400 } } }).claimed).toBe(true);
    expect(usedMb(workers.memoryUse())).toBe(2_000);
  });
});

/** What all of them take, by hand. */
function sumOf(needs: readonly MemoryNeed[]): number {
  const models = new Map<string, number>();
  for (const { model } of needs) {
    if (model !== null) models.set(model.key, Math.max(models.get(model.key) ?? 0, model.memoryMb));
  }
  return needs.reduce((sum, { processMb }) => sum + processMb, 0) + [...models.values()].reduce((a, b) => a + b, 0);
}
