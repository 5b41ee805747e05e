import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { WilsonError } from '../../../src/errors.js';
import { nullLog } from '../../../src/log.js';
import { asyncStore } from '../../../src/store/async-store.js';
import type { StoreThread } from '../../../src/store/store-thread.js';
import { TaskFamilies } from '../../../src/supervisor/task-families.js';
import type { Task, TaskStatus } from '../../../src/task/task.js';
import { plannedFamily } from '../../helpers/family-rig.js';

type Families = StoreThread['families'];

/** The families of a planned task, over a real store in which `faults` replace what they name. */
function familiesOf(faults: (families: Families) => Partial<Families> = () => ({})) {
  const rig = plannedFamily();
  onTestFinished(() => rig.store.close());
  const store = asyncStore(rig.store);
  const over: [string, TaskStatus][] = [];
  const tracked: string[] = [];
  const replaced = faults(store.families);
  const families = new Proxy(store.families, {
    get: (target, name) => Reflect.get(name in replaced ? replaced : target, name) as unknown,
  });
  const made = new TaskFamilies({
    store: { ...store, families } as unknown as StoreThread,
    session: { id: 's1', kind: 'chat', folder: '/project' } as never,
    clock: systemClock,
    log: nullLog,
    verification: { verify: () => Promise.resolve({ checks: [], artifacts: [] }) },
    workspaces: { patch: () => Promise.resolve({ patch: '', files: [] }), discard: () => Promise.resolve() } as never,
    ledger: { record: () => Promise.resolve(), say: () => undefined } as never,
    over: (taskId, status) => {
      over.push([taskId, status]);
      return Promise.resolve();
    },
    track: (taskId) => void tracked.push(taskId),
    stop: () => undefined,
  });
  return { rig, made, over, tracked };
}

function finishAll({ rig }: ReturnType<typeof familiesOf>): void {
  const workspace = { taskId: 'TASK-001', root: '/w', folder: '/project' };
  rig.store.tasks.setWorkspace('TASK-001', workspace as never);
  const { families, tasks } = rig.store;
  families.toReview('TASK-002', rig.claim('TASK-002').attempt, { checks: [], artifacts: [], summary: '' }, 's1');
  families.reconcile('TASK-001');
  tasks.end('TASK-003', rig.claim('TASK-003').attempt, { status: 'done', summary: '', error: null });
  const review = { verdict: 'approved', findings: [], summary: '' } as const;
  families.verdict('TASK-004', rig.claim('TASK-004').attempt, review, { maxAttempts: 3, diffBytes: 9 });
}

it('a parent is finished although the store is locked in that moment', async () => {
  let busy = 2;
  const family = familiesOf((families) => ({
    beginFinish: (...args) => {
      busy -= 1;
      return busy < 0
        ? families.beginFinish(...args)
        : Promise.reject(new WilsonError('STORE_BUSY', 'The database is locked.'));
    },
  }));
  finishAll(family);
  await family.made.goOn('TASK-001');
  await expect.poll(() => family.over, { timeout: 10_000 }).toEqual([['TASK-001', 'done']]);
  expect(family.made.isBusy).toBe(false);
});

it('a parent that is finished here is ours from then on, so that its end is told', async () => {
  const family = familiesOf();
  finishAll(family);
  await family.made.goOn('TASK-001');
  await expect.poll(() => family.over, { timeout: 10_000 }).toEqual([['TASK-001', 'done']]);
  expect(family.tracked).toContain('TASK-001');
});

it('what a worker is told stays bounded, however much others have left and asked', async () => {
  const family = familiesOf();
  const { store } = family.rig;
  const { attempt } = family.rig.claim('TASK-002');
  const left = { checks: [], artifacts: [], summary: 's'.repeat(100_000) };
  store.families.toReview('TASK-002', attempt, left, 's1');
  for (let at = 0; at < 60; at += 1) {
    store.families.say('TASK-003', null, 'question', `question ${at}`);
    store.families.say(null, 'TASK-003', 'answer', `answer ${at}`);
  }
  const test = store.tasks.get('TASK-003') as Task;
  const { handover } = await family.made.brief(test);
  expect(handover[0]?.text.length).toBeLessThan(4_100);
  expect(handover).toHaveLength(41);
  // The newest are kept: they are what the task waits for.
  expect(handover.at(-1)).toEqual({ from: 'user', text: 'answer 59' });
});

it('a part is told what it is a part of, unless it says so itself or judges the work', async () => {
  const family = familiesOf();
  const brief = async (id: string) => (await family.made.brief(family.rig.store.tasks.get(id) as Task)).partOf;
  expect(await brief('TASK-001')).toBeNull();
  expect(await brief('TASK-002')).toBe('Build a todo app with tests');
  expect(await brief('TASK-004')).toBeNull();
});
