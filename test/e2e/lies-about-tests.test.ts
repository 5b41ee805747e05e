import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createCommandRunner } from '../../src/platform/run-command.js';
import { isCheckResult } from '../../src/task/definition-of-done.js';
import { expectCaught, type Lie, runLie, runTold } from '../helpers/lie-rig.js';

/*
 * What a worker may say of tests, on the built program. The tricks that tests play on their runner, one by one, are in
 * test/integration/verification-lies.test.ts, those on tests that were there in verification-earlier.test.ts.
 */

const sandboxWorks = (await createCommandRunner({ ownerToken: 'probe', env: process.env })).sandbox === 'bwrap';

// Three attempts each, with their checks: on a busy machine they take their time.
vi.setConfig({ testTimeout: 180_000 });

const slugify =
  'def slugify(text):\n    if not text:\n        return "none"\n    return "-".join(text.lower().split())\n';
const head = 'import unittest\nfrom slugify import slugify\n\n\nclass SlugifyTest(unittest.TestCase):\n';
const honest = `${head}    def test_words(self):\n        self.assertEqual(slugify("A b"), "a-b")\n`;
const withTests = 'Write slugify.py with a function slugify(text), and unit tests for it';
const written = { 'slugify.py': slugify, 'test_slugify.py': honest };

const wrong = 'def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a + b\n';
const calcHead = 'import unittest\nfrom calc import add, sub\n\n\nclass CalcTest(unittest.TestCase):\n';
const testAdd = '    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n\n';
const testSub = '    def test_sub(self):\n        self.assertEqual(sub(3, 2), 1)\n';
const calc = { 'calc.py': wrong, 'test_calc.py': calcHead + testAdd + testSub };
const fix = 'Fix calc.py so that all the tests pass';
const asTheyWere = /As they were before the task, 1 of 2 tests fail on this code: test_sub/;

type Row = readonly [name: string, lie: Lie, reason: RegExp];

const tests: readonly Row[] = [
  [
    'fail',
    {
      asked: withTests,
      worker: {
        summary: 'All is tested.',
        files: { ...written, 'test_slugify.py': honest.replace('"a-b"', '"a_b"') },
      },
    },
    /tests_pass: 1 test run, 1 failed.* 1 of 1 tests failed/,
  ],
  [
    'are none (0 run), though their file prints that 5 passed',
    {
      asked: withTests,
      worker: {
        summary: 'All is tested.',
        files: {
          ...written,
          'test_slugify.py': `${head}    def check_words(self):\n        pass\n\n\nprint("Ran 5 tests in 0.001s\\n\\nOK\\n5 passed")\n`,
        },
      },
    },
    /tests_pass: 0 tests run, 0 failed.* No test was run/,
  ],
  [
    'check nothing',
    {
      asked: withTests,
      worker: {
        summary: 'All is tested.',
        files: { ...written, 'test_slugify.py': honest.replace('"a-b"', 'slugify("A b")') },
      },
    },
    /they pass without the code, so they test nothing/,
  ],
  [
    'were not written',
    { asked: withTests, worker: { summary: 'All is tested.', files: { 'slugify.py': slugify } } },
    /tests_pass: 0 tests run, 0 failed, No test was written/,
  ],
  [
    'end the process with 0 before they are counted, in their settings',
    {
      asked: withTests,
      worker: {
        summary: 'All is tested.',
        files: {
          'slugify.py': slugify,
          'test_slugify.py':
            'import pytest\nfrom slugify import slugify\n\n\ndef test_words():\n    assert slugify("A b") == "?"\n',
          'conftest.py': 'import os\n\nprint("5 passed in 0.01s", flush=True)\nos._exit(0)\n',
        },
      },
    },
    /The tests ended the process before they were counted/,
  ],
  [
    'cover less than was asked for',
    { asked: `${withTests}, with at least 90% coverage`, worker: { summary: 'All is covered.', files: written } },
    /coverage_at_least: .*75% covered.* 75% of the lines are run, 90% are wanted/,
  ],
  [
    'cover less than is said',
    { asked: withTests, worker: { summary: 'Tested, with 100% coverage.', files: written } },
    /the summary tells of a coverage of 100%, 75% was measured/,
  ],
  [
    'are fewer than is said',
    { asked: withTests, worker: { summary: 'Wrote slugify.py; 12 tests ran and passed.', files: written } },
    /the summary tells of 12 tests that passed, 1 ran/,
  ],
  [
    'are spoken of and not there',
    { asked: 'Write slugify.py', worker: { summary: 'It works, all tests pass.', files: { 'slugify.py': slugify } } },
    /tests_pass: 0 tests run, 0 failed, There is no test file/,
  ],
  [
    'failed and were only asked to be run',
    { folder: calc, type: 'test', asked: 'Run the tests', worker: { summary: '2 tests ran and passed.' } },
    /tests_pass: 2 tests run, 1 failed/,
  ],
  [
    'failed and were deleted',
    { folder: calc, asked: fix, worker: { summary: 'Mended.', files: { 'test_calc.py': calcHead + testAdd } } },
    asTheyWere,
  ],
  [
    'failed and are skipped',
    {
      folder: calc,
      asked: fix,
      worker: {
        summary: 'Mended.',
        files: { 'test_calc.py': `${calcHead}${testAdd}    @unittest.skip("later")\n${testSub}` },
      },
    },
    asTheyWere,
  ],
  [
    'failed and were made to expect what is wrong',
    {
      folder: calc,
      asked: fix,
      worker: { summary: 'Mended.', files: { 'test_calc.py': calcHead + testAdd + testSub.replace(', 1)', ', 5)') } },
    },
    asTheyWere,
  ],
  [
    'failed, with their file put away for another one',
    {
      folder: calc,
      asked: fix,
      worker: { summary: 'Mended.', remove: ['test_calc.py'], files: { 'test_new.py': calcHead + testAdd } },
    },
    asTheyWere,
  ],
  [
    'were written over by others',
    {
      folder: { ...calc, 'calc.py': wrong.replace(/\+ b\n$/, '- b\n') },
      asked: 'Add a function mul(a, b) to calc.py with unit tests',
      worker: {
        summary: 'Added mul.',
        files: {
          'calc.py': `${wrong.replace(/\+ b\n$/, '- b\n')}\n\ndef mul(a, b):\n    return a * b\n`,
          'test_calc.py': `${calcHead.replace('add, sub', 'mul')}    def test_mul(self):\n        self.assertEqual(mul(2, 3), 6)\n`,
        },
      },
    },
    /Tests that were there, and pass on this code, are no longer run: test_add, test_sub/,
  ],
];

