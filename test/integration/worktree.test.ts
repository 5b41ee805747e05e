import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWorkspace } from '../../src/workspace/create.js';
import { findRepository, type Repository } from '../../src/workspace/git.js';
import { layoutFor } from '../../src/workspace/layout.js';
import { addWorktree, removeWorktree } from '../../src/workspace/worktree.js';
import { git, makeRepository, put } from '../helpers/folder-snapshot.js';
import { tempFolder } from '../helpers/temp-folder.js';

let top: string;
let folder: string;
let repository: Repository;

beforeEach(async () => {
  top = tempFolder();
  folder = path.join(top, 'project');
  mkdirSync(folder);
  put(folder, 'a.txt', 'a\n');
  makeRepository(folder);
  const found = await findRepository(folder);
  if (found === null) throw new Error('no repository');
  repository = found;
});

const branches = () => git(folder, 'branch', '--format=%(refname:short)').trim().split('\n');

/** A worktree that another process is just adding: git has opened the file that says where it belongs, and not yet written it. */
function halfMadeBook(): string {
  const book = path.join(repository.commonDir, 'worktrees', 'of-another');
  mkdirSync(book, { recursive: true });
  writeFileSync(path.join(book, 'gitdir'), path.join(top, 'elsewhere/.git\n'));
  writeFileSync(path.join(book, 'HEAD'), 'ref: refs/heads/another\n');
  writeFileSync(path.join(book, 'commondir'), '');
  return book;
}

describe('addWorktree beside another process that adds one', () => {
  it('tries again, with the same branch', async () => {
    const book = halfMadeBook();
    const pauses: number[] = [];
    const pause = async (delayMs: number) => {
      pauses.push(delayMs);
      writeFileSync(path.join(book, 'commondir'), '../..\n');
    };
    const tree = path.join(top, 'tree');
    expect(await addWorktree(repository, tree, 'TASK-001', { pause })).toBe('wilson/TASK-001');
    expect(pauses).toEqual([30]);
    expect(branches()).toEqual(['main', 'wilson/TASK-001']);
  });

  it('gives up with the words of git when that never ends, and leaves no branch and no worktree', async () => {
    const book = halfMadeBook();
    const pauses: number[] = [];
    const failed = addWorktree(repository, path.join(top, 'tree'), 'TASK-001', {
      pause: async (delayMs) => pauses.push(delayMs),
    });
    await expect(failed).rejects.toMatchObject({
      code: 'GIT_FAILED',
      message: expect.stringContaining('of-another/commondir'),
    });
    expect(pauses).toEqual([30, 100, 300, 1_000]);
    rmSync(book, { recursive: true });
    expect(branches()).toEqual(['main']);
    expect(readdirSync(path.join(repository.commonDir, 'worktrees'))).toEqual([]);
  });
});

describe('the branch of a worktree', () => {
  it('has the next number where the name is taken, and the other form where a branch is called wilson', async () => {
    git(folder, 'branch', 'wilson/TASK-001');
    expect(await addWorktree(repository, path.join(top, 'one'), 'TASK-001')).toBe('wilson/TASK-001-2');
    git(folder, 'branch', '-D', 'wilson/TASK-001');
    await removeWorktree(folder, path.join(top, 'one'), 'wilson/TASK-001-2', repository.headCommit);
    git(folder, 'branch', 'wilson');
    expect(await addWorktree(repository, path.join(top, 'two'), 'TASK-001')).toBe('wilson-TASK-001');
    git(folder, 'branch', 'wilson-TASK-002');
    expect(await addWorktree(repository, path.join(top, 'three'), 'TASK-002')).toBe('wilson-TASK-002-2');
  });

  it('is written down before it is made, so that what a crash leaves of it is removed', async () => {
    const stateFolder = path.join(top, 'state');
    const { metaDir, tree } = layoutFor(stateFolder, 'TASK-001');
    mkdirSync(metaDir, { recursive: true });
    const crashed = addWorktree(repository, tree, 'TASK-001', {
      beforeBranch: async (branch) => {
        writeFileSync(
          path.join(metaDir, 'creating.json'),
          JSON.stringify({ repository: folder, baseCommit: repository.headCommit, branch }),
        );
        git(folder, 'branch', branch);
        throw new Error('killed');
      },
    });
    await expect(crashed).rejects.toThrow('killed');
    const workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder });
    expect(workspace.branch).toBe('wilson/TASK-001');
    expect(branches()).toEqual(['main', 'wilson/TASK-001']);
  });

  it("is a task's own for 12 that start at once", async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `TASK-${String(index + 1).padStart(3, '0')}`);
    const made = await Promise.all(ids.map((id) => addWorktree(repository, path.join(top, id), id)));
    expect(made).toEqual(ids.map((id) => `wilson/${id}`));
  });
});
