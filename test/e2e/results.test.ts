import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { Store } from '../../src/store/store.js';
import { scriptedProgram } from '../helpers/scripted-program.js';
import { eventually, startMachine } from '../helpers/wilson-cli.js';

// Many starts of the program, one after the other: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const garbage = { summary: 'made them', files: { 'm.ts': 'not @@ a programme', 'main.rs': '}}}' } };
const broken = { summary: 'made it', files: { 'bad.py': 'def f(:\n' } };
const unseen = 'not checked: m.ts, main.rs (There is no syntax checker here for .ts, .rs)';

describe('a result', () => {
  it('that nobody could look at is not shown as seen; applied, it is not lost without a word, in the chat neither', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    const run = await machine.run(['run', JSON.stringify(garbage), '--type', 'code']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toContain(`  · parses: ${unseen}\n`);
    const next = async (): Promise<string | undefined> =>
      /\nNext +(.*)\n/.exec((await machine.run(['show', '1'])).stdout)?.[1];
    expect((await machine.run(['show', '1'])).stdout).toContain(`  · parses            ${unseen}\n`);
    expect(await machine.task('1')).toMatchObject({
      outcome: null,
      superseded: false,
      definitionOfDone: expect.arrayContaining([expect.objectContaining({ check: 'parses', checked: false })]),
    });
    expect(await next()).toBe('wilson diff TASK-001 · wilson apply TASK-001 · wilson discard TASK-001');

    expect((await machine.run(['apply', '1'])).code).toBe(0);
    expect(await next()).toBe('wilson diff TASK-001 · wilson undo TASK-001');
    expect((await machine.task('1')).outcome).toBe('applied');
    expect(await machine.run(['discard', '1'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('`wilson undo TASK-001` takes it back first.'),
    });
    const lines = ['/discard 1', '/undo 1', '/apply 1', '/discard 1 --keep-applied', '/show 1'];
    const chat = await machine.run([], { input: `${lines.join('\n')}\n` });
    expect(chat.stdout).toContain('What TASK-001 made has been applied');
    expect(chat.stdout).toContain('is as it was before TASK-001 was applied.');
    expect(chat.stdout).toContain('The copy of TASK-001 is thrown away; what was applied stays in');
    expect(chat.stdout).toContain('for good: the copy was thrown away');
    expect(readdirSync(machine.project).sort()).toEqual(['m.ts', 'main.rs']);
    expect(await next()).toBeUndefined();
  });

  it('of a task that failed can be undone while the task is tried again', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    const script = JSON.stringify([broken, broken, broken, { never: true }]);
    expect((await machine.run(['run', script, '--type', 'code'])).code).toBe(1);
    expect((await machine.run(['apply', '1'])).stderr).toContain('has not been verified');
    expect((await machine.run(['retry', '1'])).code).toBe(0);
    await eventually(async () => (await machine.task('1')).status === 'in_progress', 20_000, 'it runs again');
    expect((await machine.task('1')).outcome).toBe('applied');
    expect((await machine.run(['show', '1'])).stdout).toContain('wilson undo TASK-001');
    expect(await machine.run(['undo', '1'])).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(machine.project, 'bad.py'))).toBe(false);
    expect((await machine.task('1')).outcome).toBeNull();
    expect(await machine.run(['kill', '1'])).toMatchObject({ code: 0, stderr: '' });
    await eventually(() => machine.processes().length === 0, 10_000, 'the parent in the background ends');
  });

  it('is waited for in the folder that it was asked in, and ps names it', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    mkdirSync(machine.home);
    const store = Store.open(machine.home, systemClock);
    const elsewhere = { title: 't', description: 'd', type: 'code', folder: '/elsewhere', priority: 0 } as const;
    store.tasks.submit({ ...elsewhere, sessionId: null });
    store.close();
    expect((await machine.run(['ps'])).stdout).toContain('\nTASK-001 waits for a wilson in /elsewhere\n');
    expect((await machine.run(['show', '1'])).stdout).toContain('\nWaits     waits for a wilson in /elsewhere\n');
    expect((await machine.ps()).queued).toMatchObject([{ task: 'TASK-001', reason: 'no_session' }]);
  });
});
