import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { openDatabase, setDatabaseAside } from '../../../src/store/database.js';
import { EventStore } from '../../../src/store/event-store.js';
import { Store } from '../../../src/store/store.js';
import { tempFolder } from '../../helpers/temp-folder.js';

let nowMs = Date.parse('2026-01-01T00:00:00Z');
const clock = {
  now: () => {
    nowMs += 1;
    return nowMs;
  },
  monotonicMs: () => nowMs,
  after: () => ({ cancel: () => undefined }),
};

function openStore(folder = tempFolder()): Store {
  const store = Store.open(folder, clock);
  onTestFinished(() => store.close());
  return store;
}

function beginSession(store: Store, id: string): void {
  store.sessions.begin({
    id,
    kind: 'chat',
    folder: '/project',
    identity: ownIdentity(),
    limits: { maxConcurrent: 2, maxMemoryMb: 1_000, warnThresholdMb: 900 },
  });
}

function submit(store: Store, sessionId: string | null, priority = 0): string {
  return store.tasks.submit({ title: 't', description: 'd', type: 'code', folder: '/project', priority, sessionId }).id;
}

const claimOf = (taskId: string, sessionId = 's1') =>
  ({
    taskId,
    sessionId,
    ownerToken: sessionId,
    maxConcurrent: 2,
    need: { processMb: 100, model: null },
    maxMemoryMb: 1_000,
  }) as const;

