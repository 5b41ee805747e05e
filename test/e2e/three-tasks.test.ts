import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { TaskJson } from '../../src/cli/json-shapes.js';
import { isAlive } from '../../src/platform/process-identity.js';
import { git, makeRepository, put, repositoryState, snapshot } from '../helpers/folder-snapshot.js';
import { scriptedProgram } from '../helpers/scripted-program.js';
import { configFor, eventually, type Machine, startMachine, treeOf } from '../helpers/wilson-cli.js';

// Many starts of the program, one after the other: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const lines = Array.from({ length: 20 }, (_, index) => `line_${index + 1} = ${index + 1}\r\n`);

/** `app.py` with some lines (counted from 1) replaced. */
function withLines(changes: Readonly<Record<number, string>>): string {
  return lines.map((line, index) => (index + 1 in changes ? `${changes[index + 1]}\r\n` : line)).join('');
}

/** What each of the three makes: the second meets the first in line 4, the third is far from both. */
const made = {
  one: { files: { 'app.py': withLines({ 3: 'one = 3', 4: 'one = 4' }), 'one/new.py': 'x = 1\n' }, remove: ['old.py'] },
  two: { files: { 'app.py': withLines({ 4: 'two = 4', 5: 'two = 5' }), 'other.py': 'x = 2\n' } },
  three: { files: { 'app.py': withLines({ 15: 'three = 15' }) } },
} as const;
type Name = keyof typeof made;
const names = Object.keys(made) as readonly Name[];

interface Ground {
  readonly machine: Machine;
  readonly env: Record<string, string>;
  /** What the user's folder and repository hold, with times. */
  state(): unknown;
  bytes(): Record<string, string>;
  read(name: string): string;
  /** Lets the workers come to their end. */
  go(): void;
  scriptOf(name: Name): string;
}

/** A repository in the midst of work: staged, changed and new files, a stash, another branch, another worktree. */
async function startGround(): Promise<Ground> {
  const machine = await startMachine({ main: scriptedProgram() });
  const { project } = machine;
  put(project, 'app.py', lines.join(''), 0o755);
  put(project, 'old.py', 'gone = 1\n', 0o640);
  put(project, 'other.py', 'x = 1\n');
  put(project, 'staged.py', 'x = 1\n');
  put(project, '.gitignore', 'ignored.txt\n');
  makeRepository(project);
  git(project, 'branch', 'feature');
  git(project, 'worktree', 'add', '-q', join(dirname(project), 'users-own'), 'feature');
  put(project, 'staged.py', 'x = "stashed"\n');
  git(project, 'stash', '-q');
  put(project, 'staged.py', 'x = "staged"\n');
  git(project, 'add', 'staged.py');
  put(project, 'staged.py', 'x = "and changed"\n');
  put(project, 'notes.txt', 'not added\n');
  put(project, 'ignored.txt', 'ignored\n');
  mkdirSync(join(project, 'empty'));
  chmodSync(join(project, 'empty'), 0o750);
  const start = join(machine.home, '..', 'go');
  const scriptOf = (name: Name): string =>
    JSON.stringify({ ...made[name], summary: `changed app.py as ${name}`, waitFor: start });
  return {
    machine,
    env: { WILSON_CONFIG: machine.writeConfig(configFor(machine.double.url, 3)) },
    state: () => [snapshot(project), repositoryState(join(project, '.git'))],
    bytes: () => snapshot(project, { times: false }),
    read: (name) => readFileSync(join(project, name), 'utf8'),
    go: () => writeFileSync(start, ''),
    scriptOf,
  };
}

/** The three are at work, each in a process and a worktree of its own, and nothing is to be seen of them in the folder. */
async function seenAtWork({ machine, state }: Ground, before: unknown): Promise<void> {
  await eventually(async () => (await working(machine)).length === 3, 30_000, 'three tasks are at work');
  const workers = await working(machine);
  expect(new Set(workers.map(({ pid }) => pid)).size).toBe(3);
  const trees = (await Promise.all(workers.map(({ pid }) => treeOf(pid ?? 0)))).flat();
  expect(trees.filter(isAlive).length).toBeGreaterThanOrEqual(3);
  const places = await Promise.all(workers.map(async ({ task }) => (await machine.task(task)).workspace ?? ''));
  expect(new Set(places).size).toBe(3);
  const texts = (): string[] => places.map((place) => readFileSync(join(place, 'app.py'), 'utf8')).sort();
  await eventually(() => texts().every((text) => text !== lines.join('')), 5_000, 'each has written');
  // Each holds what it wrote itself, and nothing of the others.
  expect(texts()).toEqual(names.map((name) => made[name].files['app.py']).sort());
  expect(git(machine.project, 'worktree', 'list').trim().split('\n')).toHaveLength(5);
  expect(branches(machine)).toEqual(['feature', 'main', 'wilson/TASK-001', 'wilson/TASK-002', 'wilson/TASK-003']);
  expect(state()).toEqual(before);
}

async function working(machine: Machine) {
  return (await machine.ps()).workers.filter(({ pid, status }) => pid !== null && status === 'in_progress');
}

function branches(machine: Machine): string[] {
  return git(machine.project, 'branch', '--format=%(refname:short)').trim().split('\n');
}

/** The refusal of a task whose lines meet those of another; nothing was touched. */
async function expectConflict({ machine, state }: Ground, id: string, where: string): Promise<void> {
  const before = state();
  const refused = await machine.run(['apply', id]);
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(where) });
  expect(refused.stderr).toContain('nothing was touched');
  const asJson = await machine.run(['apply', id, '--json']);
  expect(asJson.code).toBe(1);
  expect(asJson.stdout + asJson.stderr).toContain(where);
  expect(state()).toEqual(before);
}

