import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/task/task.js';
import { type Rig, startRig } from '../helpers/supervisor-rig.js';

/*
 * Families of tasks, with a real supervisor, a real database and real worker processes; what the workers do is scripted
 * (test/fixtures/workers/scripted-worker.mjs).
 */

interface ScriptedStep {
  readonly key: string;
  readonly type: Task['type'];
  readonly dependsOn?: readonly string[];
  readonly script: unknown;
}

/** The script of a planned request whose steps do as told; `reviewer` is what its reviewers say. */
function planOf(steps: readonly ScriptedStep[], reviewer: unknown = {}): unknown {
  return {
    reviewer,
    plan: {
      steps: steps.map(({ key, type, dependsOn = [], script }) => ({
        key,
        type,
        dependsOn,
        title: `${key} step`,
        description: JSON.stringify(script),
        checks: [],
      })),
    },
  };
}

async function submitPlanned(rig: Rig, script: unknown): Promise<Task> {
  const description = JSON.stringify(script);
  return rig.supervisor.submit({ title: 'planned', description, type: 'code', folder: rig.folder, planned: true });
}

/** A family whose first subtask works without end, while the second waits for it. */
async function atFirstOfTwo(): Promise<{ rig: Rig; id: string }> {
  const rig = await startRig();
  const { id } = await submitPlanned(
    rig,
    planOf([
      { key: 'a', type: 'code', script: { never: true, progress: 'at it' } },
      { key: 'b', type: 'code', dependsOn: ['a'], script: {} },
    ]),
  );
  await rig.until(() =>
    rig.supervisor.active().some(({ task }) => task.parentId === id && task.progress.message === 'at it'),
  );
  return { rig, id };
}

async function membersOf(rig: Rig, id: string): Promise<Record<string, Task>> {
  const subtasks = await rig.supervisor.subtasks(id);
  return Object.fromEntries(subtasks.map((task) => [task.title.replace(/ step$/, ''), task]));
}

async function pidsOf(rig: Rig, id: string): Promise<(number | null)[]> {
  return (await rig.store.workers.attemptsOf(id)).map(({ pid }) => pid);
}

const approve = { review: { verdict: 'approved', findings: [], summary: 'good' } };
const fault = { file: 'a.txt', line: 1, severity: 'major', text: 'it never saves' };
const object = { review: { verdict: 'needs_changes', findings: [fault], summary: 'not yet' } };

const codeTestReview = (code: unknown, reviewer: unknown) =>
  planOf(
    [
      { key: 'code', type: 'code', script: code },
      { key: 'tests', type: 'test', dependsOn: ['code'], script: { files: { 'test_a.txt': 'tests' } } },
      { key: 'review', type: 'review', dependsOn: ['code', 'tests'], script: {} },
    ],
    reviewer,
  );