describe('tasks', () => {
  it('are numbered per state folder, and an id is never used twice', () => {
    const store = openStore();
    expect([submit(store, null), submit(store, null)]).toEqual(['TASK-001', 'TASK-002']);
    expect(store.tasks.get('TASK-002')).toMatchObject({
      status: 'ready',
      agent: 'Code Agent',
      attempt: 0,
      dependsOn: [],
    });
    expect(store.tasks.list({ limit: 1 }).map((task) => task.id)).toEqual(['TASK-002']);
  });

  it('have used what their attempts have, each of which may say so again, also once it is over', () => {
    const store = openStore();
    beginSession(store, 's1');
    const id = submit(store, 's1');
    const used = (outputTokens: number) => ({ promptTokens: 0, outputTokens, loadMs: 0, generateMs: 0 });
    const tokens = (): number | undefined => store.tasks.get(id)?.usage.outputTokens;
    store.workers.claim(claimOf(id));
    store.tasks.setUsage(id, 1, used(5), 300);
    store.tasks.setUsage(id, 1, used(9), null);
    expect([tokens(), store.tasks.get(id)?.peakMb]).toEqual([9, 300]);
    store.tasks.requeue(id, 1, { runAtMs: 0, findings: [], interruption: 'none', error: null });
    store.workers.release(id, 1);
    store.workers.claim(claimOf(id));
    store.tasks.setUsage(id, 2, used(4), 200);
    expect([tokens(), store.tasks.get(id)?.peakMb]).toEqual([13, 300]);
    store.tasks.setUsage(id, 1, used(10), null);
    expect(tokens()).toBe(14);
    // No attempt, nothing used.
    store.tasks.setUsage(id, 3, used(99), null);
    expect(tokens()).toBe(14);
  });

  it('are claimed once, with a new fencing token, and their slot blocks a second claim', () => {
    const store = openStore();
    beginSession(store, 's1');
    const id = submit(store, 's1');
    const claim = store.workers.claim(claimOf(id));
    expect(claim).toMatchObject({ claimed: true, owner: 's1:TASK-001:1', task: { attempt: 1, status: 'assigned' } });
    expect(store.workers.claim(claimOf(id))).toEqual({ claimed: false, reason: 'taken' });
    // Back in the queue, but its old worker has not been seen dead: no second worker yet (I2).
    store.tasks.requeue(id, 1, { runAtMs: 0, findings: [], interruption: 'none', error: null });
    expect(store.workers.claim(claimOf(id))).toEqual({ claimed: false, reason: 'taken' });
    expect(store.workers.release(id, 1)).toBe(true);
    expect(store.workers.claim(claimOf(id))).toMatchObject({ claimed: true, task: { attempt: 2 } });
  });

  it('hear nothing from an attempt that is no longer theirs', () => {
    const store = openStore();
    beginSession(store, 's1');
    const id = submit(store, 's1');
    store.workers.claim(claimOf(id));
    store.tasks.requeue(id, 1, { runAtMs: 0, findings: ['f'], interruption: 'none', error: null });
    store.workers.release(id, 1);
    store.workers.claim(claimOf(id));
    const progress = { fraction: 0.5, basis: 'b', message: 'stale' };
    expect(store.tasks.setProgress(id, 1, progress)).toBe(false);
    expect(store.tasks.end(id, 1, { status: 'done', summary: 's', error: null })).toBe(false);
    expect(store.workers.release(id, 1)).toBe(false);
    expect(store.tasks.findings(id)).toEqual(['f']);
    expect(store.tasks.end(id, 2, { status: 'done', summary: 's', error: null })).toBe(true);
    expect(store.tasks.end(id, 2, { status: 'failed', summary: null, error: null })).toBe(false);
    expect(store.workers.attemptsOf(id).map((attempt) => attempt.outcome)).toEqual(['retried', 'done']);
  });

  it('are refused by the limits of workers and memory over all sessions', () => {
    const store = openStore();
    beginSession(store, 's1');
    beginSession(store, 's2');
    const ids = [submit(store, 's1'), submit(store, 's2'), submit(store, 's1')];
    expect(store.workers.claim({ ...claimOf(ids[0] ?? ''), need: { processMb: 700, model: null } }).claimed).toBe(true);
    expect(
      store.workers.claim({ ...claimOf(ids[1] ?? '', 's2'), need: { processMb: 700, model: null } }),
    ).toMatchObject({
      claimed: false,
      reason: 'memory',
      use: { workersMb: 700 },
    });
    expect(store.workers.claim(claimOf(ids[1] ?? '', 's2')).claimed).toBe(true);
    expect(store.workers.claim(claimOf(ids[2] ?? ''))).toEqual({ claimed: false, reason: 'max_concurrent', active: 2 });
  });

  it('run by priority, then age; those of a live session are nobody else’s', () => {
    const store = openStore();
    beginSession(store, 's1');
    beginSession(store, 's2');
    const [first, high, others, orphan] = [
      submit(store, 's1'),
      submit(store, 's1', 3),
      submit(store, 's2'),
      submit(store, null),
    ];
    const runnable = (id: string, adopt: boolean): string[] =>
      store.tasks.runnable({ id, folder: '/project', adopt }, 10).map((task) => task.id);
    expect(runnable('s1', true)).toEqual([high, first, orphan]);
    expect(runnable('s1', false)).toEqual([high, first]);
    store.sessions.end('s2');
    expect(runnable('s1', true)).toEqual([high, first, others, orphan]);
  });

  it('wait for those they depend on and for their time', () => {
    const folder = tempFolder();
    const store = openStore(folder);
    beginSession(store, 's1');
    const [first, second] = [submit(store, 's1'), submit(store, 's1')];
    const direct = new Database(join(folder, 'wilson.db'));
    direct.prepare('INSERT INTO dependencies VALUES (?, ?)').run(second, first);
    direct.close();
    const runnable = (): string[] =>
      store.tasks.runnable({ id: 's1', folder: '/project', adopt: false }, 10).map((task) => task.id);
    expect(runnable()).toEqual([first]);
    expect(store.tasks.get(second)?.dependsOn).toEqual([first]);
    store.workers.claim(claimOf(first));
    store.tasks.requeue(first, 1, { runAtMs: nowMs + 50, findings: [], interruption: 'none', error: null });
    store.workers.release(first, 1);
    expect(runnable()).toEqual([]);
    nowMs += 60;
    expect(runnable()).toEqual([first]);
    store.workers.claim(claimOf(first));
    store.tasks.end(first, 2, { status: 'done', summary: null, error: null });
    expect(runnable()).toEqual([second]);
  });

  it('are cancelled in the queue at once, when active only by their parent, and over only once', () => {
    const store = openStore();
    beginSession(store, 's1');
    const [queued, active] = [submit(store, 's1'), submit(store, 's1')];
    expect(store.tasks.cancelQueued(queued)).toBe('cancelled');
    expect(store.tasks.cancelQueued(queued)).toBe('over');
    expect(store.tasks.cancelQueued('TASK-077')).toBe('unknown');
    store.workers.claim(claimOf(active));
    expect(store.tasks.cancelQueued(active)).toBe('active');
    expect(store.tasks.cancelActive(active, 1)).toBe(true);
    expect(store.families.retry(active)).toBe(true);
    expect(store.tasks.get(active)).toMatchObject({ status: 'ready', error: null, endedAt: null });
  });
});

