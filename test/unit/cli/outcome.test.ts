import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apply, diff, discard, retry, undo } from '../../../src/cli/outcome.js';
import { applyWorkspace } from '../../../src/workspace/apply.js';
import { createWorkspace } from '../../../src/workspace/create.js';
import type { Workspace } from '../../../src/workspace/workspace.js';
import { capturedIo } from '../../helpers/captured-io.js';
import { type FamilyRig, plannedFamily } from '../../helpers/family-rig.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const plain = { json: false };
const { signal } = new AbortController();

/** A family with workspaces: the parent's holds `todo.py`, that of its code task `more.py` besides. */
async function withWorkspaces() {
  const folder = tempFolder();
  const rig = plannedFamily(folder);
  const { state, store } = rig;
  const add = async (taskId: string, from: string, file: string): Promise<Workspace> => {
    const workspace = await createWorkspace({ taskId, folder: from, stateFolder: state, signal });
    writeFileSync(join(workspace.root, file), 'print(1)\n');
    store.tasks.setWorkspace(taskId, workspace);
    return workspace;
  };
  const parent = await add('TASK-001', folder, 'todo.py');
  const code = await add('TASK-002', parent.root, 'more.py');
  return { ...rig, folder, parent, code };
}

function finish({ store, claim }: FamilyRig, id: string): void {
  store.tasks.end(id, claim(id).attempt, { status: 'done', summary: 's', error: null });
}

describe('what a subtask made', () => {
  it('is shown by itself as long as its own copy is there, then with its parent', async () => {
    const rig = await withWorkspaces();
    const io = capturedIo(rig.state);
    expect(await diff('2', plain, io)).toBe(0);
    expect(io.out.stdout).toContain('more.py');
    expect(io.out.stdout).not.toContain('todo.py');
    finish(rig, 'TASK-002');
    rig.store.tasks.setWorkspace('TASK-002', null);
    await expect(diff('2', plain, io)).rejects.toMatchObject({
      code: 'PART_OF_PARENT',
      message: 'What TASK-002 changed is part of TASK-001.',
      hint: '`wilson diff TASK-001` shows it.',
    });
    await expect(diff('3', plain, io)).rejects.toMatchObject({ code: 'NO_WORKSPACE' });
  });

  it.each([
    ['apply', apply, 'applied'],
    ['undo', undo, 'undone'],
    ['discard', discard, 'discarded'],
  ] as const)('is not for %s by itself', async (name, command, participle) => {
    const rig = await withWorkspaces();
    finish(rig, 'TASK-002');
    const refused = expect(command('TASK-002', plain, capturedIo(rig.state))).rejects;
    await refused.toMatchObject({
      code: 'PART_OF_PARENT',
      message: `TASK-002 is a part of TASK-001 and cannot be ${participle} by itself.`,
      hint: expect.stringContaining(`wilson ${name} TASK-001`),
    });
    expect(existsSync(rig.code.root)).toBe(true);
  });
});

describe('discard of a parent', () => {
  it('takes the copies of its subtasks along', async () => {
    const rig = await withWorkspaces();
    const { store, state, parent, code } = rig;
    for (const id of ['TASK-001', 'TASK-002', 'TASK-003', 'TASK-004']) store.tasks.cancelQueued(id);
    expect(await discard('1', plain, capturedIo(state))).toBe(0);
    expect([existsSync(parent.root), existsSync(code.root)]).toEqual([false, false]);
    expect([store.tasks.workspaceOf('TASK-001'), store.tasks.workspaceOf('TASK-002')]).toEqual([null, null]);
    await expect(diff('2', plain, capturedIo(state))).rejects.toMatchObject({
      message: 'What TASK-002 made was thrown away.',
    });
  });

  it('is refused while one of them runs', async () => {
    const { store, state, code } = await withWorkspaces();
    store.tasks.cancelQueued('TASK-001');
    await expect(discard('1', plain, capturedIo(state))).rejects.toMatchObject({
      code: 'TASK_RUNNING',
      message: 'TASK-002 is not over: ready.',
    });
    expect(existsSync(code.root)).toBe(true);
  });
});

