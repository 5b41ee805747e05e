import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { WilsonError } from '../../src/errors.js';
import { killTask } from '../../src/supervisor/kill-task.js';
import type { VerificationPort } from '../../src/supervisor/port.js';
import type { CheckResult } from '../../src/task/definition-of-done.js';
import { isOver, type Task } from '../../src/task/task.js';
import { type Rig, startRig, trusting } from '../helpers/supervisor-rig.js';

/* What goes wrong in families: deaths, kills and questions at the worst moment. Nothing may hang, run twice or be lost. */

interface ScriptedStep {
  readonly key: string;
  readonly type: Task['type'];
  readonly dependsOn?: readonly string[];
  readonly script: unknown;
}

function planOf(steps: readonly ScriptedStep[], reviewer: unknown = {}): unknown {
  const planned = steps.map(({ key, type, dependsOn = [], script }) => ({
    key,
    type,
    dependsOn,
    title: `${key} step`,
    description: JSON.stringify(script),
    checks: [],
  }));
  return { reviewer, plan: { steps: planned } };
}

function submitPlanned(rig: Rig, script: unknown): Promise<Task> {
  const description = JSON.stringify(script);
  return rig.supervisor.submit({ title: 'planned', description, type: 'code', folder: rig.folder, planned: true });
}

async function membersOf(rig: Rig, id: string): Promise<Record<string, Task>> {
  const subtasks = await rig.supervisor.subtasks(id);
  return Object.fromEntries(subtasks.map((task) => [task.title.replace(/ step$/, ''), task]));
}

const works = (rig: Rig, message: string): Promise<void> =>
  rig.until(() => rig.supervisor.active().some(({ task }) => task.progress.message === message));

const approve = { review: { verdict: 'approved', findings: [], summary: 'good' } };
const fault = { file: 'a.txt', line: 1, severity: 'major', text: 'it never saves' };
const object = { review: { verdict: 'needs_changes', findings: [fault], summary: 'not yet' } };
const part = ['delegate_task', { title: 'part', type: 'code', description: '{}' }];
const failedCheck: CheckResult = { check: 'parses', passed: false, evidence: { detail: 'a.txt: broken' } };

/** Believes every worker, except where `fails` says otherwise. */
function doubting(fails: (task: Task) => boolean): VerificationPort {
  return {
    verify: (task, ...rest) =>
      fails(task) ? Promise.resolve({ checks: [failedCheck], artifacts: [] }) : trusting.verify(task, ...rest),
  };
}

