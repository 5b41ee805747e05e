import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createCommandRunner } from '../../src/platform/run-command.js';
import { evidenceLine } from '../../src/supervisor/notice-text.js';
import type { CheckResult } from '../../src/task/definition-of-done.js';
import { runChecks } from '../../src/verification/run-checks.js';
import { checkRig, works } from '../helpers/check-rig.js';
import { put as putFile } from '../helpers/folder-snapshot.js';

/*
 * Tests that a task leaves alone and that its code breaks: nobody asked for them, and nobody may be left in the dark.
 */

vi.setConfig({ testTimeout: 120_000 });

const rig = checkRig();
const sandboxWorks = (await createCommandRunner({ ownerToken: 'probe', env: process.env })).sandbox === 'bwrap';

type Files = Readonly<Record<string, string>>;

interface Change {
  readonly files?: Files;
  readonly remove?: readonly string[];
  /** A link at a path, and where it leads. */
  readonly link?: readonly [at: string, to: string];
}

/** What is seen of a task that changes a project; null where there was nothing to be said. */
async function seen(
  project: Files,
  { files = {}, remove = [], link }: Change,
  earlier: 'unbroken' | 'watched' = 'watched',
  testsMs = 60_000,
): Promise<CheckResult | null> {
  await rig.takeProject(project);
  rig.put(files);
  for (const name of remove) rmSync(path.join(rig.workspace.root, name), { recursive: true });
  if (link !== undefined) symlinkSync(link[1], path.join(rig.workspace.root, link[0]));
  const { workspace, commands } = rig;
  const options = { workspace, commands, signal: new AbortController().signal, timeouts: { testsMs } };
  const [result = null] = await runChecks([{ check: 'tests_pass', earlier }], options);
  return result;
}

const calc = 'def add(a, b):\n    return a + b\n\n\ndef mul(a, b):\n    return a * b\n';
const head = 'import unittest\nfrom calc import add, mul\n\n\nclass T(unittest.TestCase):\n';
const tests = `${head}    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n\n    def test_mul(self):\n        self.assertEqual(mul(2, 3), 6)\n`;
const project = { 'calc.py': calc, 'test_calc.py': tests };
const strings = calc.replaceAll(/return (.*)/g, 'return str($1)');

describe('tests that were there and were left alone', () => {
  it('are named when they fail now', async () => {
    const result = await seen(project, { files: { 'calc.py': strings } });
    expect(result).toMatchObject({
      passed: true,
      evidence: { ran: 2, failed: 2, broken: { count: 2, names: ['test_add', 'test_mul'] } },
    });
    expect(result && evidenceLine(result)).toBe(
      '! tests_pass: 2 tests that passed before fail now: test_add, test_mul',
    );
  });

  it('have to pass where the same behaviour was promised', async () => {
    const result = await seen(project, { files: { 'calc.py': calc.replace('a + b', 'a - b') } }, 'unbroken');
    expect(result).toMatchObject({ passed: false, evidence: { broken: { count: 1, names: ['test_add'] } } });
    expect(result && evidenceLine(result)).toBe('✗ tests_pass: 1 test that passed before fails now: test_add');
  });

  it('are all missed when the code can no longer be loaded', async () => {
    const result = await seen(project, { files: { 'calc.py': calc.replace('def add', 'def plus') } });
    expect(result?.evidence.broken).toEqual({ count: 2, names: ['test_add', 'test_mul'] });
  });

  it('are said to pass where they do', async () => {
    const result = await seen(project, { files: { 'calc.py': `${calc}\n\nx = 1\n` } });
    expect(result && evidenceLine(result)).toBe('✓ tests_pass: 2 tests that were there pass as before');
  });

  it('are not blamed on a task when they failed before', async () => {
    const before = { ...project, 'calc.py': calc.replace('a + b', 'a - b') };
    const result = await seen(before, { files: { 'calc.py': `${before['calc.py']}\n\nx = 1\n` } });
    expect(result?.evidence).toMatchObject({ failed: 1, broken: { count: 0 } });
    expect(result && evidenceLine(result)).toBe('✓ tests_pass: 2 tests that were there do as before, 1 of them fails');
  });

  it('are missed when new settings leave them out', async () => {
    const conftest =
      'import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_call(item):\n    yield\n\n\ndef pytest_collection_modifyitems(items):\n    items[:] = [one for one in items if "add" not in one.name]\n';
    const withPytest = {
      'calc.py': calc,
      'test_calc.py':
        'import pytest\nfrom calc import add, mul\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\ndef test_mul():\n    assert mul(2, 3) == 6\n',
    };
    if (!works(['python3', '-c', 'import pytest'])) return;
    const result = await seen(withPytest, { files: { 'calc.py': `${calc}\n\nx = 1\n`, 'conftest.py': conftest } });
    expect(result?.evidence.broken).toEqual({ count: 1, names: ['test_add'] });
  });

  it('are not tried where they take too long, and that is said', async () => {
    const slow = { ...project, 'test_calc.py': `import time\n${tests}\n\ntime.sleep(60)\n` };
    const result = await seen(slow, { files: { 'calc.py': strings } }, 'watched', 700);
    expect(result).toMatchObject({ passed: true, checked: false });
    expect(result?.evidence.detail).toMatch(/^The tests that were there were not tried: The tests did not end within/);
  });

  it('are never looked for through a link that the task put in the place of their folder', async () => {
    const users = path.join(rig.top, 'users');
    mkdirSync(users);
    putFile(users, 'test_calc.py', tests);
    const inFolder = { 'calc.py': calc, 'tests/test_calc.py': tests, 'test_more.py': tests };
    const result = await seen(inFolder, { files: { 'calc.py': strings }, remove: ['tests'], link: ['tests', users] });
    expect(result?.evidence.broken).toMatchObject({ count: 2 });
    expect(readFileSync(path.join(users, 'test_calc.py'), 'utf8')).toBe(tests);
  });

  it.each<[string, Files, Change]>([
    ['there are none', { 'calc.py': calc }, { files: { 'calc.py': strings } }],
    ['they are of another language', project, { files: { 'x.go': 'package x\n' } }],
    ['the task changed them itself', project, { files: { 'calc.py': strings, 'test_calc.py': `${tests}\n` } }],
  ])('are not spoken of where %s', async (_name, before, change) => {
    expect(await seen(before, change)).toBeNull();
  });

  it.runIf(sandboxWorks)('are run by the command of the project too', async () => {
    const code = 'export const add = (a: number, b: number): number => a + b;\nexport const two = 2;\n';
    const test =
      "import { expect, it } from 'vitest';\nimport { add, two } from './calc';\n\nit('adds', () => expect(add(1, 2)).toBe(3));\nit('counts', () => expect(two).toBe(2));\n";
    const typed = {
      'package.json': '{"type": "module", "scripts": {"test": "vitest run"}}',
      'calc.ts': code,
      'calc.test.ts': test,
    };
    const result = await seen(typed, { files: { 'calc.ts': code.replace('a + b', 'a - b'), 'new.test.ts': test } });
    expect(result).toMatchObject({ passed: true, evidence: { ran: 2, failed: 1, broken: { count: 1 } } });
    expect(result && evidenceLine(result)).toMatch(/^! tests_pass: 1 test that passed before fails now/);
  });
});