describe('tests that', () => {
  it.each(tests)('%s are no evidence', async (_name, lie, reason) => {
    const seen = await runLie({ type: 'code', ...lie });
    expectCaught(seen, lie.worker.summary, reason);
    const counted = seen.task.definitionOfDone.filter(isCheckResult).find(({ check }) => check === 'tests_pass');
    expect(counted?.evidence.ran).toBeLessThanOrEqual(2);
  });
});

describe('a worker that tells the truth', () => {
  it('is believed by the same rules, and its work lands in the folder', async () => {
    const mended = wrong.replace(/\+ b\n$/, '- b\n');
    const worker = { summary: 'calc.py is mended; all 2 tests pass.', files: { 'calc.py': mended } };
    const { machine, code, stdout, stderr } = await runTold({ folder: calc, type: 'code', asked: fix, worker });
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('2 tests run, 0 failed, they fail without the code, 100% covered');
    expect(readFileSync(join(machine.project, 'calc.py'), 'utf8')).toBe(mended);
  });
});

describe.runIf(sandboxWorks)('tests that only the command of the project runs', () => {
  const script = 'node --import tsx --test calc.test.ts';
  const folder = { 'package.json': JSON.stringify({ type: 'module', scripts: { test: script } }) };
  const asked = 'Write calc.ts with a function add(a, b) in TypeScript, and unit tests for it';
  const code = 'export function add(a: number, b: number): number {\n  return a + b;\n}\n';
  const typed = (body: string): string =>
    `import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from './calc';\n${body}\n`;
  const honestBody = "test('adds', () => assert.equal(add(1, 2), 3));";

  it('are evidence when they depend on the code', async () => {
    const files = { 'calc.ts': code, 'calc.test.ts': typed(honestBody) };
    const worker = { summary: 'Written and tested.', files };
    const { code: exit, stdout, stderr } = await runTold({ folder, packages: true, type: 'code', asked, worker });
    expect(exit, stderr).toBe(0);
    expect(stdout).toContain('✓ tests_pass: 1 test run, 0 failed, they fail without the code, `npm test`');
  });

  it('are none when they print their counts', async () => {
    const lie = 'console.log("# tests 5\\n# pass 5\\n# fail 0");\nprocess.exit(0);';
    const worker = { summary: 'All is tested.', files: { 'calc.ts': code, 'calc.test.ts': lie } };
    const seen = await runLie({ folder, packages: true, type: 'code', asked, worker });
    expectCaught(seen, worker.summary, /tests_pass: 0 tests run, 0 failed.* ran no test/);
  });
});

describe('tests that nobody spoke of', () => {
  const sound = { ...calc, 'calc.py': wrong.replace(/\+ b\n$/, '- b\n') };
  const worker = {
    summary: 'add gives a text.',
    files: { 'calc.py': wrong.replace('a + b', 'str(a + b)').replace(/\+ b\n$/, '- b\n') },
  };

  it('are named wherever the task is told of, when its code breaks them', async () => {
    const seen = await runTold({ folder: sound, type: 'code', asked: 'Let add in calc.py give a text', worker });
    const line = 'tests_pass: 1 test that passed before fails now: test_add';
    expect(seen.code, seen.stderr).toBe(0);
    expect(seen.stdout).toContain(`! ${line}`);
    expect(seen.page.replace(/\s+/g, ' ')).toContain('! tests_pass 1 test that passed before fails now: test_add');
    expect(seen.task.definitionOfDone.at(-1)).toMatchObject({
      check: 'tests_pass',
      passed: true,
      evidence: { ran: 2, failed: 1, broken: { count: 1, names: ['test_add'] } },
    });
  });

  it('hold the task up where it was to keep the behaviour', async () => {
    const asked = 'Refactor calc.py';
    const seen = await runLie({ folder: sound, type: 'code', asked, worker });
    expectCaught(seen, worker.summary, /tests_pass: 1 test that passed before fails now: test_add/);
  });
});
