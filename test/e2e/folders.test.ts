import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { git, makeRepository, put, snapshot } from '../helpers/folder-snapshot.js';
import { scriptedProgram } from '../helpers/scripted-program.js';
import { startMachine } from '../helpers/wilson-cli.js';

/* Folders that are not as a task needs them: lost, too wide, too big, or gone while somebody stands in them. */

vi.setConfig({ testTimeout: 120_000 });

const write = (files: Record<string, string>): string => JSON.stringify({ files, summary: 'wrote it' });

describe('a workspace that was removed by hand', () => {
  it('is not applied to the folder, and discard leaves nothing of it in the repository', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    const { project } = machine;
    put(project, 'app.py', 'x = 1\n');
    makeRepository(project);
    put(project, 'notes.txt', 'mine, and in no commit\n');
    expect((await machine.run(['run', write({ 'new.py': 'y = 1\n' }), '--type', 'code'])).code).toBe(0);
    const before = snapshot(project);
    const { workspace } = await machine.task('1');
    git(project, 'worktree', 'remove', '--force', workspace ?? '');
    for (const command of ['apply', 'diff']) {
      const { code, stdout, stderr } = await machine.run([command, '1', '--json']);
      expect([command, code, JSON.parse(stdout).error.code]).toEqual([command, 1, 'NO_WORKSPACE']);
      expect(stderr).toMatch(/The workspace of TASK-001 is gone[\s\S]*Your folder was not touched/);
    }
    expect(snapshot(project)).toEqual(before);
    rmSync(join(machine.home, 'workspaces'), { recursive: true });
    expect((await machine.run(['apply', '1'])).stderr).toContain('is gone');
    expect((await machine.run(['discard', '1'])).code).toBe(0);
    expect(git(project, 'branch', '--format=%(refname:short)').trim()).toBe('main');
    expect(snapshot(project)).toEqual(before);
  });

  it('in part is refused with what is missing', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    const { project } = machine;
    for (const name of ['a.py', 'b.py', 'c.py']) put(project, name, 'x = 1\n');
    expect((await machine.run(['run', write({ 'new.py': 'y = 1\n' }), '--type', 'code'])).code).toBe(0);
    const before = snapshot(project);
    const { workspace } = await machine.task('1');
    for (const name of ['b.py', 'c.py']) rmSync(join(workspace ?? '', name));
    const { code, stderr } = await machine.run(['apply', '1']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('is damaged: b.py, c.py are gone from it')]);
    expect(snapshot(project)).toEqual(before);
  });
});

it('a file that is too big for a copy is named, in the notice and in the conflict', async () => {
  const machine = await startMachine({ main: scriptedProgram() });
  put(machine.project, 'data.csv', Buffer.alloc(21 * 1_048_576, 'x'));
  const ran = await machine.run(['run', write({ 'data.csv': 'made\n' }), '--type', 'code']);
  expect(ran.stderr).toContain('TASK-001 works without a part of the folder: data.csv (bigger than 20 MB)');
  const { code, stderr } = await machine.run(['apply', '1']);
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('data.csv (a file lies there that the task had no copy of: bigger than 20 MB)'),
  ]);
  expect(await machine.task('1')).toHaveProperty('leftOut', {
    count: 1,
    files: [{ path: 'data.csv', reason: 'too big' }],
  });
  expect((await machine.run(['show', '1'])).stdout).toMatch(/Left out +data\.csv \(bigger than 20 MB\)/);
  expect((await machine.run(['logs', '1'])).stdout).toContain('data.csv (bigger than 20 MB)');
});

it.runIf(process.platform === 'linux')('a full disk ends a task at once, with the reason and what helps', async () => {
  const machine = await startMachine({ main: scriptedProgram() });
  put(machine.project, 'data.bin', Buffer.alloc(12 * 1_048_576, 7));
  mkdirSync(machine.home, { recursive: true });
  const disk = ['--dev-bind', '/', '/', '--size', String(8 * 1_048_576), '--tmpfs', machine.home];
  const command = [process.execPath, machine.main, 'run', write({ 'a.py': 'x = 1\n' }), '--type', 'code', '--json'];
  const { status, stdout, stderr } = spawnSync('bwrap', [...disk, ...command], {
    cwd: machine.project,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...machine.env },
  });
  expect([status, JSON.parse(stdout)]).toMatchObject([1, { attempt: 1, error: { code: 'DISK_FULL' } }]);
  expect(JSON.parse(stdout).error.hint).toContain('WILSON_HOME');
  expect(stderr).not.toContain('trying again');
});

describe('a home folder', () => {
  it('is not copied for a task; questions and the chat work there', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    const home = join(dirname(machine.project), 'home');
    mkdirSync(join(home, '.ssh'), { recursive: true });
    writeFileSync(join(home, '.ssh/id_rsa'), 'secret\n');
    const at = { cwd: home, env: { HOME: home } };
    for (const detach of [[], ['--detach']]) {
      const refused = await machine.run(['run', write({ 'a.py': 'x = 1\n' }), '--type', 'code', ...detach], at);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toMatch(
        /is your home folder: Wilson makes no copy of it[\s\S]*in the folder of a project/,
      );
    }
    const about = await machine.run(['run', 'How many files are in here?'], at);
    expect([about.code, about.stderr]).toEqual([2, expect.stringContaining('is your home folder')]);
    // Written so that it does not speak of files.
    const question = write({ answer: '42\n' }).replace('"files"', '"\\u0066iles"');
    const answered = await machine.run(['run', question, '--type', 'general'], at);
    expect(answered.stderr).toContain('a home folder or a whole disk is not copied');
    const { workspace } = await machine.task('1');
    expect(readdirSync(workspace ?? '')).toEqual(['answer']);
    const chat = await machine.run([], { ...at, input: '/tasks\n' });
    expect([chat.code, chat.stdout]).toEqual([0, expect.stringContaining('TASK-001')]);
    expect(readdirSync(home)).toEqual(['.ssh']);
  });
});

describe('a current folder that was removed', () => {
  it('is named by the commands that need one; the others work', async () => {
    const machine = await startMachine();
    const gone = join(dirname(machine.project), 'gone');
    const inGone = (...args: string[]): string =>
      execFileSync(
        'sh',
        [
          '-c',
          'mkdir "$0" && cd "$0" && rmdir "$0" && "$@" </dev/null 2>&1; echo "ended with $?"',
          gone,
          process.execPath,
          machine.main,
          ...args,
        ],
        { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: process.env.HOME, ...machine.env } },
      );
    for (const args of [[], ['run', 'Write a.py', '--type', 'code'], ['ps'], ['models']]) {
      const said = inGone(...args);
      expect([args[0], said]).toEqual([
        args[0],
        'The current folder is not there any more.\nChange to a folder that exists (`cd`), and try again.\nended with 2\n',
      ]);
    }
    expect(inGone('run', 'Write a.py', '--json')).toContain('"code": "NO_CURRENT_FOLDER"');
    expect(inGone('tasks')).toMatch(/ended with 0\n$/);
    expect(inGone('--version')).toMatch(/ended with 0\n$/);
    expect(inGone('show', '7')).toMatch(/There is no task "7"[\s\S]*ended with 1\n$/);
    expect(existsSync(gone)).toBe(false);
  });
});