describe('a task that delegates', () => {
  it('and fails its own checks ends, with the part that nobody will begin', async () => {
    const rig = await startRig({ verification: doubting(() => true) });
    const { id } = await rig.submit({ calls: [part] });
    await rig.supervisor.whenIdle();
    expect(await rig.supervisor.task(id)).toMatchObject({ status: 'failed', error: { code: 'NOT_VERIFIED' } });
    const below = await rig.store.families.subtasksOf(id);
    expect(below.map(({ status, attempt }) => [status, attempt])).toEqual(below.map(() => ['cancelled', 0]));
  });

  it('and is tried again has each part done once', async () => {
    const rig = await startRig({
      verification: doubting(({ parentId, attempt }) => parentId === null && attempt === 1),
    });
    const { id } = await rig.submit({ calls: [part] });
    expect(await rig.over(id)).toMatchObject({ status: 'done', attempt: 2 });
    const below = await rig.store.families.subtasksOf(id);
    expect(below.map(({ status }) => status)).toEqual(['cancelled', 'done']);
  });

  it('is told which check nobody may run, and no part is made without it', async () => {
    const rig = await startRig();
    const checks = [{ check: 'command_succeeds', command: ['bash', '-c', 'exit 1'] }];
    const { id } = await rig.submit({
      calls: [['delegate_task', { title: 'part', type: 'code', description: '{}', checks }]],
      files: { 'a.txt': 'x' },
    });
    expect((await rig.over(id)).status).toBe('done');
    const lines = (await rig.store.events.of(id, 0, 100)).map(({ text }) => text);
    expect(lines.join('\n')).toMatch(/delegate_task: refused .*command_succeeds bash -c "exit 1": "bash" is none/);
    expect(await rig.store.families.subtasksOf(id)).toEqual([]);
  });

  it('has no review that would not see the parts', async () => {
    const rig = await startRig();
    const delegating = await rig.submit({ calls: [part, ['request_review', {}]] });
    const files = { 'a.txt': 'x' };
    const reviewed = await rig.submit({ calls: [['request_review', {}], part], files, reviewer: approve });
    await rig.supervisor.whenIdle();
    for (const [task, refusal] of [
      [delegating, 'request_review: refused'],
      [reviewed, 'delegate_task: refused'],
    ] as const) {
      const lines = (await rig.store.events.of(task.id, 0, 100)).map(({ text }) => text);
      expect(lines.filter((line) => line.startsWith(refusal))).toHaveLength(1);
      expect((await rig.supervisor.task(task.id))?.status).toBe('done');
    }
  });

  it('cannot let a part wait for the parent that waits for it', async () => {
    const rig = await startRig();
    const waiting = ['delegate_task', { title: 'part', type: 'code', description: '{}', depends_on: ['TASK-001'] }];
    const { id } = await submitPlanned(
      rig,
      planOf([
        { key: 'a', type: 'code', script: { calls: [waiting] } },
        { key: 'b', type: 'code', script: {} },
      ]),
    );
    expect(id).toBe('TASK-001');
    expect(await rig.over(id)).toMatchObject({ status: 'done' });
    expect(await rig.supervisor.subtasks(id)).toHaveLength(2);
  });
});

describe('what a planned step delegates', () => {
  it('is seen by the reviewer of the plan, though it takes longer than the step', async () => {
    const rig = await startRig();
    const slow = { afterMs: 700, files: { 'late.txt': 'late' } };
    const delegated = ['delegate_task', { title: 'late step', type: 'code', description: JSON.stringify(slow) }];
    const script = planOf(
      [
        { key: 'code', type: 'code', script: { calls: [delegated], files: { 'a.txt': 'x' } } },
        { key: 'review', type: 'review', dependsOn: ['code'], script: {} },
      ],
      approve,
    );
    const { id } = await submitPlanned(rig, script);
    expect(await rig.over(id)).toMatchObject({ status: 'done' });
    const { code, late, review } = await membersOf(rig, id);
    const judged = (await rig.store.families.reviewsOf(review?.id ?? '')).map(({ taskId }) => taskId);
    expect(judged.sort()).toEqual([code?.id, late?.id].sort());
    // The diff that it was shown had it.
    expect(Date.parse(review?.startedAt ?? '')).toBeGreaterThan(Date.parse(late?.startedAt ?? '') + 700);
  });
});

describe('a review that a task has asked for', () => {
  it('ends with the task whose revision fails', async () => {
    const rig = await startRig();
    const { id } = await rig.submit([{ calls: [['request_review', {}]], review: null }, { fail: 'BAD_REQUEST' }]);
    // The reviewer reads its script from the request of the task: without one, it gives no verdict.
    await rig.supervisor.whenIdle();
    const [judge] = await rig.supervisor.subtasks(id);
    expect(isOver(judge?.status ?? 'new')).toBe(true);
    expect((await rig.supervisor.task(id))?.status).toBe('failed');
  });

  it('waits for no revision that will never come', async () => {
    const rig = await startRig({ verification: doubting(({ attempt, role }) => attempt > 1 && role === 'work') });
    const script = { calls: [['request_review', {}]], files: { 'a.txt': 'x' }, reviewer: object };
    const { id } = await rig.submit(script);
    await rig.supervisor.whenIdle();
    expect(await rig.supervisor.task(id)).toMatchObject({ status: 'failed' });
    const [judge] = await rig.supervisor.subtasks(id);
    expect(judge).toMatchObject({ status: 'cancelled', error: { code: 'PARENT_OVER' } });
  });
});