describe('a planned task', () => {
  it('is done by its subtasks, each in a process of its own, one after the other', async () => {
    const rig = await startRig();
    const { id } = await submitPlanned(rig, codeTestReview({ files: { 'a.txt': 'made' } }, approve));
    const parent = await rig.over(id);
    expect(parent).toMatchObject({ status: 'done', role: 'parent', error: null });
    const { code, tests, review } = await membersOf(rig, id);
    expect([code, tests, review].map((task) => task?.status)).toEqual(['done', 'done', 'done']);
    const pids = await Promise.all([parent, code, tests, review].map((task) => pidsOf(rig, task?.id ?? '')));
    expect(pids.every((each) => each.length === 1 && each[0] !== null)).toBe(true);
    expect(new Set(pids.flat()).size).toBe(4);
    // The later ones work on what the earlier ones have made: it is in the parent's workspace.
    const root = join(rig.stateFolder, 'work', id);
    expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('made');
    expect(existsSync(join(root, 'test_a.txt'))).toBe(true);
    expect(rig.notices.map(({ kind }) => kind)).toContain('planned');
  });

  it('of one step stays one task, and the next attempt does the work', async () => {
    const rig = await startRig();
    const steps = [{ key: 'all', title: 'all', description: 'x', type: 'code', dependsOn: [], checks: [] }];
    const { id } = await submitPlanned(rig, { plan: { steps }, files: { 'a.txt': 'made' } });
    const task = await rig.over(id);
    expect(task).toMatchObject({ status: 'done', role: 'work', agent: 'Code Agent', attempt: 2 });
    expect(await rig.supervisor.subtasks(id)).toEqual([]);
  });

  it('whose plan is unusable twice fails and says why', async () => {
    const rig = await startRig();
    const { id } = await submitPlanned(rig, { plan: { steps: [] } });
    const task = await rig.over(id);
    expect(task.status).toBe('failed');
    expect(task.error?.code).toBe('NO_PLAN');
    expect(task.error?.message).toContain('The plan has no steps.');
  });

  it('tells in its story which checks of the plan nobody may run, and keeps the others', async () => {
    const rig = await startRig();
    const bash = { check: 'command_succeeds', command: ['bash', '-c', 'exit 1'] };
    const step = { title: 'one', description: '{}', type: 'code', dependsOn: [], checks: [bash, { check: 'parses' }] };
    const steps = [
      { ...step, key: 'a' },
      { ...step, key: 'b', checks: [] },
    ];
    const { id } = await submitPlanned(rig, { plan: { steps } });
    expect((await rig.over(id)).status).toBe('done');
    const story = (await rig.store.events.of(id, 0, 100)).map(({ text }) => text);
    expect(
      story.filter((line) => /command_succeeds bash -c "exit 1"" of the step "one" was left out/.test(line)),
    ).toHaveLength(1);
    expect((await rig.supervisor.subtasks(id)).map(({ demands }) => demands)).toEqual([[{ check: 'parses' }], []]);
  });

  it('of one step says which checks fall away with the plan', async () => {
    const rig = await startRig();
    const checks = [{ check: 'file_exists', paths: ['a.txt'] }];
    const steps = [{ key: 'all', title: 'all', description: 'x', type: 'code', dependsOn: [], checks }];
    const { id } = await submitPlanned(rig, { plan: { steps }, files: { 'a.txt': 'made' } });
    await rig.over(id);
    const story = (await rig.store.events.of(id, 0, 100)).map(({ text }) => text);
    expect(story.join('\n')).toContain('so these checks of its plan fall away: file_exists a.txt');
  });

  it('fails with the subtask that failed, and those behind it are not begun', async () => {
    const rig = await startRig();
    const { id } = await submitPlanned(rig, codeTestReview({ fail: 'NO_USABLE_CODE' }, approve));
    const parent = await rig.over(id);
    const { code, tests, review } = await membersOf(rig, id);
    expect(parent.error).toMatchObject({ code: 'SUBTASK_FAILED' });
    expect(parent.error?.message).toContain(code?.id);
    expect(tests).toMatchObject({ status: 'failed', attempt: 0, error: { code: 'DEPENDENCY_FAILED' } });
    expect(review).toMatchObject({ status: 'failed', attempt: 0, error: { code: 'DEPENDENCY_FAILED' } });
  });

  it('takes its subtasks along when it is killed', async () => {
    const { rig, id } = await atFirstOfTwo();
    expect(await rig.supervisor.cancel(id)).toMatchObject({ result: 'cancelled' });
    const members = await membersOf(rig, id);
    expect([members.a?.status, members.b?.status]).toEqual(['cancelled', 'cancelled']);
    expect((await rig.supervisor.task(id))?.status).toBe('cancelled');
    expect(rig.supervisor.active()).toEqual([]);
  });

  it('fails when one of its subtasks is killed', async () => {
    const { rig, id } = await atFirstOfTwo();
    const members = await membersOf(rig, id);
    await rig.supervisor.cancel(members.a?.id ?? '');
    const parent = await rig.over(id);
    expect(parent).toMatchObject({ status: 'failed', error: { code: 'SUBTASK_FAILED' } });
    expect(parent.error?.message).toContain('was cancelled');
  });

  it('goes on after a retry with what had failed, and keeps what is done', async () => {
    const rig = await startRig();
    const { id } = await submitPlanned(
      rig,
      planOf([
        { key: 'a', type: 'code', script: { files: { 'a.txt': 'made' } } },
        { key: 'b', type: 'code', dependsOn: ['a'], script: [{ fail: 'BAD_REQUEST' }, { files: { 'b.txt': 'b' } }] },
      ]),
    );
    expect(await rig.over(id)).toMatchObject({ status: 'failed' });
    await rig.supervisor.shutdown();
    expect(await rig.store.families.retry(id)).toBe(true);
    const second = await startRig({ stateFolder: rig.stateFolder });
    expect(await second.over(id)).toMatchObject({ status: 'done', error: null });
    const { a, b } = await membersOf(second, id);
    expect([a?.attempt, b?.attempt]).toEqual([1, 2]);
  });

  it('is gone on with by the next wilson when its parent ends between two subtasks', async () => {
    const rig = await startRig();
    const { id } = await submitPlanned(
      rig,
      planOf([
        { key: 'a', type: 'code', script: { files: { 'a.txt': 'made' } } },
        {
          key: 'b',
          type: 'code',
          dependsOn: ['a'],
          script: [{ never: true, progress: 'at it' }, { summary: 'taken up' }],
        },
      ]),
    );
    await rig.until(() => rig.supervisor.active().some(({ task }) => task.progress.message === 'at it'));
    await rig.supervisor.shutdown();
    const second = await startRig({ stateFolder: rig.stateFolder });
    expect(await second.over(id)).toMatchObject({ status: 'done' });
    const { a, b } = await membersOf(second, id);
    expect([a?.attempt, b?.attempt, b?.summary]).toEqual([1, 2, 'taken up']);
  });
});

describe('a review', () => {
  it('that finds a fault once is followed by a fresh worker with the findings, and then approves', async () => {
    const rig = await startRig();
    const code = [{ files: { 'a.txt': 'bad' } }, { files: { 'a.txt': 'good' }, findings: true }];
    const { id } = await submitPlanned(rig, codeTestReview(code, [object, approve]));
    expect(await rig.over(id)).toMatchObject({ status: 'done' });
    const members = await membersOf(rig, id);
    const codeId = members.code?.id ?? '';
    expect(members.code).toMatchObject({ status: 'done', attempt: 2 });
    expect(members.tests).toMatchObject({ status: 'done', attempt: 1 });
    expect(members.review).toMatchObject({ status: 'done', attempt: 2 });
    const [first, second] = await pidsOf(rig, codeId);
    expect(second).not.toBe(first);
    const logs = (await rig.store.events.of(codeId, 0, 100)).map(({ text }) => text);
    expect(logs).toContain('findings: a.txt:1 (major): it never saves');
    const reviews = await rig.supervisor.reviews(codeId);
    expect(reviews.map(({ verdict, attempt }) => [attempt, verdict])).toEqual([
      [1, 'needs_changes'],
      [2, 'approved'],
    ]);
    expect(reviews[0]?.findings).toEqual([fault]);
    expect(members.code?.definitionOfDone.find(({ check }) => check === 'review_approved')).toMatchObject({
      passed: true,
    });
    expect(readFileSync(join(rig.stateFolder, 'work', id, 'a.txt'), 'utf8')).toBe('good');
  });

  it('that never approves ends the task after three attempts, with the findings', async () => {
    const rig = await startRig();
    const { id } = await submitPlanned(rig, codeTestReview({ files: { 'a.txt': 'bad' } }, object));
    const parent = await rig.over(id);
    const { code } = await membersOf(rig, id);
    expect(code).toMatchObject({ status: 'failed', attempt: 3, error: { code: 'REVIEW_REJECTED' } });
    expect(code?.error?.message).toContain('a.txt:1 (major): it never saves');
    expect(new Set(await pidsOf(rig, code?.id ?? '')).size).toBe(3);
    expect(parent.status).toBe('failed');
    expect(parent.error?.message).toContain('it never saves');
  });

  it('of an empty diff approves nothing', async () => {
    const rig = await startRig({ workspaces: { patch: () => Promise.resolve({ patch: '', files: [] }) } });
    const { id } = await submitPlanned(rig, codeTestReview({ files: { 'a.txt': 'x' } }, approve));
    await rig.over(id);
    const { code } = await membersOf(rig, id);
    expect(code).toMatchObject({ status: 'failed', error: { code: 'REVIEW_REJECTED' } });
    expect(code?.error?.message).toContain('the diff is empty');
  });

  it('without a verdict fails, and with it what waits for it', async () => {
    const rig = await startRig();
    const { id } = await submitPlanned(rig, codeTestReview({ files: { 'a.txt': 'x' } }, { summary: 'fine!' }));
    const parent = await rig.over(id);
    const { code, review } = await membersOf(rig, id);
    expect(review).toMatchObject({ status: 'failed', error: { code: 'NO_VERDICT' } });
    expect(code).toMatchObject({ status: 'failed', error: { code: 'NO_REVIEW' } });
    expect(parent.error?.message).toContain(review?.id);
  });

  it('that a task asks for itself is made by a reviewer of its own', async () => {
    const rig = await startRig();
    const { id } = await rig.submit({
      calls: [['request_review', { note: 'please' }]],
      files: { 'a.txt': 'x' },
      reviewer: [object, approve],
    });
    const task = await rig.over(id);
    expect(task).toMatchObject({ status: 'done', attempt: 2 });
    const [judge] = await rig.supervisor.subtasks(id);
    await expect.poll(async () => (await rig.supervisor.task(judge?.id ?? ''))?.status).toBe('done');
    expect((await rig.supervisor.reviews(id)).map(({ verdict }) => verdict)).toEqual(['needs_changes', 'approved']);
  });
});

describe('a question', () => {
  it('blocks its task without a process until it is answered, and the answer reaches the next attempt', async () => {
    const rig = await startRig();
    const { id } = await rig.submit({ question: 'Which database?', tellOrder: 'handover', files: { 'a.txt': 'x' } });
    await rig.until(() => rig.notices.some(({ kind }) => kind === 'asks'));
    await rig.supervisor.whenIdle();
    expect(await rig.supervisor.task(id)).toMatchObject({ status: 'blocked', question: 'Which database?' });
    expect(await rig.store.workers.list()).toEqual([]);
    expect((await rig.supervisor.asking()).map((task) => task.id)).toEqual([id]);
    expect(await rig.supervisor.answer(id, 'SQLite')).toBe(true);
    expect(await rig.supervisor.answer(id, 'again')).toBe(false);
    expect(await rig.over(id)).toMatchObject({ status: 'done', attempt: 2, question: null });
    const logs = (await rig.store.events.of(id, 0, 100)).map(({ text }) => text);
    expect(logs.find((line) => line.startsWith('order:') && line.includes('SQLite'))).toBeDefined();
  });

  it('can be killed instead of answered', async () => {
    const rig = await startRig();
    const { id } = await rig.submit({ question: 'Which database?' });
    await rig.until(() => rig.notices.some(({ kind }) => kind === 'asks'));
    expect(await rig.supervisor.cancel(id)).toMatchObject({ result: 'cancelled' });
    expect(await rig.supervisor.answer(id, 'SQLite')).toBe(false);
  });
});

describe('orchestration tools', () => {
  it('delegate a part, which is done before the task is', async () => {
    const rig = await startRig();
    const part = { title: 'part', type: 'code', description: JSON.stringify({ files: { 'b.txt': 'b' } }) };
    const { id } = await rig.submit({ calls: [['delegate_task', part]], files: { 'a.txt': 'a' } });
    const task = await rig.over(id);
    expect(task).toMatchObject({ status: 'done', role: 'parent' });
    const [child] = await rig.supervisor.subtasks(id);
    expect(child).toMatchObject({ title: 'part', status: 'done', parentId: id });
    expect(readFileSync(join(rig.stateFolder, 'work', id, 'b.txt'), 'utf8')).toBe('b');
    const messages = await rig.store.families.communicationsOf(child?.id ?? '');
    expect(messages).toMatchObject([{ kind: 'delegation', fromTask: id, toTask: child?.id }]);
  });

  it('answer each by its name, and refuse what is none of the worker’s business', async () => {
    const rig = await startRig();
    const stranger = await rig.submit({ summary: 'a stranger' });
    await rig.over(stranger.id);
    const { id } = await rig.submit({
      calls: [
        ['poll_tasks', {}],
        ['claim_task', { task_id: 'TASK-002' }],
        ['claim_task', { task_id: stranger.id }],
        ['check_task_progress', { task_id: stranger.id }],
        ['update_task_progress', { progress: 0.5, message: 'half, they say' }],
        ['update_task_progress', { progress: 0.5, basis: '1 of 2 files', message: 'writing' }],
        ['unblock_tasks', {}],
        ['get_review_status', {}],
        ['submit_review', { verdict: 'approved' }],
        ['model_status', {}],
        ['delegate_task', { title: '', description: 'x', type: 'code' }],
        ['delegate_task', { title: 'x', description: 'x', type: 'cooking' }],
        ['delegate_task', { title: 'x', description: 'x', type: 'code', depends_on: [stranger.id] }],
      ],
    });
    await rig.over(id);
    const answers = (await rig.store.events.of(id, 0, 100))
      .map(({ text }) => text)
      .filter((text) => / (?:ok|refused) /.test(text));
    const of = (name: string): string[] => answers.filter((line) => line.startsWith(`${name}:`));
    expect(of('poll_tasks')[0]).toContain(`"task_id":"${id}"`);
    expect(of('claim_task').map((line) => line.includes(': ok '))).toEqual([true, false]);
    expect(of('check_task_progress')[0]).toContain('does not belong to this work');
    expect(of('update_task_progress')[0]).toContain('"progress":null');
    expect(of('update_task_progress')[1]).toContain('"progress":0.5');
    expect(of('unblock_tasks')[0]).toContain('"unblocked":[]');
    expect(of('get_review_status')[0]).toContain('"reviews":0');
    expect(of('submit_review')[0]).toContain('reviews no other task');
    expect(of('model_status')[0]).toContain('"models":');
    expect(of('delegate_task').every((line) => line.includes(': refused '))).toBe(true);
    expect(of('delegate_task')[1]).toContain('type');
  });

  it('stop an agent that delegates for ever', async () => {
    const rig = await startRig();
    const part = (title: string) => ['delegate_task', { title, type: 'code', description: '{}' }];
    const { id } = await rig.submit({ calls: Array.from({ length: 14 }, (_, at) => part(`part ${at}`)) });
    await rig.over(id);
    expect(await rig.supervisor.subtasks(id)).toHaveLength(12);
    const refusals = (await rig.store.events.of(id, 0, 200)).filter(({ text }) => text.includes('at most 12'));
    expect(refusals).toHaveLength(2);
  });
});
