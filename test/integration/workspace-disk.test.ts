import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { applyWorkspace, recoverApplies } from '../../src/workspace/apply.js';
import { createWorkspace } from '../../src/workspace/create.js';
import type { Workspace } from '../../src/workspace/workspace.js';
import { git, makeRepository, put, snapshot } from '../helpers/folder-snapshot.js';
import { tempFolder } from '../helpers/temp-folder.js';

/* Disks that are full or read-only, made by bubblewrap, in a process of their own. */

let folder: string;
let stateFolder: string;

beforeEach(() => {
  const top = tempFolder();
  folder = path.join(top, 'project');
  stateFolder = path.join(top, 'state');
  mkdirSync(stateFolder);
  put(folder, 'main.py', 'print(1)\n');
});

/** Runs a fixture on a machine whose disks are as the options of bubblewrap say. */
function on(disks: readonly string[], fixture: string, ...args: string[]): unknown {
  const script = path.resolve(import.meta.dirname, `../fixtures/commands/${fixture}`);
  const command = ['--dev-bind', '/', '/', ...disks, process.execPath, '--import', 'tsx', script, ...args];
  return JSON.parse(execFileSync('bwrap', command, { encoding: 'utf8' }));
}

describe('a state folder on a full disk', () => {
  it.each(['snapshot', 'worktree'])('takes no %s, says so once, and leaves nothing in the repository', (kind) => {
    put(folder, 'much.bin', Buffer.alloc(900_000, 7));
    if (kind === 'worktree') makeRepository(folder);
    const before = snapshot(folder);
    const disks = ['--size', '500000', '--tmpfs', stateFolder];
    expect(on(disks, 'makes-workspace.ts', folder, stateFolder)).toEqual({
      code: 'DISK_FULL',
      message: `Wilson could not copy ${folder} for TASK-001 into ${stateFolder}: its disk is full.`,
      hint: 'Free some space there, or set WILSON_HOME to a folder on another disk.',
    });
    expect(snapshot(folder)).toEqual(before);
    if (kind === 'worktree') expect(git(folder, 'branch', '--list', 'wilson*')).toBe('');
  });

  it('that is read-only is told apart', () => {
    const disks = ['--ro-bind', stateFolder, stateFolder];
    expect(on(disks, 'makes-workspace.ts', folder, stateFolder)).toMatchObject({
      code: 'NOT_WRITABLE',
      message: expect.stringContaining(`into ${stateFolder}: no folder can be made there`),
    });
  });
});

describe('an apply', () => {
  let workspace: Workspace;
  beforeEach(async () => {
    put(folder, 'other.py', 'other\n');
    workspace = await createWorkspace({ taskId: 'TASK-001', folder, stateFolder });
    put(workspace.root, 'main.py', 'print(2)\n');
    put(workspace.root, 'new.py', 'new\n');
  });
  const file = (): string => path.join(workspace.metaDir, 'workspace.json');

  it('to a folder on a read-only disk says so, and leaves nothing to be taken back', () => {
    const before = snapshot(folder);
    expect(on(['--ro-bind', folder, folder], 'tries-apply.ts', 'apply', file())).toMatchObject({
      code: 'APPLY_FAILED',
      message: expect.stringContaining(`Nothing was changed in ${folder}: its disk is read-only (EROFS`),
      hint: expect.stringContaining('permissions'),
    });
    expect(recoverApplies(stateFolder)).toEqual([]);
    expect(snapshot(folder)).toEqual(before);
  });

  it('that cannot keep its record says so, and leaves nothing to be taken back', () => {
    put(workspace.root, 'main.py', Buffer.alloc(300_000, 7));
    const before = snapshot(folder);
    const records = path.join(workspace.metaDir, 'applies');
    mkdirSync(records);
    const disks = ['--size', '100000', '--tmpfs', records];
    expect(on(disks, 'tries-apply.ts', 'apply', file())).toMatchObject({
      code: 'APPLY_FAILED',
      message: expect.stringContaining('its disk is full (ENOSPC'),
    });
    expect(snapshot(folder)).toEqual(before);
  });

  it('that was cut off waits to be taken back until its disk is writable again', async () => {
    const before = snapshot(folder, { times: false });
    await applyWorkspace(workspace);
    const record = path.join(workspace.metaDir, 'applies/0001/record.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace('"state":"done"', '"state":"started"'));
    const failed = ['TASK-001', expect.stringContaining('EROFS')];
    const disks = ['--ro-bind', folder, folder];
    expect(on(disks, 'tries-apply.ts', 'recover', file())).toEqual({ recovered: [], failed });
    expect(on([], 'tries-apply.ts', 'recover', file())).toEqual({ recovered: ['TASK-001'], failed: [] });
    expect(snapshot(folder, { times: false })).toEqual(before);
  });

  it('is not taken back on a read-only disk, and that is told the next time too', async () => {
    await applyWorkspace(workspace);
    const before = snapshot(folder);
    const outcome = on(['--ro-bind', folder, folder], 'tries-apply.ts', 'undo', file());
    expect(outcome).toMatchObject({ code: 'APPLY_FAILED', message: expect.stringContaining('its disk is read-only') });
    expect(snapshot(folder)).toEqual(before);
    expect(readdirSync(folder).filter((name) => name.startsWith('.wilson-'))).toEqual([]);
    // It can be undone once the disk is writable again.
    expect(on([], 'tries-apply.ts', 'undo', file())).toEqual({ restored: ['main.py', 'new.py'] });
    expect(readFileSync(path.join(folder, 'main.py'), 'utf8')).toBe('print(1)\n');
  });
});
