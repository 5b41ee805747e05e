import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAlive, processIdentity } from '../../src/platform/process-identity.js';
import { needOf } from '../helpers/stand-in-model.js';
import { startRig } from '../helpers/supervisor-rig.js';
import { tempFolder } from '../helpers/temp-folder.js';

describe('a task', () => {
  it('gets an id at once and ends done after its worker is gone', async () => {
    const rig = await startRig();
    const task = await rig.submit({ summary: 'wrote it', afterMs: 20, progress: 'writing a.txt' });
    expect(task.id).toBe('TASK-001');
    expect(task.status).toBe('ready');
    await rig.until(() => rig.supervisor.active()[0]?.phase === 'working');
    const pid = rig.supervisor.active()[0]?.pid ?? 0;
    const worker = processIdentity(pid);
    const ended = await rig.over(task.id);
    expect(ended).toMatchObject({
      status: 'done',
      attempt: 1,
      summary: 'wrote it',
      modelUsed: 'test:latest',
      error: null,
    });
    expect(ended.usage.outputTokens).toBe(5);
    expect(worker === null || isAlive(worker)).toBe(false);
    expect(rig.heldModels()).toBe(0);
  });

  it('is never run by more workers than the limit, each in a process of its own, in the order of the queue', async () => {
    const rig = await startRig({ maxConcurrent: 2 });
    const pids = new Set<number>();
    let most = 0;
    rig.supervisor.onChange(() => {
      const active = rig.supervisor.active().filter((one) => one.pid !== null);
      most = Math.max(most, active.length);
      for (const one of active) if (one.pid !== null) pids.add(one.pid);
    });
    const tasks = [];
    for (let i = 0; i < 8; i += 1) tasks.push(await rig.submit({ afterMs: 30 }));
    const ended = await Promise.all(tasks.map((task) => rig.over(task.id)));
    expect(ended.map((task) => task.status)).toEqual(Array(8).fill('done'));
    expect(most).toBe(2);
    expect(pids.size).toBe(8);
    expect(rig.notices.filter((notice) => notice.kind === 'queued')[0]?.text).toMatch(/2 workers active, max capacity/);
    const starts = ended.map((task) => task.startedAt ?? '');
    expect([...starts].sort()).toEqual(starts);
  });

  it.runIf(process.platform === 'linux')(
    'runs with every thread of its worker at low priority, however late that is set',
    async () => {
      const rig = await startRig();
      const task = await rig.submit({ never: true });
      // The parent is busy while the worker starts: its threads are there before it is told.
      await rig.until(() => rig.supervisor.active().some(({ pid }) => pid !== null));
      const busyUntil = performance.now() + 400;
      while (performance.now() < busyUntil);
      await rig.until(() => rig.supervisor.active()[0]?.phase === 'working');
      const pid = rig.supervisor.active()[0]?.pid;
      const threads = readdirSync(`/proc/${pid}/task`).map((id) =>
        readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8'),
      );
      const nices = threads.map((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
      expect(nices.length).toBeGreaterThan(4);
      expect(new Set(nices)).toEqual(new Set(['19']));
      await rig.supervisor.cancel(task.id);
    },
  );

  it('of higher priority runs before older ones', async () => {
    const rig = await startRig({ maxConcurrent: 1 });
    const first = await rig.submit({ never: true });
    await rig.until(() => rig.supervisor.active()[0]?.phase === 'working');
    const low = await rig.submit({});
    const high = await rig.submit({}, 5);
    await rig.supervisor.cancel(first.id);
    const [lowEnd, highEnd] = await Promise.all([rig.over(low.id), rig.over(high.id)]);
    expect(Date.parse(highEnd.startedAt ?? '')).toBeLessThan(Date.parse(lowEnd.startedAt ?? ''));
  });

  it.each([
    ['aborts', { signal: 'SIGABRT' }, /SIGABRT/],
    ['leaves early', { exit: 7 }, /exit code 7/],
  ])('whose worker %s is tried again by fresh ones, three times in all', async (_name, script, message) => {
    const rig = await startRig();
    const other = await rig.submit({ afterMs: 50 });
    const task = await rig.submit([script, script, script]);
    const ended = await rig.over(task.id);
    expect(ended).toMatchObject({ status: 'failed', attempt: 3, error: { code: 'WORKER_CRASHED' } });
    expect(ended.error?.message).toMatch(message);
    expect((await rig.over(other.id)).status).toBe('done');
    const attempts = await rig.store.workers.attemptsOf(task.id);
    expect(new Set(attempts.map((attempt) => attempt.pid)).size).toBe(3);
  });

  it('that fails once is done at the second attempt, with the findings of the first', async () => {
    const rig = await startRig();
    const task = await rig.submit([{ fail: 'TESTS_FAILED' }, { findings: true, summary: 'better' }]);
    expect(await rig.over(task.id)).toMatchObject({ status: 'done', attempt: 2, summary: 'better' });
    const events = await rig.store.events.of(task.id, 0, 100);
    expect(events.map((event) => event.text)).toContain('findings: as told');
  });

  it('is not done on the word of its worker', async () => {
    const rig = await startRig({
      verification: {
        verify: () =>
          Promise.resolve({
            checks: [{ check: 'files_changed', passed: false, evidence: { detail: 'nothing was changed' } }],
            artifacts: [],
          }),
      },
    });
    const task = await rig.submit({ summary: 'all done!' });
    const ended = await rig.over(task.id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'NOT_VERIFIED' } });
    expect(ended.error?.message).toMatch(/claimed, not verified: .*nothing was changed/);
  });

  it.each([
    ['sends what is not of the protocol', { garbage: true, never: true }, 'PROTOCOL_ERROR'],
    ['floods the channel', { flood: true, never: true }, 'PROTOCOL_FLOOD'],
  ])('whose worker %s fails, and the supervisor goes on', async (_name, script, code) => {
    const rig = await startRig();
    const task = await rig.submit(script);
    expect(await rig.over(task.id)).toMatchObject({ status: 'failed', attempt: 2, error: { code } });
    expect((await rig.over((await rig.submit({})).id)).status).toBe('done');
  });

  it('whose worker never becomes ready fails at the deadline', async () => {
    const rig = await startRig({ worker: 'never-ready.mjs', limits: { startMs: 200 } });
    const task = await rig.submit({});
    expect(await rig.over(task.id)).toMatchObject({ status: 'failed', error: { code: 'WORKER_NOT_READY' } });
  });

  it('whose worker is silent is taken for hung after so many checks, not before', async () => {
    const rig = await startRig({ limits: { checkEveryMs: 50, silentChecks: 4 } });
    const task = await rig.submit({ busy: true });
    expect(await rig.over(task.id)).toMatchObject({ status: 'failed', attempt: 2, error: { code: 'WORKER_HUNG' } });
  });

  it('waits for memory with the sum, and is refused when it can never fit', async () => {
    const rig = await startRig({
      maxMemoryMb: 1_000,
      models: { need: (task) => Promise.resolve(needOf(task.priority === 9 ? 2_000 : 600)) },
    });
    const first = await rig.submit({ never: true });
    await rig.until(() => rig.supervisor.active().length === 1);
    const second = await rig.submit({});
    await rig.until(() => rig.notices.some((notice) => notice.kind === 'queued'));
    expect(rig.notices.find((notice) => notice.kind === 'queued')?.text).toBe(
      `${second.id} is queued: needs 600 MB (worker 600 MB); 600 MB of 1,000 MB are taken`,
    );
    const never = await rig.submit({}, 9);
    expect(await rig.over(never.id)).toMatchObject({ status: 'failed', error: { code: 'MEMORY_NEVER_FITS' } });
    await rig.supervisor.cancel(first.id);
    expect((await rig.over(second.id)).status).toBe('done');
  });

  it.each([
    ['empty', '  '],
    ['binary', 'a\0b'],
    ['of 1 MB', 'x'.repeat(1_048_576)],
  ])('with a request that is %s is refused and leaves nothing', async (_name, description) => {
    const rig = await startRig();
    const submitted = rig.supervisor.submit({ title: 't', description, type: 'code', folder: rig.folder });
    await expect(submitted).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await rig.supervisor.tasks(10)).toEqual([]);
  });
});