describe('events', () => {
  it('are cut where one is too long and capped per task, and say so', () => {
    const connection = openDatabase(tempFolder());
    if (connection === null) throw new Error('no database');
    onTestFinished(() => void connection.close());
    const events = new EventStore(connection, clock, { eventsPerTask: 3, textChars: 10 });
    const append = (text: string, kind = 'log'): void =>
      events.append({ taskId: 'TASK-001', sessionId: null, level: 'info', kind, text });
    for (const text of ['x'.repeat(25), 'b', 'c', 'd', 'e']) append(text);
    append('the end', 'done');
    expect(events.of('TASK-001', 0, 10).map((event) => event.text)).toEqual([
      `${'x'.repeat(10)} … (15 more characters)`,
      'b',
      'c',
      'The log of TASK-001 is full (3 lines); the rest is dropped.',
      'the end',
    ]);
  });
});

describe('messages', () => {
  it('go on in the folder where they were said', () => {
    const store = openStore();
    for (const content of ['one', 'two', 'three'])
      store.messages.append({ role: 'user', content, by: 'model', folder: '/a', sessionId: null });
    store.messages.append({ role: 'user', content: 'elsewhere', by: 'program', folder: '/b', sessionId: null });
    expect(store.messages.last('/a', 2).map((message) => message.content)).toEqual(['two', 'three']);
  });
});

describe('the database file', () => {
  it('that is newer is refused and left as it is', () => {
    const folder = tempFolder();
    openStore(folder);
    const direct = new Database(join(folder, 'wilson.db'));
    direct.pragma('user_version = 99');
    direct.close();
    expect(() => Store.open(folder, clock)).toThrowError(expect.objectContaining({ code: 'STORE_NEWER' }));
    const again = new Database(join(folder, 'wilson.db'));
    expect(again.pragma('user_version', { simple: true })).toBe(99);
    again.close();
  });

  it('that is damaged is refused, and set aside byte for byte', () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'wilson.db'), 'this is not a database, but it is longer than nothing at all');
    expect(() => Store.open(folder, clock)).toThrowError(expect.objectContaining({ code: 'STORE_DAMAGED' }));
    const aside = setDatabaseAside(folder, new Date(0));
    expect(readFileSync(aside, 'utf8')).toMatch(/^this is not a database/);
    expect(existsSync(join(folder, 'wilson.db'))).toBe(false);
    openStore(folder);
  });

  it('that is a folder cannot be opened, and the error says which', () => {
    const folder = tempFolder();
    expect(() => Store.open(join(folder, 'nowhere'), clock)).toThrowError(/nowhere/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is not created by commands that only look', () => {
    const folder = tempFolder();
    expect(Store.openExisting(folder, clock)).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that another process has locked makes a writer wait, then say so', () => {
    const folder = tempFolder();
    openStore(folder);
    const other = new Database(join(folder, 'wilson.db'));
    other.exec('BEGIN IMMEDIATE');
    const store = Store.open(folder, clock, { busyTimeoutMs: 20 });
    onTestFinished(() => store.close());
    expect(() => submit(store, null)).toThrowError(/locked|busy/);
    expect(store.tasks.list({ limit: 5 })).toEqual([]);
    other.exec('ROLLBACK');
    other.close();
    expect(submit(store, null)).toBe('TASK-001');
  });
});
