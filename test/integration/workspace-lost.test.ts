import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Artifact } from '../../src/task/task.js';
import { applyWorkspace, undoApply } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { changedFiles, diffWorkspace } from '../../src/workspace/diff.js';
import { discardWorkspace } from '../../src/workspace/discard.js';
import { resetWorkspace } from '../../src/workspace/reset.js';
import type { Workspace } from '../../src/workspace/workspace.js';
import { git, makeRepository, put, snapshot } from '../helpers/folder-snapshot.js';
import { tempFolder } from '../helpers/temp-folder.js';

/* What a workspace has lost, by a hand, a cleaner of disks or a crash, was not deleted by its task. */

let folder: string;
let stateFolder: string;

beforeEach(() => {
  const top = tempFolder();
  folder = path.join(top, 'project');
  stateFolder = path.join(top, 'state');
  put(folder, 'main.py', 'print(1)\n');
  put(folder, 'lib/a.py', 'a\n');
  put(folder, 'lib/b.py', 'b\n');
});

/** A workspace of a task that has changed one file, made one and deleted one. */
async function worked(kind: 'snapshot' | 'worktree'): Promise<Workspace> {
  if (kind === 'worktree') makeRepository(folder);
  put(folder, 'untracked.txt', 'mine\n');
  const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder });
  put(workspace.root, 'main.py', 'print(2)\n');
  put(workspace.root, 'new/made.py', 'made\n');
  rmSync(path.join(workspace.root, 'lib/b.py'));
  return workspace;
}

const treeOf = (workspace: Workspace): string => path.join(path.dirname(workspace.metaDir), 'tree');