describe('findings', () => {
  it('of a review are told to every attempt until a review is content, with what the last attempt missed', async () => {
    let tries = 0;
    const verification = doubting(({ title, attempt }) => {
      if (title !== 'code step' || attempt !== 2) return false;
      tries += 1;
      return tries === 1;
    });
    const rig = await startRig({ verification });
    const code = { files: { 'a.txt': 'x' }, findings: true };
    const steps = [
      { key: 'code', type: 'code', script: code },
      { key: 'review', type: 'review', dependsOn: ['code'], script: {} },
    ] as const;
    const { id } = await submitPlanned(rig, planOf(steps, [object, approve]));
    expect(await rig.over(id)).toMatchObject({ status: 'done' });
    const members = await membersOf(rig, id);
    const told = (await rig.store.events.of(members.code?.id ?? '', 0, 100))
      .map(({ text }) => text)
      .filter((text) => text.startsWith('findings: '));
    expect(told).toHaveLength(3);
    expect(told[1]).toBe('findings: a.txt:1 (major): it never saves');
    expect(told[2]).toContain('a.txt: broken');
    expect(told[2]).toContain('it never saves');
  });
});

describe('the whole of a parent', () => {
  it('that cannot be checked fails with the reason', async () => {
    const broken = new WilsonError('DISK_FULL', 'There is no room left.');
    const verification: VerificationPort = {
      verify: (task, ...rest) => (task.role === 'parent' ? Promise.reject(broken) : trusting.verify(task, ...rest)),
    };
    const rig = await startRig({ verification });
    const script = planOf([
      { key: 'a', type: 'code', script: {} },
      { key: 'b', type: 'code', script: {} },
    ]);
    const { id } = await submitPlanned(rig, script);
    await rig.supervisor.whenIdle();
    expect(await rig.supervisor.task(id)).toMatchObject({ status: 'failed', error: { code: 'DISK_FULL' } });
  });

  it('that failed its checks is mended by a part on a retry, which is told why; the others are kept', async () => {
    const looks: Task[] = [];
    const rig = await startRig({
      verification: {
        verify: (task, ...rest) => {
          if (task.role !== 'parent') return trusting.verify(task, ...rest);
          looks.push(task);
          return looks.length > 1
            ? trusting.verify(task, ...rest)
            : Promise.resolve({ checks: [failedCheck], artifacts: [] });
        },
      },
    });
    const script = planOf([
      { key: 'code', type: 'code', script: { findings: true } },
      { key: 'test', type: 'test', dependsOn: ['code'], script: {} },
    ]);
    const { id } = await submitPlanned(rig, script);
    expect(await rig.over(id)).toMatchObject({ status: 'failed', error: { code: 'NOT_VERIFIED' } });
    expect(await rig.store.families.retry(id)).toBe(true);
    await rig.until(() => rig.notices.some(({ kind, taskId }) => kind === 'done' && taskId === id));
    const { code, test } = await membersOf(rig, id);
    expect([code?.attempt, test?.attempt]).toEqual([2, 1]);
    const told = (await rig.store.events.of(code?.id ?? '', 0, 100)).filter(({ text }) =>
      text.includes('a.txt: broken'),
    );
    expect(told).toHaveLength(1);
    expect(await rig.supervisor.task(id)).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('is no longer looked at when it is killed from another terminal', async () => {
    let looks = false;
    let stopped = false;
    const verification: VerificationPort = {
      verify: (task, workspace, proposed, signal) =>
        task.role !== 'parent'
          ? trusting.verify(task, workspace, proposed, signal)
          : new Promise((_, reject) => {
              looks = true;
              signal.addEventListener('abort', () => {
                stopped = true;
                reject(new WilsonError('ABORTED', 'stopped'));
              });
            }),
    };
    const rig = await startRig({ verification });
    const script = planOf([
      { key: 'a', type: 'code', script: {} },
      { key: 'b', type: 'code', script: {} },
    ]);
    const { id } = await submitPlanned(rig, script);
    // Stopped earlier, it would not be stopped while it looks.
    await expect.poll(() => looks, { timeout: 20_000 }).toBe(true);
    expect(await rig.supervisor.task(id)).toMatchObject({ status: 'in_review' });
    expect(await killTask(rig.store, id, systemClock)).toMatchObject({ result: 'cancelled' });
    await rig.supervisor.whenIdle();
    expect(stopped).toBe(true);
    expect(await killTask(rig.store, id, systemClock)).toMatchObject({ result: 'over' });
    expect(rig.notices.filter(({ kind, taskId }) => kind === 'cancelled' && taskId === id)).toHaveLength(1);
  });

  it('is applied once, and no subtask is', async () => {
    const applied: string[] = [];
    const applyDone = (task: Task): Promise<string> => {
      applied.push(task.id);
      return Promise.resolve('Applied.');
    };
    // One slot: a family does not stand in its own way.
    const rig = await startRig({ applyDone, maxConcurrent: 1 });
    const steps = [
      { key: 'code', type: 'code', script: { files: { 'a.txt': 'x' } } },
      { key: 'review', type: 'review', dependsOn: ['code'], script: {} },
    ] as const;
    const { id } = await submitPlanned(rig, planOf(steps, approve));
    await rig.supervisor.whenIdle();
    expect(applied).toEqual([id]);
    const ends = rig.notices.filter(({ kind }) => kind === 'done').map(({ taskId }) => taskId);
    expect(ends).toEqual([...new Set(ends)]);
    expect(ends.at(-1)).toBe(id);
  });
});

it('a done task that cannot be applied is told all the same, with the reason', async () => {
  const applyDone = (): Promise<string> => Promise.reject(new WilsonError('STORE_BUSY', 'The database is locked.'));
  const rig = await startRig({ applyDone });
  const { id } = await rig.submit({ files: { 'a.txt': 'x' } });
  expect(await rig.over(id)).toMatchObject({ status: 'done' });
  await rig.supervisor.whenIdle();
  const said = rig.notices.find(({ kind, taskId }) => kind === 'done' && taskId === id);
  expect(said?.text).toContain('Not applied: The database is locked.');
});

describe('a family whose parent died', () => {
  it('is taken over by a wilson that lives in the same folder, and is finished there with a word', async () => {
    const first = await startRig();
    const second = await startRig({ stateFolder: first.stateFolder });
    const script = planOf([
      { key: 'a', type: 'code', script: { files: { 'a.txt': 'x' } } },
      {
        key: 'b',
        type: 'code',
        dependsOn: ['a'],
        script: [{ never: true, progress: 'at it' }, { summary: 'taken up' }],
      },
    ]);
    const { id } = await submitPlanned(first, script);
    await works(first, 'at it');
    await first.supervisor.shutdown();
    expect(await second.over(id)).toMatchObject({ status: 'done' });
    const { a, b } = await membersOf(second, id);
    expect([a?.attempt, b?.attempt]).toEqual([1, 2]);
  });

  it('in which nothing can run by itself is taken over too', async () => {
    const first = await startRig();
    const second = await startRig({ stateFolder: first.stateFolder });
    const script = planOf([
      { key: 'a', type: 'code', script: { question: 'Which database?' } },
      { key: 'b', type: 'code', dependsOn: ['a'], script: {} },
    ]);
    const { id } = await submitPlanned(first, script);
    await first.until(() => first.notices.some(({ kind }) => kind === 'asks'));
    await first.supervisor.whenIdle();
    await first.supervisor.shutdown();
    const { a } = await membersOf(second, id);
    await second.until(() => second.notices.some(({ text }) => text.includes('Which database?')));
    expect(await second.supervisor.answer(a?.id ?? '', 'SQLite')).toBe(true);
    expect(await second.over(id)).toMatchObject({ status: 'done' });
  });

  it('stays with a wilson that lives: another one in the folder leaves it alone', async () => {
    const first = await startRig();
    const second = await startRig({ stateFolder: first.stateFolder });
    const script = planOf([
      { key: 'a', type: 'code', script: { afterMs: 2_500 } },
      { key: 'b', type: 'code', dependsOn: ['a'], script: {} },
    ]);
    const { id } = await submitPlanned(first, script);
    expect(await first.over(id)).toMatchObject({ status: 'done' });
    expect(second.notices).toEqual([]);
    const { a, b } = await membersOf(first, id);
    expect([a?.attempt, b?.attempt]).toEqual([1, 1]);
  });
});

describe('a kill', () => {
  it('that died after the parent and before its subtasks leaves none of them running or waiting', async () => {
    const rig = await startRig();
    const script = planOf([
      { key: 'a', type: 'code', script: { never: true, progress: 'at it' } },
      { key: 'b', type: 'code', dependsOn: ['a'], script: {} },
    ]);
    const { id } = await submitPlanned(rig, script);
    await works(rig, 'at it');
    expect(await rig.store.tasks.cancelQueued(id)).toBe('cancelled');
    await rig.supervisor.whenIdle();
    await rig.until(() => rig.supervisor.active().length === 0);
    const { a, b } = await membersOf(rig, id);
    expect([a?.status, b?.status]).toEqual(['cancelled', 'cancelled']);
  });

  it('from another terminal ends the workers of both subtasks that run, once', async () => {
    const rig = await startRig();
    const slow = { never: true, progress: 'at it', child: 'setsid' };
    const script = planOf([
      { key: 'a', type: 'code', script: slow },
      { key: 'b', type: 'code', script: slow },
      { key: 'c', type: 'code', dependsOn: ['a'], script: {} },
    ]);
    const { id } = await submitPlanned(rig, script);
    await rig.until(() => rig.supervisor.active().filter(({ task }) => task.progress.message === 'at it').length === 2);
    expect(await killTask(rig.store, id, systemClock)).toMatchObject({ result: 'cancelled' });
    expect(await killTask(rig.store, id, systemClock)).toMatchObject({ result: 'over' });
    await rig.supervisor.whenIdle();
    const below = await rig.supervisor.subtasks(id);
    expect(below.map(({ status, attempt }) => [status, attempt])).toEqual([
      ['cancelled', 1],
      ['cancelled', 1],
      ['cancelled', 0],
    ]);
    for (const task of [{ id }, ...below]) {
      expect(rig.notices.filter(({ kind, taskId }) => kind === 'cancelled' && taskId === task.id)).toHaveLength(1);
    }
  });

  it('while the Manager plans leaves nothing, and a retry plans again', async () => {
    const rig = await startRig();
    const { id } = await submitPlanned(rig, [
      { never: true, progress: 'planning' },
      planOf([
        { key: 'a', type: 'code', script: {} },
        { key: 'b', type: 'code', script: {} },
      ]),
    ]);
    await works(rig, 'planning');
    expect(await rig.supervisor.cancel(id)).toMatchObject({ result: 'cancelled' });
    expect(await rig.supervisor.cancel(id)).toMatchObject({ result: 'over' });
    await rig.supervisor.whenIdle();
    expect(await rig.store.families.retry(id)).toBe(true);
    await rig.until(() => rig.notices.some(({ kind, taskId }) => kind === 'done' && taskId === id));
    expect(await rig.supervisor.task(id)).toMatchObject({ status: 'done', role: 'parent' });
  });

  it('of a reviewer fails what it was to judge; of what is in review, the reviewer ends too', async () => {
    const rig = await startRig();
    const steps = [
      { key: 'code', type: 'code', script: { files: { 'a.txt': 'x' } } },
      { key: 'review', type: 'review', dependsOn: ['code'], script: {} },
    ] as const;
    const slow = { never: true, progress: 'reads' };
    const first = await submitPlanned(rig, planOf(steps, slow));
    await works(rig, 'reads');
    let members = await membersOf(rig, first.id);
    expect(await rig.supervisor.cancel(members.review?.id ?? '')).toMatchObject({ result: 'cancelled' });
    expect(await rig.over(first.id)).toMatchObject({ status: 'failed' });
    members = await membersOf(rig, first.id);
    expect(members.code).toMatchObject({ status: 'failed', error: { code: 'NO_REVIEW' } });

    const second = await submitPlanned(rig, planOf(steps, slow));
    await works(rig, 'reads');
    members = await membersOf(rig, second.id);
    expect(await rig.supervisor.cancel(members.code?.id ?? '')).toMatchObject({ result: 'cancelled' });
    await rig.supervisor.cancel(second.id);
    await rig.supervisor.whenIdle();
    members = await membersOf(rig, second.id);
    expect([members.code?.status, members.review?.status]).toEqual(['cancelled', 'cancelled']);
  });
});

describe('a question', () => {
  it('of one subtask does not stop the others, and the wait ends when only the answer is missing', async () => {
    const rig = await startRig();
    const script = planOf([
      { key: 'asks', type: 'code', script: { question: 'Which database?' } },
      { key: 'works', type: 'code', script: { afterMs: 1_500, files: { 'a.txt': 'x' } } },
      { key: 'after', type: 'code', dependsOn: ['works'], script: {} },
    ]);
    const { id } = await submitPlanned(rig, script);
    await rig.until(() => rig.notices.some(({ kind }) => kind === 'asks'));
    await rig.supervisor.whenIdle();
    const members = await membersOf(rig, id);
    expect([members.asks?.status, members.works?.status, members.after?.status]).toEqual(['blocked', 'done', 'done']);
    expect((await rig.supervisor.task(id))?.status).toBe('blocked');
    await rig.supervisor.answer(members.asks?.id ?? '', 'SQLite');
    expect(await rig.over(id)).toMatchObject({ status: 'done' });
    const usage = (await membersOf(rig, id)).asks?.usage;
    // Both attempts are counted: the one that asked, and the one that had the answer.
    expect(usage?.outputTokens).toBe(10);
  });
});

describe('changes that do not fit to what others have made', () => {
  it('are made once more on that, which people and the next attempt are told', async () => {
    let conflicts = 0;
    const rig: Rig = await startRig({
      workspaces: {
        merge: ({ taskId }) => {
          conflicts += 1;
          if (conflicts > 1) return Promise.resolve([]);
          return Promise.reject(new WilsonError('APPLY_CONFLICT', `a.txt:3 was changed by others, not ${taskId}.`));
        },
      },
    });
    const script = planOf([
      { key: 'a', type: 'code', script: { findings: true } },
      { key: 'b', type: 'code', dependsOn: ['a'], script: {} },
    ]);
    const { id } = await submitPlanned(rig, script);
    expect(await rig.over(id)).toMatchObject({ status: 'done' });
    const { a } = await membersOf(rig, id);
    expect(a).toMatchObject({ status: 'done', attempt: 2 });
    expect(rig.notices.some(({ text }) => text.includes('do not fit') && text.includes('a.txt:3'))).toBe(true);
    const told = (await rig.store.events.of(a?.id ?? '', 0, 100)).filter(({ text }) =>
      text.startsWith('findings: Its'),
    );
    expect(told).toHaveLength(1);
  });
});

describe('a plan of one step', () => {
  it('tells of the agent that works as well as of the one that planned', async () => {
    const rig = await startRig();
    const steps = [{ key: 'all', title: 'all', description: 'x', type: 'code', dependsOn: [], checks: [] }];
    const { id } = await submitPlanned(rig, [
      { plan: { steps: [] } },
      { plan: { steps } },
      { files: { 'a.txt': 'x' } },
    ]);
    expect(await rig.over(id)).toMatchObject({ status: 'done', attempt: 3 });
    const started = rig.notices.filter(({ kind }) => kind === 'started').map(({ text }) => text);
    expect(started).toHaveLength(2);
    expect(started[0]).toContain('Manager Agent');
    expect(started[1]).toContain('Code Agent');
  });
});
