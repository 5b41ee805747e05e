import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { TaskJson } from '../../src/cli/json-shapes.js';
import { textWidth } from '../../src/terminal/text-width.js';
import { familyRequest, mendedCode, picky } from '../helpers/scripted-family.js';
import { scriptedProgram } from '../helpers/scripted-program.js';
import { TerminalScreen } from '../helpers/terminal-screen.js';
import { startMachine } from '../helpers/wilson-cli.js';

// Whole families, one process after the other: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

/** Each line of a page in its place, further words of it after it. */
function inOrder(page: string, ...parts: readonly (string | RegExp)[]): void {
  let rest = page;
  for (const part of parts) {
    const at = typeof part === 'string' ? rest.indexOf(part) : rest.search(part);
    expect(at, `${part} in\n${rest}`).toBeGreaterThanOrEqual(0);
    rest = rest.slice(at + 1);
  }
}

describe('wilson show of a family that is over', () => {
  it('tells its story on a page, in full with --messages, in a narrow window, and as JSON', async () => {
    const machine = await startMachine({ main: scriptedProgram() });
    const run = await machine.run(['run', familyRequest({ reviewer: picky, code: mendedCode })]);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toContain(
      'TASK-003: ✓ tests_pass: 2 tests run, 0 failed, they fail without the code, 100% covered',
    );

    const { stdout: page } = await machine.run(['show', '1']);
    inOrder(
      page,
      'TASK-001  done\n',
      /Agent +Manager Agent \(\w+\), attempt 1\n/,
      'Used      60 tokens read, 30 written',
      'Itself    10 tokens read, 5 written',
      'Subtasks (3 of 3 done)\n',
      /TASK-002 {2}done {2}Write todo\.py\n {4}Code Agent, qwen2\.5-coder:0\.5b, attempt 2, .*\n {4}no longer changes/,
      /TASK-003 {2}done {2}Test todo\.py\n {4}Test Agent, .*, after TASK-002\n {4}two tests\n/,
      /Attempts\n {2}1 {2}pid \d+, .*, planned the work\n/,
      /✓ tests_pass +2 tests ran, 0 failed, they fail without the code/,
      'TASK-002, attempt 1: needs changes (TASK-004)\n    Not yet.\n    - todo.py:2 (major): it changes the list',
      'TASK-003, attempt 1: no change wanted, judged again with the rest (TASK-004)\n',
      'TASK-002, attempt 2: approved (TASK-004)\n',
      /Manager Agent \(TASK-001\) → Code Agent \(TASK-002\) {2}plan: Write todo\.py/,
      /Review Agent \(TASK-004\) → Test Agent \(TASK-003\) {2}verdict: no change wanted, judged again with the rest\n/,
      '(all in full: wilson show TASK-001 --messages)\n',
      /Files\n {2}\+ {2}test_todo\.py +\d+ B\n {2}\+ {2}todo\.py/,
      'Next      wilson diff TASK-001 · wilson apply TASK-001 · wilson discard TASK-001\n',
    );
    const code = await machine.run(['show', '2']);
    expect(code.stdout).toMatch(/Attempts\n {2}1 {2}pid \d+, .*, failed, tried again\n {2}2 {2}pid \d+, .*, done\n/);
    expect(code.stdout).toContain('\nNext      wilson show TASK-001\n');
    const full = await machine.run(['show', '1', '--messages']);
    expect(full.stdout).toContain(
      '  findings:\n    Not yet.\n    todo.py:2 (major): it changes the list that it is given\n',
    );

    const screen = new TerminalScreen(process.execPath, [machine.main, 'show', 'TASK-002'], {
      columns: 44,
      rows: 200,
      env: machine.env,
    });
    onTestFinished(() => screen.gone());
    expect((await screen.exited).exitCode).toBe(0);
    await screen.until('wilson show TASK-001');
    for (const line of screen.lines()) expect(textWidth(line)).toBeLessThanOrEqual(44);
    expect(screen.text()).toContain('TASK-002, attempt 1: needs changes');

    const task = JSON.parse((await machine.run(['show', '4', '--json'])).stdout) as TaskJson;
    expect(task).toMatchObject({
      role: 'work',
      parent: 'TASK-001',
      question: null,
      subtasks: [],
      tree: [],
      dependsOn: ['TASK-002', 'TASK-003'],
      totalUsage: task.usage,
    });
    expect(task.reviews[0]).toMatchObject({
      task: 'TASK-002',
      reviewer: 'TASK-004',
      attempt: 1,
      verdict: 'needs_changes',
      findings: [{ file: 'todo.py', line: 2, severity: 'major', text: 'it changes the list that it is given' }],
    });
    expect(task.attempts?.map(({ outcome }) => outcome)).toEqual(['reviewed', 'done']);
  });
});
