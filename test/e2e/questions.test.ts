import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { familyRequest, mendedCode } from '../helpers/scripted-family.js';
import { scriptedProgram } from '../helpers/scripted-program.js';
import { TerminalScreen } from '../helpers/terminal-screen.js';
import { eventually, type Machine, startMachine } from '../helpers/wilson-cli.js';

// Whole families, one process after the other: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const question = 'Which database?';
const request = JSON.stringify({ question, summary: 'chose one', files: { 'a.py': 'x = 1\n' }, tellOrder: 'handover' });

function scripted(): Promise<Machine> {
  return startMachine({ main: scriptedProgram() });
}

/** The program on a terminal of its own, in the project's folder. */
function onTerminal(machine: Machine, args: readonly string[]): TerminalScreen {
  const words = [process.execPath, machine.main, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const screen = new TerminalScreen('sh', ['-c', `cd '${machine.project}' && exec ${words.join(' ')}`], {
    columns: 160,
    env: machine.env,
  });
  onTestFinished(async () => {
    screen.kill('SIGTERM');
    await screen.gone();
  });
  return screen;
}

describe('wilson run', () => {
  it('without a terminal ends with 1, names the question and the command; the answer brings the task to its end', async () => {
    const machine = await scripted();
    const run = await machine.run(['run', request, '--type', 'code', '--json']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`TASK-001 waits for an answer: ${question}\n  Answer with: wilson answer 1 …`);
    expect(JSON.parse(run.stdout)).toMatchObject({ status: 'blocked', question });
    expect((await machine.ps()).queued).toEqual([
      { task: 'TASK-001', reason: 'question', detail: `asks: ${question}`, sum: null },
    ]);

    const answered = await machine.run(['answer', '1', 'use', 'SQLite']);
    expect(answered, answered.stderr).toMatchObject({ code: 0 });
    const logs = await machine.run(['logs', '1', '-f']);
    expect(logs.stdout).toContain('{"from":"user","text":"use SQLite"}');
    const task = await machine.task('1');
    expect(task).toMatchObject({ status: 'done', question: null });
    expect(task.attempts?.map(({ outcome }) => outcome)).toEqual(['asked', 'done']);
    expect(task.communications?.map(({ kind, text }) => [kind, text])).toEqual([
      ['question', question],
      ['answer', 'use SQLite'],
    ]);
    expect(await machine.run(['answer', '1', 'again'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('TASK-001 asks nothing: done.'),
    });
    expect((await machine.run(['answer', '77', 'x'])).code).toBe(1);
    await eventually(async () => (await machine.ps()).totals.processMb === 0, 5_000, 'the detached parent ends');
  });

  it('names what a subtask asks, and the answer brings the whole family to its end', async () => {
    const machine = await scripted();
    const run = await machine.run(['run', familyRequest({ code: { ...mendedCode[1], question } })]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`TASK-002 waits for an answer: ${question}\n  Answer with: wilson answer 2 …`);
    expect((await machine.run(['show', '1'])).stdout).toContain('Next      wilson answer TASK-002 "…" · ');
    expect((await machine.run(['answer', '2', 'any'])).code).toBe(0);
    expect((await machine.run(['logs', '1', '-f'])).code).toBe(0);
    const task = await machine.task('1');
    expect(task, JSON.stringify(task.error)).toMatchObject({ status: 'done' });
    expect(task.tree?.[0]).toMatchObject({ id: 'TASK-002', status: 'done', attempt: 2, asks: false });
    await eventually(async () => (await machine.ps()).totals.processMb === 0, 10_000, 'the detached parent ends');
  });

  it('on a terminal asks there and goes on with the answer', async () => {
    const machine = await scripted();
    const screen = onTerminal(machine, ['run', request, '--type', 'code']);
    await screen.until(`TASK-001 asks: ${question}`);
    screen.write('\r');
    await screen.until('The answer is empty.');
    screen.write('SQLite\r');
    await screen.until('TASK-001 is done: chose one');
    expect((await screen.exited).exitCode).toBe(0);
    const { communications } = await machine.task('1');
    expect(communications?.at(-1)).toMatchObject({ kind: 'answer', text: 'SQLite', fromName: 'user' });
  });

  it('on a terminal goes on when the answer comes from another one', async () => {
    const machine = await scripted();
    const screen = onTerminal(machine, ['run', request, '--type', 'code']);
    await screen.until(`TASK-001 asks: ${question}`);
    expect((await machine.run(['answer', '1', '-'], { input: 'from afar\n' })).code).toBe(0);
    await screen.until('TASK-001 is done: chose one');
    expect((await screen.exited).exitCode).toBe(0);
  });

  it('on a terminal ends at Ctrl-D with the way to answer later, and at Ctrl-C with the task cancelled', async () => {
    const machine = await scripted();
    const left = onTerminal(machine, ['run', request, '--type', 'code']);
    await left.until(`TASK-001 asks: ${question}`);
    // Before the prompt is there nobody reads what is typed.
    await left.until('›');
    left.write('\u0004');
    await left.until('Answer with: wilson answer 1');
    expect((await left.exited).exitCode).toBe(1);
    const stopped = onTerminal(machine, ['run', request, '--type', 'code']);
    await stopped.until(`TASK-002 asks: ${question}`);
    await stopped.until('›');
    stopped.write('\u0003');
    expect((await stopped.exited).exitCode).toBe(3);
    expect((await machine.task('1')).status).toBe('blocked');
    expect((await machine.task('2')).status).toBe('cancelled');
  });
});

describe('the chat', () => {
  it('takes up a task that asks, passes the answer on and waits for its end', async () => {
    const machine = await scripted();
    expect((await machine.run(['run', request, '--type', 'code'])).code).toBe(1);
    const chat = await machine.run([], { input: '/tasks\n/answer 1 SQLite\n' });
    expect(chat.code, chat.stderr).toBe(0);
    expect(chat.stdout).toMatch(/TASK-001 +asks/);
    expect(chat.stdout).toContain('Passed to TASK-001: SQLite');
    expect(chat.stdout).toContain('TASK-001 is done: chose one');
    expect((await machine.run(['diff', '1'])).stdout).toContain('+x = 1');
  });

  it('leaves an old question alone that nobody spoke of', async () => {
    const machine = await scripted();
    expect((await machine.run(['run', request, '--type', 'code'])).code).toBe(1);
    const chat = await machine.run([], { input: '/help\n' });
    expect(chat.code, chat.stderr).toBe(0);
    expect(await machine.task('1')).toMatchObject({ status: 'blocked', question });
  });
});