describe('apply of a parent', () => {
  it('waits until it is over', async () => {
    const { store, state, folder } = await withWorkspaces();
    await expect(apply('1', plain, capturedIo(state))).rejects.toMatchObject({ code: 'TASK_RUNNING' });
    store.tasks.cancelQueued('TASK-001');
    expect(await apply('1', plain, capturedIo(state))).toBe(0);
    expect(readFileSync(join(folder, 'todo.py'), 'utf8')).toBe('print(1)\n');
  });
});

describe('undo', () => {
  it('takes back what was applied by a process that was killed before it wrote that down, and nothing else', async () => {
    const { store, state, folder, parent } = await withWorkspaces();
    store.tasks.cancelQueued('TASK-001');
    await expect(undo('1', plain, capturedIo(state))).rejects.toMatchObject({ code: 'NOT_APPLIED' });
    await applyWorkspace(parent);
    expect(await undo('1', plain, capturedIo(state))).toBe(0);
    expect(existsSync(join(folder, 'todo.py'))).toBe(false);
    await expect(undo('1', plain, capturedIo(state))).rejects.toMatchObject({ code: 'NOT_APPLIED' });
  });
});

/** A task that stands alone and has failed, with `todo.py` in its copy. */
async function failedTask() {
  const folder = tempFolder();
  const rig = plannedFamily(folder);
  const { state, store, claim } = rig;
  const input = { title: 't', description: 'd', type: 'code', folder, priority: 0, sessionId: 's1' } as const;
  const { id } = store.tasks.submit(input);
  const workspace = await createWorkspace({ taskId: id, folder, stateFolder: state, signal });
  store.tasks.setWorkspace(id, workspace);
  const make = (file: string): void => writeFileSync(join(workspace.root, file), 'print(1)\n');
  const fail = (): void => {
    store.tasks.end(id, claim(id).attempt, { status: 'failed', summary: null, error: null });
  };
  fail();
  return { ...rig, folder, id, workspace, make, fail };
}

describe('a result that was applied', () => {
  it('is not discarded with the way back, unless that is wanted', async () => {
    const { state, store, folder, id, workspace, make } = await failedTask();
    make('todo.py');
    expect(await apply(id, plain, capturedIo(state))).toBe(0);
    await expect(discard(id, plain, capturedIo(state))).rejects.toMatchObject({
      code: 'APPLIED',
      hint: expect.stringMatching(/^`wilson undo TASK-005` takes it back first\..*--keep-applied/),
    });
    expect(existsSync(workspace.root)).toBe(true);
    expect(await undo(id, plain, capturedIo(state))).toBe(0);
    expect(existsSync(join(folder, 'todo.py'))).toBe(false);
    expect(await apply(id, plain, capturedIo(state))).toBe(0);
    const io = capturedIo(state);
    expect(await discard(id, { ...plain, keepApplied: true }, io)).toBe(0);
    expect(io.out.stdout).toBe(`The copy of ${id} is thrown away; what was applied stays in ${folder}.\n`);
    expect([existsSync(workspace.root), existsSync(join(folder, 'todo.py'))]).toEqual([false, true]);
    expect(store.tasks.outcomeOf(id)).toBe('applied');
    for (const command of [undo, apply, diff, discard]) {
      await expect(command(id, plain, capturedIo(state))).rejects.toMatchObject({
        code: 'NO_WORKSPACE',
        message: `What ${id} made was applied for good; its copy was thrown away.`,
      });
    }
  });

  it('can be undone after the task was queued again, and step by step where it was applied twice', async () => {
    const { state, store, folder, id, make, fail } = await failedTask();
    make('todo.py');
    await apply(id, plain, capturedIo(state));
    expect(store.families.retry(id)).toBe(true);
    expect(await undo(id, plain, capturedIo(state))).toBe(0);
    expect(existsSync(join(folder, 'todo.py'))).toBe(false);

    fail();
    await apply(id, plain, capturedIo(state));
    store.families.retry(id);
    fail();
    make('more.py');
    expect(await apply(id, plain, capturedIo(state))).toBe(0);
    await expect(apply(id, plain, capturedIo(state))).rejects.toMatchObject({ code: 'ALREADY_APPLIED' });
    const first = capturedIo(state);
    expect(await undo(id, plain, first)).toBe(0);
    expect(first.out.stdout).toContain('What an earlier try had brought is still there');
    expect([existsSync(join(folder, 'todo.py')), existsSync(join(folder, 'more.py'))]).toEqual([true, false]);
    const second = capturedIo(state);
    expect(await undo(id, { json: true }, second)).toBe(0);
    expect(JSON.parse(second.out.stdout)).toEqual({ task: id, restored: ['todo.py'], stillApplied: false });
    expect(existsSync(join(folder, 'todo.py'))).toBe(false);
  });

  it('goes where the new result has no use for it', async () => {
    const { state, store, folder, id, workspace, make, fail } = await failedTask();
    make('todo.py');
    await apply(id, plain, capturedIo(state));
    store.families.retry(id);
    fail();
    rmSync(join(workspace.root, 'todo.py'));
    const io = capturedIo(state);
    expect(await apply(id, plain, io)).toBe(0);
    expect(io.out.stdout).toBe(
      `as before todo.py (an earlier try had changed it)\n\`wilson undo ${id}\` takes it back.\n`,
    );
    expect(existsSync(join(folder, 'todo.py'))).toBe(false);
  });
});

