import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../../src/platform/process-identity.js';
import { databaseFileName } from '../../src/store/database.js';
import { configFor, eventually, type Machine, startMachine, treeOf } from '../helpers/wilson-cli.js';

const codeModel = 'qwen2.5-coder:0.5b';
const request = 'Write double.py with a function double(x) that returns twice x, and unittest tests for it';
const code = '```python\ndef double(x):\n    return 2 * x\n```';
const cases =
  '```python\nassert double(2) == 4\nassert double(0) == 0\nassert double(-3) == -6\nassert double(10) == 20\n```';

/** A code model that can do exactly one thing; it stays at it for as long as the test asks. */
const able = [
  { when: { path: '/api/chat', model: codeModel, text: 'assert' }, answer: cases, times: 0 },
  { when: { path: '/api/chat', model: codeModel, text: 'double' }, answer: code, times: 0 },
] as const;
const stalled = { when: { path: '/api/chat', model: codeModel, text: 'double' }, fault: 'stall', times: 0 } as const;
const endless = {
  when: { path: '/api/chat', model: codeModel, text: 'double' },
  answer: Array<string>(1_000).fill('words '),
  pieceDelayMs: 100,
} as const;

describe('wilson run', () => {
  it('ends done with the evidence, loads the model once, and leaves the server as it was', async () => {
    const machine = await startMachine();
    machine.double.script(...able);
    const { code: exitCode, stdout, stderr } = await machine.run(['run', request, '--type', 'code', '--json']);
    expect(exitCode, stderr).toBe(0);
    const task = JSON.parse(stdout);
    expect(task).toMatchObject({
      id: 'TASK-001',
      status: 'done',
      modelUsed: codeModel,
      provider: 'ollama',
      usedFallback: false,
    });
    const tests = task.definitionOfDone.find((check: { check: string }) => check.check === 'tests_pass');
    expect(tests).toMatchObject({ passed: true, evidence: { failed: 0, failsWithoutCode: true } });
    expect(tests.evidence.ran).toBeGreaterThanOrEqual(2);
    expect(machine.double.counts(codeModel)).toMatchObject({ loads: 1 });
    expect(machine.double.isLoaded(codeModel)).toBe(false);

    const diff = await machine.run(['diff', '1']);
    expect(diff.stdout).toContain('+def double(x):');
    expect((await machine.run(['apply', '1'])).code).toBe(0);
    expect(readFileSync(join(machine.project, 'double.py'), 'utf8')).toContain('def double(x):');
    expect((await machine.run(['apply', '1'])).code).toBe(1);
    expect((await machine.run(['undo', '1'])).code).toBe(0);
    expect((await machine.run(['discard', '1'])).code).toBe(0);
    expect((await machine.run(['diff', '1'])).code).toBe(1);
  });

  it('with workers.apply: auto puts the result into the folder, unless it conflicts', async () => {
    const machine = await startMachine();
    machine.double.script(...able);
    const config = configFor(machine.double.url).replace('max_concurrent: 2', 'max_concurrent: 2, apply: auto');
    const env = { WILSON_CONFIG: machine.writeConfig(config) };
    const first = await machine.run([], { env, input: `${request}\n` });
    expect(first.stdout).toMatch(/Applied: double\.py, test_double\.py/);
    expect(readFileSync(join(machine.project, 'double.py'), 'utf8')).toContain('def double(x):');
    expect((await machine.run(['undo', '1'])).code).toBe(0);
    expect(readdirSync(machine.project)).toEqual([]);
  });

  it('with --timeout ends the task and says so with 4', async () => {
    const machine = await startMachine();
    machine.double.script({ ...endless, times: 0 });
    const { code: exitCode, stderr } = await machine.run(['run', request, '--type', 'code', '--timeout', '4']);
    expect(stderr).toMatch(/took longer than 4 s/);
    expect(exitCode).toBe(4);
    const task = await machine.task('1');
    expect(task.status).toBe('cancelled');
    // It never came to a result, and has used what it has used.
    expect(task.usage.outputTokens).toBeGreaterThan(0);
    expect(task.usage.generateMs).toBeGreaterThan(0);
  });

  it('tries once what cannot be done, and loads the model once for it', async () => {
    const machine = await startMachine();
    machine.double.script(...able);
    const fixing = ['run', 'Fix the bug in nothere.py', '--type', 'code', '--json'];
    const { code: exitCode, stdout } = await machine.run(fixing);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'FILE_NOT_FOUND' } });
    expect(machine.double.counts(codeModel)).toMatchObject({ loads: 1 });
  });

  it('with --detach gives the id back at once and ends the task without a terminal', async () => {
    const machine = await startMachine();
    machine.double.script(...able);
    const { code: exitCode, stdout } = await machine.run(['run', request, '--type', 'code', '--detach']);
    expect([exitCode, stdout]).toEqual([0, 'TASK-001\n']);
    const logs = await machine.run(['logs', '1', '-f']);
    expect(logs.stdout).toMatch(/worker process \d+/);
    expect((await machine.task('1')).status).toBe('done');
    await eventually(async () => (await machine.ps()).totals.processMb === 0, 5_000, 'the detached parent ends');
  });
});

