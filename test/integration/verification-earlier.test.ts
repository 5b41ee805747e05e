import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckSpec } from '../../src/task/definition-of-done.js';
import type { EarlierTests } from '../../src/task/earlier-tests.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { checkRig, works } from '../helpers/check-rig.js';
import { put as putFile } from '../helpers/folder-snapshot.js';

/*
 * What a task may do to the tests that were there before it, so that "the tests pass".
 */

const rig = checkRig();

type Files = Readonly<Record<string, string>>;

/** A task that makes and removes files of a project, and what is then seen of its tests. */
async function seen(project: Files, change: { files?: Files; remove?: readonly string[] }, earlier: EarlierTests) {
  const folder = path.join(rig.top, 'tested');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(project)) putFile(folder, name, text);
  rig.workspace = await createWorkspace({ taskId: 'TASK-002', folder, stateFolder: path.join(rig.top, 'state') });
  rig.put(change.files ?? {});
  for (const name of change.remove ?? []) rmSync(path.join(rig.workspace.root, name));
  const spec: CheckSpec = { check: 'tests_pass', earlier };
  return rig.check(spec, 120_000);
}

const wrong = 'def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a + b\n';
const right = wrong.replace('sub(a, b):\n    return a + b', 'sub(a, b):\n    return a - b');
const head = 'import unittest\nfrom calc import add, sub\n\n\nclass CalcTest(unittest.TestCase):\n';
const testsAdd = '    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n\n';
const testsSub = '    def test_sub(self):\n        self.assertEqual(sub(3, 2), 1)\n';
const python = { 'calc.py': wrong, 'test_calc.py': head + testsAdd + testsSub };

describe('tests that are to pass', () => {
  it.each<[string, { files?: Files; remove?: readonly string[] }]>([
    ['one removed', { files: { 'test_calc.py': head + testsAdd } }],
    ['one skipped', { files: { 'test_calc.py': `${head}${testsAdd}    @unittest.skip("later")\n${testsSub}` } }],
    [
      'one expected to fail',
      { files: { 'test_calc.py': `${head}${testsAdd}    @unittest.expectedFailure\n${testsSub}` } },
    ],
    [
      'one made to expect what is wrong',
      { files: { 'test_calc.py': head + testsAdd + testsSub.replace(', 1)', ', 5)') } },
    ],
    ['one emptied', { files: { 'test_calc.py': head + testsAdd + testsSub.replace(/self\..*/, 'pass') } }],
    [
      'one renamed, so that it is none',
      { files: { 'test_calc.py': head + testsAdd + testsSub.replace('test_', '_test_') } },
    ],
    ['a file taken away, another put there', { files: { 'test_new.py': head + testsAdd }, remove: ['test_calc.py'] }],
    ['a new file beside them', { files: { 'test_new.py': head + testsAdd } }],
    [
      'a hook that leaves one out',
      {
        files: {
          'test_calc.py': `${head}${testsAdd}${testsSub}\n\ndef load_tests(loader, tests, pattern):\n    return unittest.TestSuite([CalcTest("test_add")])\n`,
        },
      },
    ],
  ])('do not, by %s', async (_name, change) => {
    const result = await seen(python, change, 'passing');
    expect(result.passed).toBe(false);
    expect(result.evidence.detail).toBe('As they were before the task, 1 of 2 tests fail on this code: test_sub');
  });

  it('do when the code is right, whatever else was changed', async () => {
    const files = { 'calc.py': right, 'test_calc.py': head + testsAdd, 'test_other.py': head + testsSub };
    expect(await seen(python, { files }, 'passing')).toMatchObject({ passed: true, evidence: { ran: 2 } });
  });

  it('do beside new settings that hide nothing', async () => {
    const files = { 'calc.py': right, 'conftest.py': 'x = 1\n' };
    expect(await seen(python, { files }, 'passing')).toMatchObject({ passed: true, evidence: { ran: 2 } });
  });
});

describe('tests of which none may get lost', () => {
  const project = { ...python, 'calc.py': right };

  it.each<[string, { files?: Files; remove?: readonly string[] }, RegExp]>([
    [
      'are named when they were written over',
      { files: { 'test_calc.py': `${head}    def test_mul(self):\n        self.assertEqual(add(2, 2), 4)\n` } },
      /no longer run: test_add, test_sub$/,
    ],
    [
      'are named when they are skipped',
      { files: { 'test_calc.py': `${head}    @unittest.skip("x")\n${testsAdd}${testsSub}` } },
      /: test_add$/,
    ],
    ['are missed with their file', { remove: ['test_calc.py'] }, /There is no test file/],
  ])('%s', async (_name, change, reason) => {
    const result = await seen(project, change, 'kept');
    expect(result.passed).toBe(false);
    expect(result.evidence.detail).toMatch(reason);
  });

  it.each<[string, { files: Files; remove?: readonly string[] }]>([
    [
      'may move to another file',
      { files: { 'tests/test_all.py': head + testsAdd + testsSub }, remove: ['test_calc.py'] },
    ],
    [
      'may move to another class',
      { files: { 'test_calc.py': head.replace('CalcTest', 'Other') + testsSub + testsAdd } },
    ],
    [
      'may expect something else',
      { files: { 'calc.py': wrong, 'test_calc.py': head + testsAdd + testsSub.replace(', 1)', ', 5)') } },
    ],
    [
      'may go with the code that they are about',
      {
        files: { 'calc.py': wrong.split('\n\n\n')[0] ?? '', 'test_calc.py': head.replace(', sub', '') + testsAdd },
      },
    ],
  ])('%s', async (_name, change) => {
    const result = await seen(project, change, 'kept');
    expect(result, result.evidence.detail).toMatchObject({ passed: true });
  });
});

