import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createWorkspaces } from '../../src/cli/parent-workspaces.js';
import { systemClock } from '../../src/clock.js';
import { ownIdentity } from '../../src/platform/process-identity.js';
import { openStoreThread } from '../../src/store/store-thread.js';
import type { PlanStep } from '../../src/task/plan.js';
import type { Task } from '../../src/task/task.js';
import type { Workspace } from '../../src/workspace/workspace.js';
import { git, makeRepository } from '../helpers/folder-snapshot.js';
import { tempFolder } from '../helpers/temp-folder.js';

/* The workspaces of a family, on real folders: copies of the parent's, merged back into it. */

const signal = new AbortController().signal;
const steps: readonly PlanStep[] = ['one', 'two'].map((key) => ({
  key,
  title: key,
  description: key,
  type: 'code',
  dependsOn: [],
  checks: [],
}));
const lines = (...changed: string[]): string =>
  `${Array.from({ length: 9 }, (_, at) => changed[at] ?? at).join('\n')}\n`;

/** A planned task with two subtasks, each with the workspace of its first attempt. */
async function family() {
  const state = tempFolder();
  const folder = join(tempFolder(), 'project');
  mkdirSync(folder);
  writeFileSync(join(folder, 'base.txt'), lines());
  const store = await openStoreThread(state);
  onTestFinished(() => store.close());
  await store.sessions.begin({
    id: 's1',
    kind: 'chat',
    folder,
    identity: ownIdentity(),
    limits: { maxConcurrent: 9, maxMemoryMb: 1_000, warnThresholdMb: 900 },
  });
  const workspaces = createWorkspaces(state, store, systemClock);
  const attempt = async (id: string): Promise<Task> => {
    const claim = await store.workers.claim({
      taskId: id,
      sessionId: 's1',
      ownerToken: 's1',
      maxConcurrent: 9,
      need: { processMb: 1, model: null },
      maxMemoryMb: 1_000,
    });
    if (!claim.claimed) throw new Error(`${id}: ${claim.reason}`);
    await store.workers.release(id, claim.task.attempt);
    await store.tasks.begin(id, claim.task.attempt);
    return claim.task;
  };
  const prepared = async (task: Task): Promise<Workspace> => {
    const workspace = await workspaces.prepare(task, signal);
    await store.tasks.setWorkspace(task.id, workspace, task.attempt);
    return workspace;
  };
  const { id } = await store.tasks.submit({
    title: 't',
    description: 't',
    type: 'code',
    folder,
    priority: 0,
    sessionId: 's1',
    role: 'plan',
  });
  const planning = await attempt(id);
  const parent = await prepared(planning);
  const parts = (await store.families.plan(id, planning.attempt, steps, 's1')) ?? [];
  await store.families.reconcile(id);
  const [one, two] = await Promise.all(parts.map((part) => attempt(part.id)));
  if (one === undefined || two === undefined) throw new Error('there are two steps');
  return { store, workspaces, folder, parent, one, two, attempt, prepared };
}

it('an attempt that was cut off between its merge and its end leaves nothing in the parent', async () => {
  const { store, workspaces, parent, one, attempt, prepared } = await family();
  const first = await prepared(one);
  writeFileSync(join(first.root, 'new.txt'), 'made');
  writeFileSync(join(first.root, 'base.txt'), lines('changed'));
  expect([...(await workspaces.merge(first))].sort()).toEqual(['base.txt', 'new.txt']);
  expect(existsSync(join(parent.root, 'new.txt'))).toBe(true);
  // Its parent is killed here; the next one takes it up again.
  await store.tasks.requeue(one.id, one.attempt, { runAtMs: 0, interruption: 'crash', error: null });
  const second = await prepared(await attempt(one.id));
  expect(existsSync(join(parent.root, 'new.txt'))).toBe(false);
  expect(readFileSync(join(parent.root, 'base.txt'), 'utf8')).toBe(lines());
  // So the same work is a change again.
  writeFileSync(join(second.root, 'new.txt'), 'made');
  await store.tasks.setWorkspace(one.id, second);
  expect((await workspaces.patch(one.id)).files.map(({ path }) => path)).toEqual(['new.txt']);
});

/** The first attempt of a subtask has merged its file, and a review has sent that back. */
async function sentBack() {
  const made = await family();
  const { store, workspaces, one, attempt, prepared } = made;
  const first = await prepared(one);
  writeFileSync(join(first.root, 'new.txt'), 'bad');
  await workspaces.merge(first);
  const left = { checks: [], artifacts: [], summary: '' };
  await store.families.toReview(one.id, one.attempt, left, 's1');
  const [judge] = await store.families.judgesOf(one.id);
  const judging = await attempt(judge?.id ?? '');
  const finding = { file: 'new.txt', line: 1, severity: 'major', text: 'bad' } as const;
  const review = { verdict: 'needs_changes', findings: [finding], summary: '' } as const;
  await store.families.verdict(judging.id, judging.attempt, review, { maxAttempts: 3, diffBytes: 9 });
  return made;
}

it('what a review has sent back stays for the attempt that mends it', async () => {
  const { parent, one, attempt, prepared } = await sentBack();
  const second = await prepared(await attempt(one.id));
  expect(readFileSync(join(second.root, 'new.txt'), 'utf8')).toBe('bad');
  expect(existsSync(join(parent.root, 'new.txt'))).toBe(true);
});

