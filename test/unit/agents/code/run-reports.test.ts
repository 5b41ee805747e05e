import { describe, expect, it } from 'vitest';
import { readTap } from '../../../../src/agents/code/javascript/javascript.js';
import { readUnittest } from '../../../../src/agents/code/python/python.js';
import { judgeRun } from '../../../../src/agents/code/write-program.js';
import type { CommandResult } from '../../../../src/platform/command.js';

const result = (fields: Partial<CommandResult>): CommandResult => ({
  exitCode: 0,
  signal: null,
  timedOut: false,
  stdout: '',
  stderr: '',
  droppedBytes: 0,
  durationMs: 1,
  ...fields,
});

describe('readUnittest', () => {
  it.each([
    ['Ran 3 tests in 0.001s\n\nOK', 0, 3, 0],
    ['Ran 0 tests in 0.000s\n\nOK', 0, 0, 0],
    ['Ran 4 tests in 0.1s\n\nOK (skipped=3)', 0, 1, 0],
    ['Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=2)', 1, 5, 3],
    ['Ran 2 tests in 0.1s\n\nFAILED (failures=1, skipped=1)', 1, 1, 1],
    ['Traceback: SystemExit', 1, 0, 1],
    ['', 0, 0, 0],
  ])('%j with exit code %i', (stderr, exitCode, ran, failed) => {
    expect(readUnittest(result({ stderr, exitCode }), ['x'])).toMatchObject({ ran, failed });
  });
});

describe('readTap', () => {
  it.each([
    ['# tests 3\n# pass 3\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0', 0, 3, 0],
    ['# tests 3\n# pass 1\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0', 1, 2, 1],
    ['', 1, 0, 1],
  ])('%j', (stdout, exitCode, ran, failed) => {
    expect(readTap(result({ stdout, exitCode }), ['x'])).toMatchObject({ ran, failed });
  });
});

describe('judgeRun', () => {
  const judge = (fields: Partial<CommandResult>, wish = 'a script', outside: string[] = []) =>
    judgeRun({ ...result(fields), command: ['python3', 'a.py'] }, outside, wish);

  it('takes an exit code of 0 with output for a success, and silence only where nothing is to be printed', () => {
    expect(judge({ stdout: 'hi\n' }, 'print hi')).toMatchObject({ ok: true });
    expect(judge({}, 'a program that prints hi')).toMatchObject({ ok: false });
    expect(judge({}, 'a script that renames files')).toMatchObject({ ok: true });
  });

  it('takes no traceback for a success', () => {
    const verdict = judge({ exitCode: 1, stderr: 'Traceback\nNameError: x' });
    expect(verdict).toMatchObject({ ok: false, seen: 'NameError: x' });
  });

  it('knows a program that only wants input or arguments', () => {
    expect(judge({ exitCode: 1, stderr: 'EOFError: EOF when reading a line' }).ok).toBe(true);
    expect(judge({ exitCode: 2, stderr: 'usage: a.py [-h] folder' }).ok).toBe(true);
  });

  it('asks for the standard library when a package is missing', () => {
    const stderr = "ModuleNotFoundError: No module named 'PIL'";
    expect(judge({ exitCode: 1, stderr }, 'a script', ['PIL'])).toMatchObject({
      ok: false,
      seen: expect.stringContaining('PIL, which is not installed'),
    });
  });

  it('lets only what is meant to run on run on', () => {
    expect(judge({ exitCode: null, timedOut: true }, 'a web server').ok).toBe(true);
    expect(judge({ exitCode: null, timedOut: true }, 'print the primes').ok).toBe(false);
  });
});
