import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { isOwing } from '../../../src/store/end-store.js';
import { migration0001 } from '../../../src/store/migrations/0001-tasks.js';
import { migration0002 } from '../../../src/store/migrations/0002-models.js';
import { migration0003 } from '../../../src/store/migrations/0003-families.js';
import { migration0004 } from '../../../src/store/migrations/0004-superseded.js';
import { Store } from '../../../src/store/store.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const all = { notices: true };
const ending = { summary: null, error: null };

function openStore(state = tempFolder()): Store {
  const store = Store.open(state, systemClock);
  onTestFinished(() => store.close());
  return store;
}

function begin(store: Store, id: string): void {
  const limits = { maxConcurrent: 9, maxMemoryMb: 1_000, warnThresholdMb: 900 };
  store.sessions.begin({ id, kind: 'chat', folder: '/p', identity: ownIdentity(), limits });
}

/** A task of a session that has an attempt and is over with it. */
function ended(store: Store, sessionId: string, status: 'done' | 'failed' | 'cancelled', folder = '/p'): string {
  const { id } = store.tasks.submit({ title: 't', description: 'd', type: 'code', folder, priority: 0, sessionId });
  store.tasks.end(id, claim(store, id, sessionId), { ...ending, status });
  return id;
}

function claim(store: Store, taskId: string, sessionId: string): number {
  const limits = { maxConcurrent: 9, maxMemoryMb: 1_000 };
  const need = { processMb: 1, model: null };
  const outcome = store.workers.claim({ taskId, sessionId, ownerToken: sessionId, need, ...limits });
  if (!outcome.claimed) throw new Error(outcome.reason);
  store.workers.release(taskId, outcome.task.attempt);
  return outcome.task.attempt;
}

describe('what is owed after an end', () => {
  it('is for the session of the task, then for the first of the folder that adopts it', () => {
    const store = openStore();
    for (const id of ['s1', 's2', 's3']) begin(store, id);
    const done = ended(store, 's1', 'done');
    const failed = ended(store, 's1', 'failed');
    ended(store, 's1', 'cancelled');
    ended(store, 's1', 'done', '/elsewhere');
    expect(store.ends.adopt('s2', '/p', all)).toEqual([]);
    store.sessions.end('s1');
    expect(store.ends.adopt('s2', '/p', all)).toEqual([
      { id: done, isSettled: false },
      { id: failed, isSettled: false },
    ]);
    expect(store.ends.adopt('s3', '/p', all)).toEqual([]);
    store.ends.told(done, 1);
    store.sessions.end('s2');
    expect(store.ends.adopt('s3', '/p', all)).toEqual([{ id: failed, isSettled: false }]);
  });

  it('is the notice alone once the result is dealt with', () => {
    const store = openStore();
    for (const id of ['s1', 's2', 's3']) begin(store, id);
    const applied = ended(store, 's1', 'done');
    const left = ended(store, 's1', 'done');
    store.ends.applied(applied);
    store.ends.settled(left, 1);
    store.sessions.end('s1');
    expect(store.ends.adopt('s2', '/p', { notices: false })).toEqual([]);
    expect(store.ends.adopt('s2', '/p', all)).toEqual([
      { id: applied, isSettled: true },
      { id: left, isSettled: true },
    ]);
    expect(store.tasks.outcomeOf(applied)).toBe('applied');
  });

  it('is owed anew after a retry, whatever comes late of the try before', () => {
    const store = openStore();
    begin(store, 's1');
    begin(store, 's2');
    const id = ended(store, 's1', 'failed');
    store.ends.told(id, 1);
    expect(store.families.retry(id)).toBe(true);
    store.ends.told(id, 1);
    store.tasks.end(id, claim(store, id, 's1'), { ...ending, status: 'done' });
    store.ends.told(id, 1);
    store.ends.settled(id, 1);
    store.sessions.end('s1');
    expect(store.ends.adopt('s2', '/p', all)).toEqual([{ id, isSettled: false }]);
  });

  it('is nothing once people have decided about the result, unless the task runs again', () => {
    const store = openStore();
    begin(store, 's1');
    begin(store, 's2');
    const id = ended(store, 's1', 'failed');
    store.tasks.setOutcome(id, 'applied');
    store.sessions.end('s1');
    expect(store.ends.adopt('s2', '/p', all)).toEqual([]);
    store.families.retry(id);
    const attempt = claim(store, id, 's2');
    store.tasks.setOutcome(id, null);
    store.tasks.end(id, attempt, { ...ending, status: 'done' });
    store.sessions.end('s2');
    begin(store, 's3');
    expect(store.ends.adopt('s3', '/p', all)).toEqual([{ id, isSettled: false }]);
  });

  it('is found by its index, however many tasks there are', () => {
    const state = tempFolder();
    const store = openStore(state);
    begin(store, 's1');
    store.ends.adopt('s1', '/p', all);
    const direct = new Database(join(state, 'wilson.db'));
    onTestFinished(() => void direct.close());
    const plan = direct
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN SELECT 1 FROM tasks WHERE folder = '/p' AND ${isOwing}`)
      .all();
    expect(plan.map(({ detail }) => detail).join()).toContain('tasks_owing');
  });
});

it('an older database is brought up to date: ends of long ago owe nothing, those to come do', () => {
  const state = tempFolder();
  const old = new Database(join(state, 'wilson.db'));
  for (const sql of [migration0001, migration0002, migration0003, migration0004]) old.exec(sql);
  old.exec(`
    INSERT INTO tasks (id, title, description, type, status, folder, agent, created_at) VALUES
      ('TASK-001', 't', 'd', 'code', 'done', '/p', 'Code Agent', ''),
      ('TASK-002', 't', 'd', 'code', 'failed', '/p', 'Code Agent', ''),
      ('TASK-003', 't', 'd', 'code', 'ready', '/p', 'Code Agent', '')`);
  old.pragma('user_version = 4');
  old.close();
  const store = openStore(state);
  begin(store, 's1');
  begin(store, 's2');
  expect(store.ends.adopt('s1', '/p', all)).toEqual([]);
  store.tasks.end('TASK-003', claim(store, 'TASK-003', 's1'), { ...ending, status: 'done' });
  store.sessions.end('s1');
  expect(store.ends.adopt('s2', '/p', all)).toEqual([{ id: 'TASK-003', isSettled: false }]);
});
