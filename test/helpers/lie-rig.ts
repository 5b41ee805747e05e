import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { TaskJson } from '../../src/cli/json-shapes.js';
import type { TaskType } from '../../src/task/task.js';
import { makeRepository, put, repositoryState, snapshot } from './folder-snapshot.js';
import { scriptedProgram } from './scripted-program.js';
import { configFor, type Machine, startMachine } from './wilson-cli.js';

export interface Lie {
  /** What the user's folder holds; a repository with one commit, and one file that was changed since. */
  readonly folder?: Readonly<Record<string, string>>;
  /** Whether it has packages installed: those of Wilson itself, which git ignores. */
  readonly packages?: boolean;
  readonly type?: TaskType;
  /** The request in words, which decide what is checked. */
  readonly asked: string;
  /** What the worker does and says in each of its attempts, as the scripted worker takes it. */
  readonly worker: { readonly summary: string } & Readonly<Record<string, unknown>>;
}

export interface SeenLie {
  readonly machine: Machine;
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly task: TaskJson;
  /** `wilson show` of the task. */
  readonly page: string;
}

/** As {@link runTold}; sees that nothing has landed in the user's folder and its repository. */
export async function runLie(lie: Lie): Promise<SeenLie> {
  const { before, after, ...seen } = await runTold(lie);
  expect(after).toEqual(before);
  return seen;
}

/**
 * Runs a task whose worker does and says what it is told, on the built program with `workers.apply: auto`, so that what is
 * believed lands in the user's folder. Sees that no process is left.
 */
export async function runTold({ folder = {}, packages = false, type, asked, worker }: Lie): Promise<SeenLie & Ends> {
  const machine = await startMachine({ main: scriptedProgram() });
  const { project } = machine;
  for (const [name, text] of Object.entries({ 'notes.txt': 'mine\n', ...folder })) put(project, name, text);
  if (packages) {
    put(project, '.gitignore', 'node_modules\n');
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(project, 'node_modules'));
  }
  makeRepository(project);
  put(project, 'notes.txt', 'mine, and not saved in the repository\n');
  const script = join(machine.home, '..', 'script.json');
  writeFileSync(script, JSON.stringify(worker));
  const config = configFor(machine.double.url).replace('max_concurrent: 2', 'max_concurrent: 2, apply: auto');
  const env = { WILSON_CONFIG: machine.writeConfig(config) };
  const state = (): unknown => [snapshot(project), repositoryState(join(project, '.git'))];
  const before = state();

  const request = JSON.stringify({ about: asked, scriptFile: script });
  const run = await machine.run(['run', request, ...(type === undefined ? [] : ['--type', type])], { env });
  expect(machine.processes()).toEqual([]);
  const after = state();
  const { workers, queued } = await machine.ps();
  expect([workers, queued]).toEqual([[], []]);
  const show = await machine.run(['show', '1']);
  expect(show.code).toBe(0);
  return { before, after, machine, ...run, task: await machine.task('1'), page: show.stdout };
}

/** The user's folder and repository, before and after. */
interface Ends {
  readonly before: unknown;
  readonly after: unknown;
}

const pageLines = 60;

/** The lie ended `failed` after three honest attempts, and every place says what was claimed and not verified. */
export function expectCaught({ code, stdout, stderr, task, page }: SeenLie, summary: string, reason: RegExp): void {
  expect(code, `${stdout}${stderr}`).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/✗ TASK-001 failed: claimed, not verified: /);
  expect(stderr).toMatch(reason);
  expect(stderr).not.toContain('✓');

  expect(task).toMatchObject({ status: 'failed', summary, error: { code: 'NOT_VERIFIED' } });
  expect(task.error?.message).toMatch(/^claimed, not verified: .* \(3 attempts\)$/s);
  expect(task.error?.message).toMatch(reason);
  expect(task.error?.hint).toContain('wilson retry TASK-001');
  expect(new Set(task.attempts?.map(({ pid }) => pid)).size).toBe(3);

  expect(page).toMatch(/^TASK-001 {2}failed\n/);
  // Wrapped as the page is.
  const flat = page.replace(/\s+/g, ' ');
  expect(flat).toContain('Error NOT_VERIFIED: claimed, not verified: ');
  expect(flat).toMatch(reason);
  expect(flat).toContain(`Summary ${summary}`);
  expect(page.split('\n').length).toBeLessThanOrEqual(pageLines);
}
