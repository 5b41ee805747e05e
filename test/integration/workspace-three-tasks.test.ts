import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyWorkspace, undoApply } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { diffWorkspace } from '../../src/workspace/diff.js';
import type { Workspace } from '../../src/workspace/workspace.js';
import { git, makeRepository, put, snapshot } from '../helpers/folder-snapshot.js';
import { tempFolder } from '../helpers/temp-folder.js';

const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\r\n`);
let folder: string;
let before: Record<string, string>;
let one: Workspace;
let two: Workspace;
let three: Workspace;

/** The file with some lines (counted from 1) replaced. */
function withLines(changes: Readonly<Record<number, string>>): string {
  return lines.map((line, index) => (index + 1 in changes ? `${changes[index + 1]}\r\n` : line)).join('');
}

function read(root: string): string {
  return readFileSync(path.join(root, 'app.py'), 'utf8');
}

async function failureOf(action: Promise<unknown>): Promise<unknown> {
  return action.catch((error: unknown) => error);
}

beforeEach(async () => {
  const top = tempFolder();
  folder = path.join(top, 'project');
  mkdirSync(folder);
  put(folder, 'app.py', lines.join(''), 0o755);
  put(folder, 'old/gone.py', 'gone\n', 0o640);
  chmodSync(path.join(folder, 'old'), 0o750);
  put(folder, 'other.py', 'x = 1\n');
  makeRepository(folder);
  before = snapshot(folder);
  const make = (taskId: string) => createWorkspace({ taskId, folder, stateFolder: path.join(top, 'state') });
  [one, two, three] = await Promise.all([make('TASK-001'), make('TASK-002'), make('TASK-003')]);
  put(one.root, 'app.py', withLines({ 3: 'one', 4: 'one' }));
  put(one.root, 'one.py', 'one\n');
  rmSync(path.join(one.root, 'old'), { recursive: true });
  put(two.root, 'app.py', withLines({ 4: 'two', 5: 'two', 6: 'two' }));
  put(two.root, 'other.py', 'x = 2\n');
  put(three.root, 'app.py', withLines({ 15: 'three\r\nand more' }));
});

describe('three tasks on the same file of one repository', () => {
  it('have a worktree and a branch each, and see nothing of one another', async () => {
    expect(new Set([one, two, three].map(({ root }) => root)).size).toBe(3);
    expect([one, two, three].map(({ kind, branch }) => `${kind} ${branch}`)).toEqual([
      'worktree wilson/TASK-001',
      'worktree wilson/TASK-002',
      'worktree wilson/TASK-003',
    ]);
    expect(git(folder, 'worktree', 'list').trim().split('\n')).toHaveLength(4);
    expect(read(one.root)).not.toMatch(/two|three/);
    expect(read(two.root)).not.toMatch(/one|three/);
    expect((await diffWorkspace(three)).files.map((file) => file.path)).toEqual(['app.py']);
    expect(snapshot(folder)).toEqual(before);
  });

  it('the first applies, the one that meets it is refused and says where, the third is merged', async () => {
    expect((await applyWorkspace(one)).merged).toEqual([]);
    const afterOne = snapshot(folder);
    expect(await failureOf(applyWorkspace(two))).toMatchObject({
      code: 'APPLY_CONFLICT',
      message:
        'Changed since, so nothing was touched: app.py (lines 3 to 6 in the folder against lines 3 to 6 of the task)',
    });
    expect(snapshot(folder)).toEqual(afterOne);
    const { applied, merged } = await applyWorkspace(three);
    expect([applied.map((file) => file.path), merged]).toEqual([['app.py'], ['app.py']]);
    expect(read(folder)).toBe(withLines({ 3: 'one', 4: 'one', 15: 'three\r\nand more' }));
    expect(statSync(path.join(folder, 'app.py')).mode & 0o777).toBe(0o755);
  });

  it('are undone to the byte, the last one first', async () => {
    await applyWorkspace(one);
    const afterOne = snapshot(folder, { times: false });
    await applyWorkspace(three);
    await undoApply(three);
    expect(snapshot(folder, { times: false })).toEqual(afterOne);
    await undoApply(one);
    expect(snapshot(folder, { times: false })).toEqual(snapshotWithoutTimes());
  });

  it('are undone to the byte, the first one first', async () => {
    await applyWorkspace(one);
    await applyWorkspace(three);
    await undoApply(one);
    expect(read(folder)).toBe(withLines({ 15: 'three\r\nand more' }));
    expect(existsSync(path.join(folder, 'one.py'))).toBe(false);
    await undoApply(three);
    expect(snapshot(folder, { times: false })).toEqual(snapshotWithoutTimes());
  });

  it('leave room again once the one in the way is undone', async () => {
    await applyWorkspace(one);
    await failureOf(applyWorkspace(two));
    await undoApply(one);
    expect((await applyWorkspace(two)).merged).toEqual([]);
    await applyWorkspace(three);
    expect(read(folder)).toBe(withLines({ 4: 'two', 5: 'two', 6: 'two', 15: 'three\r\nand more' }));
  });

  it('are not undone where somebody wrote over their lines, and then nothing is', async () => {
    await applyWorkspace(one);
    put(folder, 'app.py', read(folder).replace('one\r\none', 'one\r\nmine'));
    const mine = snapshot(folder);
    expect(await failureOf(undoApply(one))).toMatchObject({
      code: 'UNDO_CONFLICT',
      message: expect.stringContaining('app.py (lines 3 to 4 in the folder against lines 3 to 4'),
    });
    expect(snapshot(folder)).toEqual(mine);
  });

  it('apply again after a merge without taking the other one away', async () => {
    await applyWorkspace(one);
    await applyWorkspace(three);
    put(three.root, 'app.py', withLines({ 15: 'three again', 18: 'new' }));
    await applyWorkspace(three);
    expect(read(folder)).toBe(withLines({ 3: 'one', 4: 'one', 15: 'three again', 18: 'new' }));
    await undoApply(three);
    expect(read(folder)).toBe(withLines({ 3: 'one', 4: 'one', 15: 'three\r\nand more' }));
    await undoApply(one);
    await undoApply(three);
    expect(snapshot(folder, { times: false })).toEqual(snapshotWithoutTimes());
  });

  it('merge with what the user has written meanwhile', async () => {
    put(folder, 'app.py', withLines({ 1: 'mine', 20: 'mine' }));
    await applyWorkspace(one);
    expect(read(folder)).toBe(withLines({ 1: 'mine', 3: 'one', 4: 'one', 20: 'mine' }));
    put(folder, 'app.py', read(folder).replace('line 10', 'mine too'));
    await undoApply(one);
    expect(read(folder)).toBe(withLines({ 1: 'mine', 10: 'mine too', 20: 'mine' }));
  });

  it('say for each path why it cannot be brought together', async () => {
    put(folder, 'new.py', 'mine\n');
    put(two.root, 'new.py', 'two\n');
    rmSync(path.join(folder, 'other.py'));
    rmSync(path.join(two.root, 'old/gone.py'));
    put(folder, 'old/gone.py', 'still here\n');
    rmSync(path.join(folder, 'app.py'));
    mkdirSync(path.join(folder, 'app.py'));
    const now = snapshot(folder);
    expect(await failureOf(applyWorkspace(two))).toMatchObject({
      code: 'APPLY_CONFLICT',
      message:
        'Changed since, so nothing was touched: app.py (something that is no file lies there now); ' +
        'new.py (another file of that name was made meanwhile); ' +
        'old/gone.py (it was changed, and would be deleted); other.py (it is gone from the folder)',
    });
    expect(snapshot(folder)).toEqual(now);
    expect(readdirSync(path.join(two.metaDir)).sort()).toContain('workspace.json');
  });

  it('do not touch a file that already is as they want it', async () => {
    put(folder, 'other.py', 'x = 2\n');
    const stamp = statSync(path.join(folder, 'other.py')).mtimeMs;
    await applyWorkspace(two);
    expect(statSync(path.join(folder, 'other.py')).mtimeMs).toBe(stamp);
    await undoApply(two);
    expect(readFileSync(path.join(folder, 'other.py'), 'utf8')).toBe('x = 2\n');
  });
});

function snapshotWithoutTimes(): Record<string, string> {
  return Object.fromEntries(Object.entries(before).map(([name, value]) => [name, value.replace(/ @\d+/, '')]));
}