describe('a task that changed nothing', () => {
  it('is not applied, and says nothing else', async () => {
    const { state, store, id } = await failedTask();
    for (let again = 0; again < 2; again += 1) {
      const io = capturedIo(state);
      expect(await apply(id, plain, io)).toBe(0);
      expect(io.out).toEqual({ stdout: `${id} changed nothing: there is nothing to apply.\n`, stderr: '' });
      expect(store.tasks.outcomeOf(id)).toBeNull();
    }
    const io = capturedIo(state);
    expect(await apply(id, { json: true }, io)).toBe(0);
    expect(JSON.parse(io.out.stdout)).toEqual({ task: id, applied: [], merged: [], takenBack: [] });
    // Noted so by an earlier version.
    store.tasks.setOutcome(id, 'applied');
    await expect(undo(id, plain, capturedIo(state))).rejects.toMatchObject({ code: 'NOT_APPLIED', hint: '' });
    expect(await apply(id, plain, capturedIo(state))).toBe(0);
  });
});

describe('a task that asks', () => {
  it('is to be answered, whatever else was wanted of it or of what it is a part of', async () => {
    const rig = await withWorkspaces();
    const { state, store, claim } = rig;
    store.families.ask('TASK-002', claim('TASK-002').attempt, 'Which database?');
    const hint = expect.stringMatching(
      /^`wilson answer TASK-002 "…"` answers what it asks\. `wilson kill TASK-00[12]`/,
    );
    await expect(retry('2', plain, capturedIo(state))).rejects.toMatchObject({ code: 'NOT_RETRYABLE', hint });
    await expect(retry('1', plain, capturedIo(state))).rejects.toMatchObject({ code: 'NOT_RETRYABLE', hint });
    for (const command of [apply, discard]) {
      await expect(command('1', plain, capturedIo(state))).rejects.toMatchObject({ code: 'TASK_RUNNING', hint });
    }
  });
});

describe('retry', () => {
  it('is refused for what is not over, is done, or is a part of something done', async () => {
    const rig = plannedFamily();
    const { state, store } = rig;
    await expect(retry('1', plain, capturedIo(state))).rejects.toMatchObject({
      code: 'NOT_RETRYABLE',
      message: 'TASK-001 is blocked: only failed and cancelled tasks can be retried.',
    });
    finish(rig, 'TASK-002');
    await expect(retry('2', plain, capturedIo(state))).rejects.toMatchObject({
      message: 'TASK-002 is done: only failed and cancelled tasks can be retried.',
    });
    expect(store.tasks.get('TASK-001')?.status).toBe('blocked');
  });
});