describe('wilson kill', () => {
  it('ends a running task from another terminal with all it started, once', async () => {
    const machine = await startMachine();
    machine.double.script(stalled);
    const run = machine.start(['run', request, '--type', 'code']);
    await machine.double.nextRequest('/api/chat');
    await eventually(async () => (await machine.ps()).workers[0]?.status === 'in_progress', 5_000, 'the task runs');
    const [worker] = (await machine.ps()).workers;
    expect(worker).toMatchObject({ task: 'TASK-001', agent: 'Code Agent', model: codeModel, memoryKind: 'pss' });
    expect(worker?.processMb).toBeGreaterThan(10);
    const tree = await treeOf(worker?.pid ?? 0);
    const started = performance.now();
    const kill = await machine.run(['kill', 'TASK-001']);
    expect(kill).toMatchObject({ code: 0, stdout: 'TASK-001 is cancelled.\n' });
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(tree.filter(isAlive)).toEqual([]);
    expect(await run.exited).toBe(3);
    expect(await machine.run(['kill', '1'])).toMatchObject({
      code: 1,
      stderr: 'TASK-001 was already over: cancelled.\n',
    });
    expect((await machine.run(['kill', 'TASK-077'])).code).toBe(1);
    expect((await machine.task('1')).status).toBe('cancelled');
    await eventually(() => !machine.double.isLoaded(codeModel), 2_000, 'the model is unloaded');
  });

  it('ends the tree by itself when the parent is stopped and does not answer', async () => {
    const machine = await startMachine();
    machine.double.script(stalled);
    const run = machine.start(['run', request, '--type', 'code']);
    await machine.double.nextRequest('/api/chat');
    const tree = await treeOf((await machine.ps()).workers[0]?.pid ?? 0);
    expect(tree.length).toBeGreaterThan(0);
    run.child.kill('SIGSTOP');
    expect((await machine.run(['kill', '1'])).code).toBe(0);
    expect(tree.filter(isAlive)).toEqual([]);
    run.child.kill('SIGCONT');
    expect(await run.exited).toBe(3);
    expect((await machine.task('1')).status).toBe('cancelled');
  });

  it('ends the tree also when the parent was stopped while it wrote, and writes that down when the lock is free', async () => {
    const machine = await startMachine();
    machine.double.script(stalled);
    const run = machine.start(['run', request, '--type', 'code']);
    await machine.double.nextRequest('/api/chat');
    const tree = await treeOf((await machine.ps()).workers[0]?.pid ?? 0);
    const lock = new Database(join(machine.home, databaseFileName));
    lock.exec('BEGIN IMMEDIATE');
    run.child.kill('SIGSTOP');
    const kill = machine.start(['kill', '1']);
    await kill.saw(/Nothing runs for TASK-001 any more, but that cannot be written down/);
    expect(tree.filter(isAlive)).toEqual([]);
    expect((await machine.task('1')).status).toBe('in_progress');
    lock.close();
    expect(await kill.exited).toBe(0);
    expect(kill.stdout).toBe('TASK-001 is cancelled.\n');
    run.child.kill('SIGCONT');
    expect(await run.exited).toBe(3);
    expect((await machine.task('1')).status).toBe('cancelled');
  });
});

