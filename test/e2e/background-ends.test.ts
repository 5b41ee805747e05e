import { describe, expect, it } from 'vitest';
import { scriptedProgram } from '../helpers/scripted-program.js';
import { eventually, type Machine, startMachine } from '../helpers/wilson-cli.js';

/* Tasks that end when no chat is there: the next one says so, once. */

const request = (summary: string): string => JSON.stringify({ summary, files: { 'a.txt': 'made\n' } });
const ended = /TASK-00\d (is done|failed)/;

async function inBackground(machine: Machine, text: string): Promise<void> {
  expect((await machine.run(['run', text, '--type', 'general', '--detach'])).code).toBe(0);
  await eventually(
    async () => {
      const { tasks } = JSON.parse((await machine.run(['tasks', '--json'])).stdout) as { tasks: { status: string }[] };
      return tasks.every(({ status }) => status === 'done' || status === 'failed');
    },
    20_000,
    'the tasks are over',
  );
  await eventually(() => machine.processes().length === 0, 10_000, 'the parent has ended');
}

async function chat(machine: Machine): Promise<string> {
  const { code, stdout, stderr } = await machine.run([], { input: '/help\n' });
  expect(code, stderr).toBe(0);
  return stdout;
}

describe('a task that ended in the background', () => {
  it('is told by the next chat, with its evidence and when it was, and not by the one after', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    await inBackground(machine, request('wrote a.txt'));
    const told = await chat(machine);
    expect(told).toMatch(/✓ TASK-001 is done: wrote a\.txt\n {2}✓ file_exists: a\.txt/);
    expect(told).toMatch(/\/apply TASK-001\n {2}It ended on .+ UTC, when nobody was told\./);
    expect(await chat(machine)).not.toMatch(ended);
  });

  it('is told with the reason when it failed', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    await inBackground(machine, JSON.stringify({ fail: 'BAD_REQUEST' }));
    expect(await chat(machine)).toMatch(/✗ TASK-001 failed: as told/);
    expect(await chat(machine)).not.toMatch(ended);
  });

  it('need not be told to whoever has taken what it made', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    await inBackground(machine, request('wrote a.txt'));
    expect((await machine.run(['apply', '1'])).code).toBe(0);
    expect(await chat(machine)).not.toMatch(ended);
  });
});

it.each([
  ['done', request('wrote a.txt'), 0],
  ['failed', JSON.stringify({ fail: 'BAD_REQUEST' }), 1],
])('a task of `wilson run` that ended %s has been told there', async (_how, text, code) => {
  const machine = await startMachine({ main: scriptedProgram() });
  for (const json of [[], ['--json']]) {
    const run = await machine.run(['run', text, '--type', 'general', ...json]);
    expect(run.code, run.stderr).toBe(code);
  }
  expect(await chat(machine)).not.toMatch(ended);
});