describe('a part of a larger task', () => {
  it('leaves the tests of its siblings to the look at the whole', async () => {
    const folder = path.join(rig.top, 'tested');
    const stateFolder = path.join(rig.top, 'state');
    mkdirSync(folder);
    for (const [name, text] of Object.entries({ ...python, 'calc.py': right })) putFile(folder, name, text);
    const whole = await createWorkspace({ taskId: 'TASK-002', folder, stateFolder });
    const part = await createWorkspace({ taskId: 'TASK-003', folder: whole.root, stateFolder, plain: true });
    rig.workspace = part;
    rig.put({ 'test_calc.py': head + testsAdd });
    const spec: CheckSpec = { check: 'tests_pass', earlier: 'kept' };
    expect(await rig.check(spec)).toMatchObject({ passed: true, evidence: { ran: 1 } });
    rig.workspace = whole;
    rig.put({ 'test_calc.py': head + testsAdd });
    const seenOfWhole = await rig.check(spec);
    expect(seenOfWhole.evidence.detail).toMatch(/no longer run: test_sub$/);
  });
});

describe.skipIf(!works(['python3', '-c', 'import pytest']))('tests of pytest', () => {
  const tests =
    'import pytest\nfrom calc import add, sub\n\n\n@pytest.mark.parametrize("a", [1, 2])\ndef test_add(a):\n    assert add(a, 1) == a + 1\n\n\ndef test_sub():\n    assert sub(3, 2) == 1\n';
  const project = { 'calc.py': wrong, 'test_calc.py': tests };

  it.each<[string, Files]>([
    [
      'leaves them out',
      {
        'conftest.py':
          'def pytest_collection_modifyitems(items):\n    items[:] = [one for one in items if "sub" not in one.name]\n',
      },
    ],
    [
      'calls them passed',
      {
        'conftest.py':
          'import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n    outcome = yield\n    if "sub" in item.name:\n        outcome.get_result().outcome = "passed"\n',
      },
    ],
    ['does not know their names', { 'pytest.ini': '[pytest]\npython_functions = test_a*\n' }],
  ])('pass by settings of which one %s', async (_name, files) => {
    const result = await seen(project, { files }, 'passing');
    expect(result).toMatchObject({ passed: false, evidence: { failed: 0 } });
    expect(result.evidence.detail).toBe('As they were before the task, 1 of 3 tests fail on this code: test_sub');
  });

  it('are missed by their parameters', async () => {
    const files = { 'test_calc.py': tests.replace('[1, 2]', '[1]') };
    const result = await seen({ ...project, 'calc.py': right }, { files }, 'kept');
    expect(result.evidence.detail).toMatch(/no longer run: test_add$/);
  });
});

describe('tests in JavaScript', () => {
  const code = 'export const add = (a, b) => a + b;\nexport function sub(a, b) {\n  return a + b;\n}\n';
  const start =
    "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add, sub } from './calc.mjs';\n\ntest('adds', () => assert.equal(add(1, 2), 3));\n";
  const sub = "test('subtracts', () => assert.equal(sub(3, 2), 1));\n";
  const project = { 'calc.mjs': code, 'calc.test.mjs': start + sub };

  it.each<[string, string]>([
    ['removed', start],
    ['skipped', start + sub.replace('test(', 'test.skip(')],
    ['left for later', start + sub.replace('test(', 'test.todo(')],
    ['changed', start + sub.replace(', 1)', ', 5)')],
  ])('do not pass by one that was %s', async (_name, text) => {
    const result = await seen(project, { files: { 'calc.test.mjs': text } }, 'passing');
    expect(result.passed).toBe(false);
    expect(result.evidence.detail).toBe('As they were before the task, 1 of 2 tests fail on this code: subtracts');
  });

  it('are missed when they pass and are gone', async () => {
    const fixed = { ...project, 'calc.mjs': code.replace('return a + b', 'return a - b') };
    const result = await seen(fixed, { files: { 'calc.test.mjs': start } }, 'kept');
    expect(result.evidence.detail).toMatch(/no longer run: subtracts$/);
  });
});

describe.skipIf(!works(['go', 'version']))('tests in Go', () => {
  it('are missed when they pass and are gone', { timeout: 300_000 }, async () => {
    const start =
      'package calc\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Fatal("no")\n\t}\n}\n';
    const more = '\nfunc TestAddZero(t *testing.T) {\n\tif Add(1, 0) != 1 {\n\t\tt.Fatal("no")\n\t}\n}\n';
    const project = {
      'go.mod': 'module calc\n\ngo 1.21\n',
      'calc.go': 'package calc\n\nfunc Add(a, b int) int {\n\treturn a + b\n}\n',
      'calc_test.go': start + more,
    };
    const result = await seen(project, { files: { 'calc_test.go': start } }, 'kept');
    expect(result.evidence.detail).toMatch(/no longer run: TestAddZero$/);
  });
});
