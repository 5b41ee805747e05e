import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyWorkspace } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { leftOutText } from '../../src/workspace/left-out.js';
import { skippedFiles } from '../../src/workspace/read-left-out.js';
import { git, makeRepository, put } from '../helpers/folder-snapshot.js';
import { tempFolder } from '../helpers/temp-folder.js';

/* What of the folder a task's copy lacks: said with the workspace, and where it meets what the task made. */

let folder: string;
let stateFolder: string;

beforeEach(() => {
  const top = tempFolder();
  folder = path.join(top, 'project');
  stateFolder = path.join(top, 'state');
  put(folder, 'main.py', 'print(1)\n');
});

const create = (more: Partial<Parameters<typeof createWorkspace>[0]> = {}) =>
  createWorkspace({ taskId: 'TASK-001', folder, stateFolder, ...more });

describe('a file that is too big for a copy', () => {
  it('is named with the workspace, and by a conflict with what the task made in its place', async () => {
    put(folder, 'data.csv', Buffer.alloc(2_000, 'x'));
    const workspace = await create({ limits: { maxFileBytes: 1_000 } });
    expect(workspace.leftOut).toEqual({ count: 1, files: [{ path: 'data.csv', reason: 'too big' }] });
    put(workspace.root, 'data.csv', 'made\n');
    await expect(applyWorkspace(workspace)).rejects.toMatchObject({
      code: 'APPLY_CONFLICT',
      message: expect.stringContaining('data.csv (a file lies there that the task had no copy of: bigger than 20 MB)'),
    });
    // One that really was made meanwhile is still called so.
    put(workspace.root, 'other.csv', 'made\n');
    put(folder, 'other.csv', 'mine\n');
    await expect(applyWorkspace(workspace)).rejects.toMatchObject({
      message: expect.stringContaining('other.csv (another file of that name was made meanwhile)'),
    });
  });

  it('is not missed where there is none', async () => {
    expect(await create()).not.toHaveProperty('leftOut');
  });
});

describe('credentials', () => {
  const keys = ['.ssh/id_rsa', 'deploy/.aws/credentials', '.gnupg/ring', 'id_ed25519', 'home/.netrc'];

  it.each(['snapshot', 'worktree'])('are left out of a %s, and said to be', async (kind) => {
    if (kind === 'worktree') makeRepository(folder);
    for (const key of keys) put(folder, key, 'secret\n');
    put(folder, '.ssh/config', 'secret\n');
    put(folder, 'tests/server.pem', '-----BEGIN PRIVATE KEY-----\n');
    const workspace = await create();
    expect(workspace.kind).toBe(kind);
    for (const key of keys) expect(existsSync(path.join(workspace.root, key))).toBe(false);
    // The tests of a project may need one.
    expect(existsSync(path.join(workspace.root, 'tests/server.pem'))).toBe(true);
    expect((await skippedFiles(workspace)).sort((a, b) => (a.path < b.path ? -1 : 1))).toEqual(
      ['.gnupg', '.ssh', 'deploy/.aws', 'home/.netrc', 'id_ed25519'].map((name) => ({
        path: name,
        reason: 'credentials',
      })),
    );
    put(workspace.root, '.ssh/config', 'made\n');
    await expect(applyWorkspace(workspace)).rejects.toMatchObject({
      message: expect.stringContaining(
        '.ssh/config (a file lies there that the task had no copy of: holds credentials)',
      ),
    });
  });

  it('that a repository tracks are no secret, and stay', async () => {
    put(folder, 'vagrant/id_rsa', 'known to all\n');
    makeRepository(folder);
    const workspace = await create();
    expect(existsSync(path.join(workspace.root, 'vagrant/id_rsa'))).toBe(true);
    expect(workspace.leftOut).toBeUndefined();
  });

  it('that a task has made are in the copies of its subtasks', async () => {
    const parent = await create();
    put(parent.root, 'keys/id_rsa', 'made\n');
    const subtask = await create({ taskId: 'TASK-002', folder: parent.root, plain: true });
    expect(existsSync(path.join(subtask.root, 'keys/id_rsa'))).toBe(true);
  });
});

describe('a workspace without the files of its folder', () => {
  it('is empty, also in a repository, and brings what was made', async () => {
    makeRepository(folder);
    put(folder, 'notes.txt', 'mine\n');
    const workspace = await create({ empty: true });
    expect(workspace.kind).toBe('snapshot');
    expect(readdirSync(workspace.root)).toEqual([]);
    expect(leftOutText(workspace.leftOut ?? { count: 0, files: [] })).toBe(
      'all its files (a home folder or a whole disk is not copied)',
    );
    put(workspace.root, 'answer.md', '42\n');
    await applyWorkspace(workspace);
    expect(existsSync(path.join(folder, 'answer.md'))).toBe(true);
    put(workspace.root, 'notes.txt', 'made\n');
    await expect(applyWorkspace(workspace)).rejects.toMatchObject({
      code: 'APPLY_CONFLICT',
      message: expect.stringContaining('notes.txt (a file lies there that the task had no copy of'),
    });
    expect(git(folder, 'branch', '--list', 'wilson*')).toBe('');
  });
});

it('a long list is counted', () => {
  const files = Array.from({ length: 6 }, (_, at) => ({ path: `${at}.bin`, reason: 'too big' as const }));
  expect(leftOutText({ count: 9, files })).toBe(
    '0.bin (bigger than 20 MB), 1.bin (bigger than 20 MB), 2.bin (bigger than 20 MB), 3.bin (bigger than 20 MB) and 5 more',
  );
});