describe('cancel', () => {
  it.each([
    ['busy', { busy: true }],
    ['deaf', { ignoreSigterm: true, never: true }],
    ['parent of a child', { child: 'child', never: true }],
    ['parent of a child in a session of its own', { child: 'setsid', never: true }],
  ])('ends a worker that is %s, with all it started, within two seconds', async (_name, script) => {
    const rig = await startRig();
    const task = await rig.submit(script);
    await rig.until(() => rig.supervisor.active()[0]?.phase === 'working');
    if ('child' in script) await logged(rig, task.id, /^child \d+/);
    const children = (await rig.store.events.of(task.id, 0, 100)).map((event) => /^child (\d+)/.exec(event.text)?.[1]);
    const started = performance.now();
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
    expect(performance.now() - started).toBeLessThan(2_000);
    for (const pid of children) if (pid !== undefined) expect(processIdentity(Number(pid))).toBeNull();
    expect(await rig.store.tasks.get(task.id)).toMatchObject({ status: 'cancelled' });
    expect((await rig.supervisor.cancel(task.id)).result).toBe('over');
  });

  it('ends a stopped worker', async () => {
    const rig = await startRig();
    const task = await rig.submit({ never: true });
    await rig.until(() => rig.supervisor.active()[0]?.phase === 'working');
    process.kill(rig.supervisor.active()[0]?.pid ?? 0, 'SIGSTOP');
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
  });

  it('ends a starting worker', async () => {
    const rig = await startRig({ worker: 'never-ready.mjs' });
    const task = await rig.submit({});
    await rig.until(() => rig.supervisor.active()[0]?.pid !== undefined && rig.supervisor.active()[0]?.pid !== null);
    expect((await rig.supervisor.cancel(task.id)).result).toBe('cancelled');
  });

  it('takes a queued task out of the queue, and knows no stranger', async () => {
    const rig = await startRig({ maxConcurrent: 1 });
    const first = await rig.submit({ never: true });
    const second = await rig.submit({});
    await rig.until(() => rig.notices.some((notice) => notice.kind === 'queued'));
    expect((await rig.supervisor.cancel(second.id)).result).toBe('cancelled');
    expect((await rig.supervisor.cancel('TASK-099')).result).toBe('unknown');
    expect((await rig.supervisor.cancel(first.id)).result).toBe('cancelled');
    await rig.supervisor.whenIdle();
  });
});