describe.each(['snapshot', 'worktree'] as const)('a workspace of kind %s', (kind) => {
  const everything = (at: string): void => {
    for (const name of readdirSync(at)) if (name !== '.git') rmSync(path.join(at, name), { recursive: true });
  };
  it.each<[string, string, (workspace: Workspace) => void]>([
    ['whose folder was removed', 'NO_WORKSPACE', (it) => rmSync(treeOf(it), { recursive: true })],
    [
      'whose folder was replaced by a file',
      'NO_WORKSPACE',
      (it) => {
        rmSync(treeOf(it), { recursive: true });
        put(treeOf(it), '', 'a file');
      },
    ],
    ['that was moved away', 'NO_WORKSPACE', (it) => renameSync(treeOf(it), `${treeOf(it)}.old`)],
    ['that was emptied', 'WORKSPACE_DAMAGED', (it) => everything(treeOf(it))],
    ['whose discarding was cut off', 'NO_WORKSPACE', (it) => rmSync(path.join(it.metaDir, 'workspace.json'))],
    ['whose list of files is gone', 'NO_WORKSPACE', (it) => rmSync(path.join(it.metaDir, 'manifest.json'))],
    [
      'that is gone with all that was kept of it',
      'NO_WORKSPACE',
      (it) => rmSync(path.dirname(it.metaDir), { recursive: true }),
    ],
    ...(kind === 'snapshot'
      ? []
      : ([
          [
            'that git removed',
            'NO_WORKSPACE',
            (it: Workspace) => void git(folder, 'worktree', 'remove', '--force', treeOf(it)),
          ],
          ['that lost its .git file', 'WORKSPACE_DAMAGED', (it: Workspace) => rmSync(path.join(treeOf(it), '.git'))],
        ] as [string, string, (workspace: Workspace) => void][])),
  ])('%s is neither shown nor applied', async (_what, code, lose) => {
    const workspace = await worked(kind);
    const before = snapshot(folder);
    lose(workspace);
    for (const look of [diffWorkspace, changedFiles, applyWorkspace]) {
      const failure = await look(workspace).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code, hint: expect.stringContaining('`wilson discard TASK-001`') });
      expect(String(failure)).toContain('TASK-001');
    }
    expect(snapshot(folder)).toEqual(before);
    // And it goes away without a trace, in the repository too.
    await discardWorkspace(workspace);
    expect(existsSync(path.dirname(workspace.metaDir))).toBe(false);
    if (kind === 'worktree') {
      expect(git(folder, 'branch', '--format=%(refname:short)').trim()).toBe('main');
      expect(git(folder, 'worktree', 'list').trim().split('\n')).toHaveLength(1);
      await discardWorkspace(workspace);
      expect(readdirSync(path.join(folder, '.git/refs/heads'))).toEqual(['main']);
    }
    expect(snapshot(folder)).toEqual(before);
  });

  it('that lost files since its task was looked at is refused with their names', async () => {
    const workspace = await worked(kind);
    const left: readonly Artifact[] = await changedFiles(workspace);
    const before = snapshot(folder);
    expect((await diffWorkspace(workspace, left)).files).toEqual(left);
    rmSync(path.join(workspace.root, 'lib'), { recursive: true });
    rmSync(path.join(workspace.root, 'new'), { recursive: true });
    for (const look of [diffWorkspace, applyWorkspace]) {
      await expect(look(workspace, left)).rejects.toMatchObject({
        code: 'WORKSPACE_DAMAGED',
        message:
          'The workspace of TASK-001 is damaged: lib/a.py, new/made.py are gone from it, and nobody saw the task delete that.',
        hint: expect.stringContaining(workspace.root),
      });
    }
    expect(snapshot(folder)).toEqual(before);
    put(workspace.root, 'lib/a.py', 'a\n');
    put(workspace.root, 'new/made.py', 'made\n');
    await applyWorkspace(workspace, left);
    expect(existsSync(path.join(folder, 'lib/b.py'))).toBe(false);
    expect(existsSync(path.join(folder, 'untracked.txt'))).toBe(true);
  });

  it('whose task was seen to delete everything brings that to the folder', async () => {
    const workspace = await worked(kind);
    everything(workspace.root);
    const left = ['lib/a.py', 'lib/b.py', 'main.py', 'untracked.txt'].map(
      (name): Artifact => ({ path: name, kind: 'deleted', bytes: 0 }),
    );
    await applyWorkspace(workspace, left);
    expect(readdirSync(folder).filter((name) => name !== '.git')).toEqual([]);
    await undoApply(workspace);
    expect(existsSync(path.join(folder, 'main.py'))).toBe(true);
  });

  it('that was emptied is filled again for the next attempt', async () => {
    const workspace = await worked(kind);
    everything(workspace.root);
    await resetWorkspace(workspace);
    expect((await diffWorkspace(workspace)).files).toEqual([]);
    expect(existsSync(path.join(workspace.root, 'lib/b.py'))).toBe(true);
  });

  it('that lost its folder is made anew', async () => {
    const workspace = await worked(kind);
    rmSync(treeOf(workspace), { recursive: true });
    const again = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder });
    expect(again).toEqual(workspace);
    expect((await diffWorkspace(again)).files).toEqual([]);
  });

  it('that was cut off after it was applied says that nothing can be taken back', async () => {
    const workspace = await worked(kind);
    await applyWorkspace(workspace);
    rmSync(path.dirname(workspace.metaDir), { recursive: true });
    await expect(undoApply(workspace)).rejects.toMatchObject({ code: 'NO_WORKSPACE' });
  });
});

it('a base copy that was cut is said to be damaged', async () => {
  const workspace = await worked('snapshot');
  truncateSync(path.join(workspace.metaDir, 'base.pack'), 3);
  await expect(diffWorkspace(workspace)).rejects.toMatchObject({ code: 'WORKSPACE_DAMAGED' });
});

it('a folder that is gone is not made again by an apply or an undo', async () => {
  const workspace = await worked('snapshot');
  await applyWorkspace(workspace);
  renameSync(folder, `${folder}.moved`);
  for (const change of [applyWorkspace, undoApply]) {
    await expect(change(workspace)).rejects.toMatchObject({ code: 'FOLDER_MISSING' });
  }
  expect(existsSync(folder)).toBe(false);
  mkdirSync(folder);
});

it('a task may delete the only file there is', async () => {
  rmSync(path.join(folder, 'lib'), { recursive: true });
  const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder });
  rmSync(path.join(workspace.root, 'main.py'));
  expect((await diffWorkspace(workspace)).files).toEqual([{ path: 'main.py', kind: 'deleted', bytes: 0 }]);
});