it('it stays also when that attempt ends before it has a copy, and what a later one had merged does not', async () => {
  const { store, workspaces, parent, one, attempt, prepared } = await sentBack();
  const cutOff = { runAtMs: 0, interruption: 'crash', error: null } as const;
  const second = await attempt(one.id);
  await store.tasks.requeue(one.id, second.attempt, cutOff);
  const third = await attempt(one.id);
  const copy = await prepared(third);
  expect(readFileSync(join(copy.root, 'new.txt'), 'utf8')).toBe('bad');
  expect(existsSync(join(parent.root, 'new.txt'))).toBe(true);
  // This one has merged its mending, and is cut off before it could say so.
  writeFileSync(join(copy.root, 'new.txt'), 'half mended');
  await workspaces.merge(copy);
  await store.tasks.requeue(one.id, third.attempt, cutOff);
  const fourth = await prepared(await attempt(one.id));
  expect(readFileSync(join(fourth.root, 'new.txt'), 'utf8')).toBe('bad');
});

it('two that end at once are merged one after the other, and lines apart are both there', async () => {
  const { workspaces, parent, one, two, prepared } = await family();
  const [first, second] = await Promise.all([prepared(one), prepared(two)]);
  writeFileSync(join(first.root, 'base.txt'), lines('first'));
  const changed = lines().replace('7\n', 'second\n');
  writeFileSync(join(second.root, 'base.txt'), changed);
  await Promise.all([workspaces.merge(first), workspaces.merge(second)]);
  expect(readFileSync(join(parent.root, 'base.txt'), 'utf8')).toBe(lines('first').replace('7\n', 'second\n'));
});

it('the same lines are refused, with the place, and the next attempt begins on what the other has made', async () => {
  const { store, workspaces, parent, one, two, attempt, prepared } = await family();
  const [first, second] = await Promise.all([prepared(one), prepared(two)]);
  writeFileSync(join(first.root, 'base.txt'), lines('first'));
  writeFileSync(join(second.root, 'base.txt'), lines('second'));
  await workspaces.merge(first);
  await expect(workspaces.merge(second)).rejects.toMatchObject({ code: 'APPLY_CONFLICT' });
  expect(readFileSync(join(parent.root, 'base.txt'), 'utf8')).toBe(lines('first'));
  await store.tasks.requeue(two.id, two.attempt, { runAtMs: 0, interruption: 'none', error: null });
  const again = await prepared(await attempt(two.id));
  expect(readFileSync(join(again.root, 'base.txt'), 'utf8')).toBe(lines('first'));
});

it('a subtask whose parent has no workspace never gets the user’s folder in its place', async () => {
  const { store, workspaces, folder, parent, one, prepared } = await family();
  const first = await prepared(one);
  writeFileSync(join(first.root, 'new.txt'), 'made');
  await store.tasks.setWorkspace(parent.taskId, null);
  await expect(workspaces.merge(first)).rejects.toMatchObject({ code: 'NO_WORKSPACE' });
  await expect(workspaces.prepare(one, signal)).rejects.toMatchObject({ code: 'NO_WORKSPACE' });
  expect(existsSync(join(folder, 'new.txt'))).toBe(false);
});

it('a copy that was made and not noted is not taken for the next one', async () => {
  const { workspaces, parent, one, prepared } = await family();
  await workspaces.prepare(one, signal);
  // Its wilson dies before that is written down, and another subtask is merged meanwhile.
  writeFileSync(join(parent.root, 'base.txt'), lines('by another'));
  const second = await prepared(one);
  expect(readFileSync(join(second.root, 'base.txt'), 'utf8')).toBe(lines('by another'));
});

it('a parent whose workspace is gone is named, and nothing is merged into what is left', async () => {
  const { workspaces, parent, one, two, prepared } = await family();
  const first = await prepared(one);
  writeFileSync(join(first.root, 'new.txt'), 'made');
  rmSync(parent.root, { recursive: true });
  for (const failing of [() => workspaces.merge(first), () => prepared(two)]) {
    await expect(failing()).rejects.toMatchObject({
      code: 'NO_WORKSPACE',
      message: expect.stringContaining('is gone'),
    });
  }
  await expect(prepared(two)).rejects.toThrow(
    `The workspace of ${two.parentId}, which ${two.id} is a part of, is gone.`,
  );
  expect(existsSync(parent.root)).toBe(false);
});

it('a task whose workspace was removed by hand gets a new one, with the same branch', async () => {
  const { store, workspaces, folder, attempt } = await family();
  makeRepository(folder);
  const { id } = await store.tasks.submit({
    title: 't',
    description: 't',
    type: 'code',
    folder,
    priority: 0,
    sessionId: 's1',
    role: 'work',
  });
  const task = await attempt(id);
  const first = await workspaces.prepare(task, signal);
  await store.tasks.setWorkspace(id, first);
  expect(first.branch).toBe(`wilson/${id}`);
  rmSync(dirname(first.metaDir), { recursive: true });
  expect(await workspaces.prepare(task, signal)).toEqual(first);
  expect(git(folder, 'branch', '--format=%(refname:short)').trim().split('\n')).toEqual(['main', `wilson/${id}`]);
});
