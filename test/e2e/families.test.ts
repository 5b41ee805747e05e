import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { TaskJson } from '../../src/cli/json-shapes.js';
import { familyRequest, mendedCode, picky, stubbornCode } from '../helpers/scripted-family.js';
import { scriptedProgram } from '../helpers/scripted-program.js';
import { eventually, type Machine, startMachine } from '../helpers/wilson-cli.js';

// Whole families, one process after the other: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

function scripted(): Promise<Machine> {
  return startMachine({ main: scriptedProgram() });
}

async function runFamily(machine: Machine, request: string) {
  const { code, stdout, stderr } = await machine.run(['run', request, '--json']);
  return { code, stderr, task: JSON.parse(stdout) as TaskJson };
}

describe('a planned request', () => {
  it('ends done after a revision, and as one diff that can be applied and taken back', async () => {
    const machine = await scripted();
    const request = familyRequest({ reviewer: picky, code: mendedCode });
    const { code, stderr, task } = await runFamily(machine, request);
    expect(code, stderr).toBe(0);
    expect(task).toMatchObject({
      id: 'TASK-001',
      role: 'parent',
      status: 'done',
      subtasks: ['TASK-002', 'TASK-003', 'TASK-004'],
    });
    expect(stderr).toContain(
      'TASK-001 planned: 3 subtasks: TASK-002 code (Write todo.py), TASK-003 test (Test todo.py)',
    );
    expect(stderr).toContain('TASK-004 reviewed TASK-002: needs changes: todo.py:2 (major): it changes the list');
    expect(task.reviews.filter((review) => review.task === 'TASK-002').map(({ verdict }) => verdict)).toEqual([
      'needs_changes',
      'approved',
    ]);
    const tree = task.tree ?? [];
    expect(tree.map(({ id, status, attempt }) => [id, status, attempt])).toEqual([
      ['TASK-002', 'done', 2],
      ['TASK-003', 'done', expect.any(Number)],
      ['TASK-004', 'done', expect.any(Number)],
    ]);
    // Five models' worth of scripted tokens at least: the manager, two codes, a test, two reviews.
    expect(task.totalUsage?.promptTokens).toBeGreaterThanOrEqual(60);
    expect(task.usage.promptTokens).toBe(10);

    expect((await machine.run(['tasks'])).stdout).toMatch(
      /\nTASK-001 +done .*\n {2}TASK-002 +done +code .*\n {2}TASK-003 +done +test .*\n {2}TASK-004 +done +review .*\n$/,
    );
    const { attempts } = await machine.task('2');
    expect(attempts?.map(({ outcome }) => outcome)).toEqual(['retried', 'done']);
    expect(new Set(attempts?.map(({ pid }) => pid)).size).toBe(2);
    const told = await machine.run(['logs', '2']);
    expect(told.stdout).toContain('findings: todo.py:2 (major): it changes the list that it is given');

    expect((await machine.run(['diff', '1'])).stdout).toMatch(/\+class AddTest[\s\S]*\+def add/);
    expect(await machine.run(['apply', '3'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('`wilson apply TASK-001` takes all of it.'),
    });
    expect(readdirSync(machine.project)).toEqual([]);
    expect((await machine.run(['apply', '1'])).code).toBe(0);
    expect(readFileSync(join(machine.project, 'todo.py'), 'utf8')).toContain('[*items, item]');
    expect((await machine.run(['undo', '1'])).code).toBe(0);
    expect(readdirSync(machine.project)).toEqual([]);
    expect((await machine.run(['discard', '1'])).code).toBe(0);
    expect((await machine.run(['diff', '2'])).code).toBe(1);
    expect(existsSync(join(machine.home, 'workspaces', 'TASK-001'))).toBe(false);
  });

  it('is killed with its subtasks, and tried again as a whole', async () => {
    const machine = await scripted();
    const run = machine.start(['run', familyRequest({ code: [{ never: true }, mendedCode[1]] })]);
    await eventually(
      async () => (await machine.ps()).workers.some(({ task }) => task === 'TASK-002'),
      20_000,
      'it runs',
    );
    const { queued } = await machine.ps();
    expect(queued).toContainEqual(
      expect.objectContaining({
        task: 'TASK-001',
        reason: 'subtasks',
        detail: 'waits for TASK-002, TASK-003, TASK-004',
      }),
    );
    expect(queued).toContainEqual(
      expect.objectContaining({ task: 'TASK-003', reason: 'dependencies', detail: 'waits for TASK-002' }),
    );
    const kill = await machine.run(['kill', '1']);
    expect(kill.code, kill.stderr).toBe(0);
    expect(kill.stdout.match(/TASK-00\d is cancelled\./g)).toHaveLength(4);
    expect(await run.exited).toBe(3);
    expect((await machine.task('1')).tree?.map(({ status }) => status)).toEqual(Array(3).fill('cancelled'));

    expect((await machine.run(['retry', '1'])).code).toBe(0);
    const logs = await machine.run(['logs', '1', '-f']);
    expect(logs.code).toBe(0);
    const again = await machine.task('1');
    expect(again, JSON.stringify(again.error)).toMatchObject({ status: 'done' });
    await eventually(async () => (await machine.ps()).totals.processMb === 0, 5_000, 'the detached parent ends');
  });

  it('that failed for one subtask goes on where it stopped when that one is tried again', async () => {
    const machine = await scripted();
    const failing = [{ fail: 'AS_TOLD' }, { fail: 'AS_TOLD' }, mendedCode[1]];
    const { code, stderr, task } = await runFamily(machine, familyRequest({ code: failing }));
    expect(code, stderr).toBe(1);
    expect(task.tree?.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
    expect(task.error?.message).toContain('TASK-002 (Write todo.py) failed: as told');

    const retried = await machine.run(['retry', '2', '--json']);
    expect(retried.code, retried.stderr).toBe(0);
    expect((await machine.run(['logs', '1', '-f'])).code).toBe(0);
    const again = await machine.task('1');
    expect(again, JSON.stringify(again.error)).toMatchObject({ status: 'done', attempt: 1 });
    expect(again.tree?.map(({ status, attempt }) => [status, attempt])).toEqual([
      ['done', 3],
      ['done', 1],
      ['done', 1],
    ]);
    await eventually(async () => (await machine.ps()).totals.processMb === 0, 10_000, 'the detached parent ends');
  });

  it('that a reviewer never approves fails with the findings', async () => {
    const machine = await scripted();
    const { code, stderr, task } = await runFamily(machine, familyRequest({ reviewer: picky[0], code: stubbornCode }));
    expect(code, stderr).toBe(1);
    expect(task).toMatchObject({ status: 'failed', error: { code: 'SUBTASK_FAILED' } });
    expect(task.error?.message).toContain('it changes the list that it is given');
    const failed = await machine.task('2');
    expect(failed.attempts).toHaveLength(3);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'REVIEW_REJECTED' } });
  });
});