describe('a parent that is killed', () => {
  it('takes every worker along within two seconds; the next start says so and takes the task up again', async () => {
    const machine = await startMachine();
    machine.double.script({ ...stalled, times: 1 }, ...able);
    const first = machine.start([]);
    first.child.stdin?.write(`${request}\n`);
    await first.saw(/TASK-001/);
    await asked(machine);
    const tree = machine.processes();
    expect(tree.length).toBeGreaterThan(0);
    const started = performance.now();
    first.child.kill('SIGKILL');
    await eventually(() => tree.filter(isAlive).length === 0, 2_000, 'every process is gone');
    expect(performance.now() - started).toBeLessThan(2_500);
    expect((await machine.ps()).workers).toEqual([]);

    const second = await machine.run([], { input: 'hello\n' });
    expect(second.stdout).toMatch(/TASK-001 was interrupted/);
    expect(second.stdout).toMatch(/TASK-001 is done/);
    expect(await machine.task('1')).toMatchObject({ status: 'done', attempt: 2 });
  });
});

describe('eight tasks at once', () => {
  it('run two at a time in eight processes, and the rest say why they wait', { timeout: 180_000 }, async () => {
    const machine = await startMachine();
    machine.double.script(...able);
    const lines = Array.from({ length: 8 }, () => request).join('\n');
    const chat = machine.start([], { input: `${lines}\n` });
    let most = 0;
    const queued = new Set<string>();
    const pids = new Set<number>();
    const over = chat.exited.then(() => true);
    while (!(await Promise.race([over, Promise.resolve(false)]))) {
      const ps = await machine.ps();
      most = Math.max(most, ps.workers.filter((worker) => worker.pid !== null).length);
      for (const worker of ps.workers) if (worker.pid !== null) pids.add(worker.pid);
      for (const task of ps.queued) queued.add(task.detail);
    }
    expect(await chat.exited).toBe(0);
    expect(chat.stdout.match(/TASK-00\d is done/g)).toHaveLength(8);
    expect(most).toBe(2);
    const { tasks } = JSON.parse((await machine.run(['tasks', '--json'])).stdout) as { tasks: { id: string }[] };
    const stories = await Promise.all(tasks.map(({ id }) => machine.run(['logs', id])));
    // A second attempt has a process of its own, and says why there is one.
    const twice = stories.map(({ stdout }) => stdout).filter((story) => story.includes('attempt 2: worker process'));
    expect(twice).toEqual([]);
    expect(pids.size).toBe(8);
    expect([...queued]).toContain('2 workers active, max capacity');
    expect(machine.processes()).toEqual([]);
  });
});

describe('a server with faults', () => {
  it('that lacks the model: the task names it, falls back and says so', async () => {
    const machine = await startMachine();
    const config = machine.writeConfig(configFor(machine.double.url).replace(codeModel, 'codestral:22b'));
    machine.double.script(
      { when: { path: '/api/chat', text: 'assert' }, answer: cases, times: 0 },
      { when: { path: '/api/chat', text: 'double' }, answer: code, times: 0 },
    );
    const {
      stdout,
      stderr,
      code: exitCode,
    } = await machine.run(['run', request, '--type', 'code', '--json'], { env: { WILSON_CONFIG: config } });
    expect(exitCode, stderr).toBe(0);
    const task = JSON.parse(stdout);
    expect(task).toMatchObject({ usedFallback: true, modelUsed: 'smollm2:135m' });
    expect(task.fallbackReason).toContain('ollama pull codestral:22b');
    expect(stderr).toMatch(/Quality may vary/);
  });

  it.each([
    ['an error line inside a 200 stream', 'error-line'],
    ['a stream that is cut', 'cut'],
    ['a connection that ends before the headers', 'gone-after-accept'],
  ] as const)('%s, once: the request is asked again and the task is done', async (_name, fault) => {
    const machine = await startMachine();
    machine.double.script({ when: { path: '/api/chat', model: codeModel, text: 'double' }, fault }, ...able);
    const { code: exitCode, stderr } = await machine.run(['run', request, '--type', 'code']);
    expect(exitCode, stderr).toBe(0);
  });

  it('that cuts every answer: the task fails and says why', async () => {
    const machine = await startMachine();
    machine.double.script({ when: { path: '/api/chat', model: codeModel, text: 'double' }, fault: 'cut', times: 0 });
    const { code: exitCode, stdout } = await machine.run([
      'run',
      request,
      '--type',
      'code',
      '--json',
      '--timeout',
      '100',
    ]);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'failed', error: { code: 'ANSWER_CUT' } });
  });
});

/** Resolves when the code model has been asked something. */
async function asked(machine: Machine): Promise<void> {
  for (;;) {
    const { body } = await machine.double.nextRequest('/api/chat');
    if (body.model === codeModel && Array.isArray(body.messages) && body.messages.length > 0) return;
  }
}