/** All is thrown away, and the repository is the one that it was before the first task, to the byte and the second. */
async function discardAll({ machine, state, bytes }: Ground, ids: readonly string[], before: unknown): Promise<void> {
  const [, repositoryBefore] = before as [unknown, unknown];
  for (const id of ids) expect(await machine.run(['discard', id])).toMatchObject({ code: 0, stderr: '' });
  for (const command of ['diff', 'apply', 'undo', 'discard']) {
    const again = await machine.run([command, ids[0] ?? '']);
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toContain('was thrown away');
  }
  expect(branches(machine)).toEqual(['feature', 'main']);
  expect(git(machine.project, 'worktree', 'list').trim().split('\n')).toHaveLength(2);
  expect(readdirSync(join(machine.project, '.git/worktrees'))).toEqual(['users-own']);
  expect(readdirSync(join(machine.home, 'workspaces')).filter((name) => name.startsWith('TASK'))).toEqual([]);
  const [, repository] = state() as [unknown, unknown];
  expect(repository).toEqual(repositoryBefore);
  expect(existsSync(join(machine.project, 'ignored.txt'))).toBe(true);
  expect(Object.keys(bytes()).filter((name) => name.includes('wilson'))).toEqual([]);
}

describe('three tasks at once in one repository', () => {
  it('asked for from three terminals: the first applies, the one that meets it is refused and says where, undo brings all back', async () => {
    const ground = await startGround();
    const { machine, env, state, bytes, read, go, scriptOf } = ground;
    const [before, bytesBefore] = [state(), bytes()];
    const runs = names.map((name) => machine.start(['run', scriptOf(name), '--type', 'code', '--json'], { env }));
    await seenAtWork(ground, before);
    const trees = machine.processes();
    expect(trees.length).toBeGreaterThanOrEqual(3);
    go();
    for (const run of runs) expect(await run.exited, run.stderr).toBe(0);
    expect(trees.filter(isAlive)).toEqual([]);
    expect(machine.processes()).toEqual([]);
    const tasks = runs.map(({ stdout }) => JSON.parse(stdout) as TaskJson);
    expect(tasks.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    expect(tasks.map(({ summary }) => summary)).toEqual(names.map((name) => `changed app.py as ${name}`));
    const [one = '', two = '', three = ''] = tasks.map(({ id }) => id);
    expect(state()).toEqual(before);

    const diff = await machine.run(['diff', one]);
    expect(diff.code).toBe(0);
    expect(diff.stdout).toMatch(/\+one = 3\r\n[\s\S]*deleted file[\s\S]*new file/);
    const patch = join(machine.home, '..', 'one.patch');
    writeFileSync(patch, diff.stdout);
    git(machine.project, 'apply', '--check', patch);
    expect(diff.stdout).not.toMatch(/two|three|staged|notes/);
    expect((await machine.run(['undo', one])).code).toBe(1);

    expect(await machine.run(['apply', one])).toMatchObject({ code: 0, stderr: '' });
    expect(read('app.py')).toBe(made.one.files['app.py']);
    await expectConflict(ground, two, 'app.py (lines 3 to 5 in the folder against lines 3 to 5 of the task)');
    const merged = await machine.run(['apply', three]);
    expect(merged).toMatchObject({ code: 0, stderr: expect.stringContaining('Merged with what was changed since') });
    expect(read('app.py')).toBe(withLines({ 3: 'one = 3', 4: 'one = 4', 15: 'three = 15' }));

    // The first one first: what the third did stays, and goes then.
    expect((await machine.run(['undo', one])).code).toBe(0);
    expect(read('app.py')).toBe(made.three.files['app.py']);
    expect((await machine.run(['undo', three])).code).toBe(0);
    expect(bytes()).toEqual(bytesBefore);
    expect((await machine.run(['undo', three])).code).toBe(1);
    // What stood in the way is gone.
    expect((await machine.run(['apply', two])).code).toBe(0);
    expect(read('app.py')).toBe(made.two.files['app.py']);
    expect((await machine.run(['undo', two])).code).toBe(0);
    expect(bytes()).toEqual(bytesBefore);
    await discardAll(ground, [one, two, three], before);
  });

  it('left to the background: of two that meet and are applied at the same moment, one is', async () => {
    const ground = await startGround();
    const { machine, env, state, bytes, read, go, scriptOf } = ground;
    const [before, bytesBefore] = [state(), bytes()];
    const ids: string[] = [];
    for (const name of names) {
      const run = await machine.run(['run', scriptOf(name), '--type', 'code', '--detach'], { env });
      expect(run.code, run.stderr).toBe(0);
      ids.push(run.stdout.trim());
    }
    await seenAtWork(ground, before);
    go();
    for (const id of ids) expect((await machine.run(['logs', id, '-f'])).code).toBe(0);
    for (const id of ids) expect(await machine.task(id)).toMatchObject({ status: 'done', attempt: 1 });
    await eventually(() => machine.processes().length === 0, 10_000, 'the parents in the background end');
    expect(state()).toEqual(before);

    const [one = '', two = ''] = ids;
    const applied = await Promise.all([one, two].map((id) => machine.run(['apply', id])));
    expect(applied.map(({ code }) => code).sort()).toEqual([0, 1]);
    const first = applied[0]?.code === 0 ? 'one' : 'two';
    expect(read('app.py')).toBe(made[first].files['app.py']);
    const [took = '', refused = ''] = first === 'one' ? [one, two] : [two, one];
    await expectConflict(ground, refused, 'app.py (lines 3 to 5');
    expect((await machine.run(['undo', took])).code).toBe(0);
    expect(bytes()).toEqual(bytesBefore);
    await discardAll(ground, ids, before);
  });
});