describe('two parents on one state folder', () => {
  it('share the limit of workers and run each task once', async () => {
    const stateFolder = tempFolder();
    const one = await startRig({ stateFolder, maxConcurrent: 2 });
    const two = await startRig({ stateFolder, maxConcurrent: 2 });
    let most = 0;
    const count = (): void => {
      const alive = [...one.supervisor.active(), ...two.supervisor.active()].filter((task) => task.pid !== null);
      most = Math.max(most, alive.length);
    };
    one.supervisor.onChange(count);
    two.supervisor.onChange(count);
    const ids: [typeof one, string][] = [];
    for (let i = 0; i < 4; i += 1) {
      ids.push([one, (await one.submit({ afterMs: 30 })).id]);
      ids.push([two, (await two.submit({ afterMs: 30 })).id]);
    }
    const ended = await Promise.all(ids.map(([rig, id]) => rig.over(id)));
    expect(ended.every((task) => task.status === 'done' && task.attempt === 1)).toBe(true);
    expect(most).toBeLessThanOrEqual(2);
  });
});

describe('shutdown', () => {
  it('ends every worker and keeps the tasks for the next start, which says so and takes them up', async () => {
    const stateFolder = tempFolder();
    const first = await startRig({ stateFolder });
    const task = await first.submit([{ never: true }, { summary: 'second time' }]);
    await first.until(() => first.supervisor.active()[0]?.phase === 'working');
    await first.supervisor.shutdown();
    expect(await first.store.tasks.get(task.id)).toMatchObject({ status: 'ready' });
    const second = await startRig({ stateFolder });
    expect(await second.over(task.id)).toMatchObject({ status: 'done', attempt: 2, summary: 'second time' });
    expect(second.notices.find((notice) => notice.kind === 'interrupted')?.text).toMatch(/TASK-001 was interrupted/);
  });
});

async function logged(rig: Awaited<ReturnType<typeof startRig>>, taskId: string, pattern: RegExp): Promise<void> {
  for (;;) {
    const events = await rig.store.events.of(taskId, 0, 100);
    if (events.some((event) => pattern.test(event.text))) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
