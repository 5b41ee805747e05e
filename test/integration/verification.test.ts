import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import type { CheckSpec } from '../../src/task/definition-of-done.js';
import { runChecks } from '../../src/verification/run-checks.js';
import { createWorkspace } from '../../src/workspace/create.js';
import { checkRig, works } from '../helpers/check-rig.js';

const rig = checkRig();
const { put, check } = rig;

const slugify = 'def slugify(text):\n    return "-".join(text.lower().split())\n';
const goodTests = `import unittest
from slugify import slugify

class TestSlugify(unittest.TestCase):
    def test_words(self):
        self.assertEqual(slugify("Hello World"), "hello-world")

    def test_empty(self):
        self.assertEqual(slugify(""), "")
`;

describe('tests_pass for Python', () => {
  it('takes tests that check the code, with their counts', async () => {
    put({ 'slugify.py': slugify, 'test_slugify.py': goodTests });
    expect(await check({ check: 'tests_pass' })).toEqual({
      check: 'tests_pass',
      passed: true,
      evidence: {
        command: 'python3 -m unittest test_slugify.py',
        exitCode: 0,
        ran: 2,
        failed: 0,
        skipped: 0,
        paths: ['test_slugify.py'],
        coverage: 100,
        failsWithoutCode: true,
      },
    });
  });

  it.each<[string, string]>([
    [
      'functions in the manner of pytest',
      'from slugify import slugify\ndef test_it():\n    assert slugify("A b") == "a-b"\n',
    ],
    [
      'a class in the manner of pytest',
      'import slugify\nclass TestIt:\n    def setup_method(self):\n        self.x = "A b"\n    def test_it(self):\n        assert slugify.slugify(self.x) == "a-b"\n',
    ],
    [
      'coroutines',
      'import unittest\nfrom slugify import slugify\nclass T(unittest.IsolatedAsyncioTestCase):\n    async def test_it(self):\n        self.assertEqual(slugify("A b"), "a-b")\n',
    ],
    ['an unguarded unittest.main()', `${goodTests}\nunittest.main()\n`],
    [
      'subtests',
      'import unittest\nfrom slugify import slugify\nclass T(unittest.TestCase):\n    def test_it(self):\n        for text in ("A b", "a  B"):\n            with self.subTest(text):\n                self.assertEqual(slugify(text), "a-b")\n',
    ],
    [
      'an import inside the test',
      'import unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n        from slugify import slugify\n        self.assertEqual(slugify("A b"), "a-b")\n',
    ],
    [
      'only true expectations',
      'import unittest\nfrom slugify import slugify\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertTrue(slugify("A b"))\n',
    ],
  ])('takes %s', async (_name, tests) => {
    put({ 'slugify.py': slugify, 'test_slugify.py': tests });
    const result = await check({ check: 'tests_pass' });
    expect(result.evidence.detail).toBeUndefined();
    expect(result).toMatchObject({ passed: true, evidence: { failed: 0, failsWithoutCode: true } });
    expect(result.evidence.ran).toBeGreaterThan(0);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['nothing was written', {}, /no test/i],
    ['there is only code', { 'slugify.py': slugify }, /no test/i],
    [
      'no test is in the test file',
      {
        'slugify.py': slugify,
        'test_slugify.py': 'from slugify import slugify\nprint("Ran 5 tests in 0.001s\\n\\nOK")\n',
      },
      /No test was run/,
    ],
    [
      'the tests do not import the module',
      {
        'slugify.py': slugify,
        'test_slugify.py':
          'import unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(1, 1)\n',
      },
      /do not use slugify\.py/,
    ],
    [
      'the tests hold their own copy of the code',
      {
        'slugify.py': slugify,
        'test_slugify.py': `${slugify}import unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(slugify("A b"), "a-b")\n`,
      },
      /do not use slugify\.py/,
    ],
    [
      'the tests import the module and check nothing of it',
      {
        'slugify.py': slugify,
        'test_slugify.py':
          'import unittest\nimport slugify\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertTrue(True)\n',
      },
      /check nothing/,
    ],
    [
      'the tests call the code and ignore the answer',
      {
        'slugify.py': slugify,
        'test_slugify.py':
          'import unittest\nimport slugify\nclass T(unittest.TestCase):\n    def test_it(self):\n        slugify.slugify("x")\n',
      },
      /check nothing/,
    ],
    [
      'the tests swallow their own failures',
      {
        'slugify.py': slugify,
        'test_slugify.py':
          'import unittest\nimport slugify\nclass T(unittest.TestCase):\n    def test_it(self):\n        try:\n            self.assertEqual(slugify.slugify("x"), "y")\n        except BaseException:\n            pass\n',
      },
      /check nothing/,
    ],
    [
      'all tests are skipped',
      {
        'slugify.py': slugify,
        'test_slugify.py':
          'import unittest\nimport slugify\n@unittest.skip("later")\nclass T(unittest.TestCase):\n    def test_it(self):\n        pass\n    def test_two(self):\n        pass\n',
      },
      /All 2 tests were skipped/,
    ],
    [
      'a test fails',
      { 'slugify.py': slugify, 'test_slugify.py': goodTests.replace('"hello-world"', '"hello_world"') },
      /1 of 2 tests failed[\s\S]*hello_world/,
    ],
    [
      'all tests are expected to fail',
      {
        'slugify.py': slugify,
        'test_slugify.py':
          'import unittest\nimport slugify\nclass T(unittest.TestCase):\n    @unittest.expectedFailure\n    def test_it(self):\n        self.fail()\n',
      },
      /skipped/,
    ],
    [
      'a test ends the process with 0',
      {
        'slugify.py': slugify,
        'test_slugify.py':
          'import os, unittest\nimport slugify\nclass T(unittest.TestCase):\n    def test_it(self):\n        print("Ran 5 tests\\n\\nOK", flush=True)\n        os._exit(0)\n',
      },
      /ended the process/,
    ],
    [
      'the module ends the process with 0',
      { 'slugify.py': `import os\n${slugify}os._exit(0)\n`, 'test_slugify.py': goodTests },
      /ended the process/,
    ],
    [
      'a test calls sys.exit(0)',
      {
        'slugify.py': slugify,
        'test_slugify.py':
          'import sys, unittest\nimport slugify\nclass T(unittest.TestCase):\n    def test_it(self):\n        sys.exit(0)\n',
      },
      /1 of 1 tests failed/,
    ],
    [
      'the test file calls sys.exit(0)',
      { 'slugify.py': slugify, 'test_slugify.py': `${goodTests}\nimport sys\nsys.exit(0)\n` },
      /1 of 1 tests failed/,
    ],
    [
      'the module spoils unittest',
      {
        'slugify.py': `import unittest\nunittest.TestCase.assertEqual = lambda *args: None\n${slugify.replace('lower', 'upper')}`,
        'test_slugify.py': goodTests,
      },
      /changed the functions of unittest/,
    ],
    [
      'a test spoils unittest while it runs',
      {
        'slugify.py': slugify,
        'test_slugify.py': `${goodTests}\n    def test_a_first(self):\n        unittest.TestResult.addFailure = unittest.TestResult.addSuccess\n`,
      },
      /changed the functions of unittest/,
    ],
    ['the module does not parse', { 'slugify.py': 'def slugify(:\n', 'test_slugify.py': goodTests }, /SyntaxError/],
    [
      'the tests need a fixture that is not there',
      {
        'slugify.py': slugify,
        'test_slugify.py': 'from slugify import slugify\ndef test_it(thing):\n    assert slugify(thing) == thing\n',
      },
      /fixture/,
    ],
    [
      'the module shadows the standard library',
      {
        'json.py': 'def dumps(value):\n    return \'{"ran": 5, "failed": 0}\'\n',
        'test_json.py':
          'import json, unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.fail()\n',
      },
      /1 of 1 tests failed/,
    ],
  ])('refuses when %s', async (_name, files, reason) => {
    put(files);
    const result = await check({ check: 'tests_pass' });
    expect(result.passed).toBe(false);
    expect(result.evidence.detail).toMatch(reason);
  });

  it('stops tests that do not end', async () => {
    put({ 'slugify.py': 'def slugify(text):\n    while True:\n        pass\n', 'test_slugify.py': goodTests });
    const result = await check({ check: 'tests_pass' }, 1_000);
    expect(result).toMatchObject({ passed: false, evidence: { ran: 0 } });
    expect(result.evidence.detail).toMatch(/did not end within 1 s/);
  });

  it('does not need the tests to be new when the request does not say so', async () => {
    const folder = path.join(rig.top, 'second');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'slugify.py'), 'def slugify(text):\n    return text\n');
    writeFileSync(path.join(folder, 'test_slugify.py'), goodTests);
    rig.workspace = await createWorkspace({ taskId: 'TASK-002', folder, stateFolder: path.join(rig.top, 'state') });
    put({ 'slugify.py': slugify });
    expect(await check({ check: 'tests_pass' })).toMatchObject({ passed: true, evidence: { ran: 2 } });
    expect(await check({ check: 'tests_pass', paths: [] })).toMatchObject({ passed: false, evidence: { ran: 0 } });
  });

  it('takes new tests for old code, where the task wrote no code', async () => {
    put({
      'test_old.py':
        'import unittest\nfrom old import old\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(old(1), 2)\n',
    });
    expect(await check({ check: 'tests_pass', paths: [] })).toMatchObject({ passed: true, evidence: { ran: 1 } });
  });

  it('finds modules in packages, in src and from a tests folder', async () => {
    put({
      'src/app/__init__.py': '',
      'src/app/core.py': 'from .names import NAME\ndef core():\n    return NAME\n',
      'src/app/names.py': 'NAME = "x"\n',
      'tests/__init__.py': '',
      'tests/test_core.py':
        'import unittest\nfrom app.core import core\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(core(), "x")\n',
    });
    expect(await check({ check: 'tests_pass' })).toMatchObject({ passed: true, evidence: { ran: 1 } });
  });

  it('may write files, which go away with the copy', async () => {
    put({
      'slugify.py': slugify,
      'test_slugify.py': `${goodTests}\n    def test_write(self):\n        open("left.txt", "w").write("x")\n`,
    });
    expect(await check({ check: 'tests_pass' })).toMatchObject({ passed: true });
    expect(existsSync(path.join(rig.workspace.root, 'left.txt'))).toBe(false);
  });

  it('leaves nothing running', async () => {
    put({
      'slugify.py': slugify,
      'test_slugify.py': `${goodTests}\nimport subprocess\nsubprocess.Popen(["sleep", "600"], start_new_session=True)\n`,
    });
    expect(await check({ check: 'tests_pass' })).toMatchObject({ passed: true });
    expect(ownedProcesses(rig.owner)).toEqual([]);
  });
});

const hasPytest = works(['python3', '-c', 'import pytest']);
describe.runIf(hasPytest)('tests_pass with pytest', () => {
  it('runs fixtures and parameters where a test file imports pytest', async () => {
    const tests =
      'import pytest\nfrom slugify import slugify\n@pytest.mark.parametrize("text,slug", [("A b", "a-b"), ("", "")])\ndef test_it(text, slug):\n    assert slugify(text) == slug\n@pytest.mark.skip\ndef test_later():\n    pass\n';
    put({ 'slugify.py': slugify, 'test_slugify.py': tests });
    expect(await check({ check: 'tests_pass' })).toMatchObject({
      passed: true,
      evidence: { ran: 2, failed: 0, skipped: 1, coverage: 100, failsWithoutCode: true },
    });
  });

  it('counts what fails there', async () => {
    put({
      'slugify.py': slugify,
      'test_slugify.py': 'import pytest\nfrom slugify import slugify\ndef test_it():\n    assert slugify("A") == "A"\n',
    });
    expect(await check({ check: 'tests_pass' })).toMatchObject({ passed: false, evidence: { ran: 1, failed: 1 } });
  });
});

describe('tests_pass for JavaScript', () => {
  const code = 'export function slugify(text) {\n  return text.toLowerCase().split(" ").join("-");\n}\n';
  const head = 'import test from "node:test";\nimport assert from "node:assert";\n';
  const good = `${head}import { slugify } from "./slugify.mjs";\ntest("words", () => assert.equal(slugify("A b"), "a-b"));\n`;

  it('takes tests that check the code, as modules and as CommonJS', async () => {
    put({
      'slugify.mjs': code,
      'slugify.test.mjs': good,
      'count.cjs': 'class Counter { count(text) { return text.split(" ").length; } }\nmodule.exports = { Counter };\n',
      'count.test.cjs':
        'const { it, describe } = require("node:test");\nconst { Counter } = require("./count.cjs");\ndescribe("c", () => { it("counts", () => { if (new Counter().count("a b") !== 2) throw new Error("no"); }); it.skip("later"); });\n',
    });
    expect(await check({ check: 'tests_pass' })).toMatchObject({
      passed: true,
      evidence: { ran: 2, failed: 0, skipped: 1, failsWithoutCode: true, exitCode: 0 },
    });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'no test is in the test file',
      {
        'slugify.mjs': code,
        'slugify.test.mjs': 'import { slugify } from "./slugify.mjs";\nslugify("x");\nconsole.log("# pass 5");\n',
      },
      /No test was run/,
    ],
    [
      'the tests do not use the module',
      { 'slugify.mjs': code, 'slugify.test.mjs': `${head}test("x", () => assert.equal(1, 1));\n` },
      /do not use slugify\.mjs/,
    ],
    [
      'the tests only import the module',
      {
        'slugify.mjs': code,
        'slugify.test.mjs': `${head}import "./slugify.mjs";\ntest("x", () => assert.equal(1, 1));\n`,
      },
      /do not use slugify\.mjs/,
    ],
    [
      'the tests ignore the answer',
      {
        'slugify.mjs': code,
        'slugify.test.mjs': `${head}import { slugify } from "./slugify.mjs";\ntest("x", () => { slugify("x"); });\n`,
      },
      /check nothing/,
    ],
    [
      'a test fails',
      { 'slugify.mjs': code, 'slugify.test.mjs': good.replace('"a-b"', '"a_b"') },
      /1 of 1 tests failed/,
    ],
    [
      'a test ends the process with 0',
      {
        'slugify.mjs': code,
        'slugify.test.mjs': `${head}import { slugify } from "./slugify.mjs";\ntest("x", () => { slugify("x"); process.exit(0); });\n`,
      },
      /No test was run|failed/,
    ],
    [
      'all tests are skipped or to do',
      {
        'slugify.mjs': code,
        'slugify.test.mjs': `${head}import { slugify } from "./slugify.mjs";\ntest.skip("x", () => slugify("x"));\ntest.todo("y");\n`,
      },
      /All 2 tests were skipped/,
    ],
    ['the module cannot be loaded', { 'slugify.mjs': 'export const = 1;\n', 'slugify.test.mjs': good }, /failed/],
    [
      'there is no runner for the language',
      { 'slugify.ts': 'export const x: number = 1;\n', 'slugify.test.ts': 'test("x", () => {});\n' },
      /no test runner here for slugify\.test\.ts: give the project a command/,
    ],
  ])('refuses when %s', async (_name, files, reason) => {
    put(files);
    const result = await check({ check: 'tests_pass' });
    expect(result.passed).toBe(false);
    expect(result.evidence.detail).toMatch(reason);
  });
});

describe.runIf(works(['go', 'version']))('tests_pass for Go', () => {
  // One for all, since Go compiles its standard library in every sandbox anew.
  it('counts tests, and wants them to run the code', { timeout: 300_000 }, async () => {
    put({
      'add.go': 'package add\n\nfunc Add(a, b int) int {\n\tif a > 100 {\n\t\treturn a\n\t}\n\treturn a + b\n}\n',
      'add_test.go':
        'package add\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Fatal("no")\n\t}\n}\n\nfunc TestLater(t *testing.T) { t.Skip() }\n',
    });
    const { workspace, commands } = rig;
    const signal = new AbortController().signal;
    const checks: CheckSpec[] = [{ check: 'tests_pass' }, { check: 'coverage_at_least', percent: 90 }];
    const [tests, coverage] = await runChecks(checks, { workspace, commands, signal, timeouts: { testsMs: 30_000 } });
    expect(tests).toMatchObject({
      passed: true,
      evidence: { ran: 1, failed: 0, skipped: 1, coverage: 75, failsWithoutCode: true },
    });
    expect(coverage).toMatchObject({ passed: false, evidence: { coverage: 75, paths: ['add.go'] } });
    expect(coverage?.evidence.detail).toBe(
      '75% of the lines are run, 90% are wanted\nadd.go 75% (3 of 4 lines; not run: 5)',
    );
  });
});

describe('where nothing isolates', () => {
  it('checks and counts all the same, and refuses commands that are not on the list', async () => {
    rig.commands = await createCommandRunner({ ownerToken: rig.owner, env: process.env, force: 'none' });
    put({ 'slugify.py': slugify, 'test_slugify.py': goodTests, 'a.mjs': 'export const a = 1;\n' });
    expect(await check({ check: 'tests_pass' })).toMatchObject({ passed: true, evidence: { ran: 2 } });
    expect(await check({ check: 'parses' })).toMatchObject({ passed: true });
    const refused = await check({ check: 'command_succeeds', command: ['python3', 'slugify.py'] });
    expect(refused.passed).toBe(false);
    expect(refused.evidence.detail).toContain('nothing isolates');
  });
});

describe('parses', () => {
  it('checks each file in its own language, and says what it cannot check', async () => {
    put({
      'a.py': '# -*- coding: latin-1 -*-\nx = 1\n',
      'b.mjs': 'export const a = await 1;\n',
      'c.js': 'return 1;\n',
      'd.js': 'export const a = 1;\n',
      'e.json': '{"a": 1}\n',
      'f.yaml': 'a: 1\n---\nb: 2\n',
      'g.sh': 'if true; then echo x; fi\n',
      'h.ts': 'const x: number = 1;\n',
      'tsconfig.json': '{ // with a comment\n}\n',
      '-x.py': 'y = 2\n',
    });
    const result = await check({ check: 'parses' });
    expect(result).toMatchObject({ passed: true, evidence: { unchecked: ['tsconfig.json', 'h.ts'] } });
    expect(result.checked).toBeUndefined();
    expect(result.evidence.paths).toEqual(['-x.py', 'a.py', 'b.mjs', 'c.js', 'd.js', 'e.json', 'f.yaml', 'g.sh']);
    expect(result.evidence.detail).toBe(
      'There is no syntax checker here for JSON with comments; There is no syntax checker here for .ts',
    );
    expect(result.evidence.command).toContain('python3 -m py_compile');
  });

  it('does not say of what it could not look at that it parses', async () => {
    expect(await check({ check: 'parses' })).toEqual({
      check: 'parses',
      passed: true,
      checked: false,
      evidence: { paths: [], detail: 'There was no file to look at' },
    });
    put({ 'm.ts': 'not @@ a programme', 'main.rs': '}}}' });
    expect(await check({ check: 'parses' })).toEqual({
      check: 'parses',
      passed: true,
      checked: false,
      evidence: {
        paths: [],
        unchecked: ['m.ts', 'main.rs'],
        detail: 'There is no syntax checker here for .ts, .rs',
      },
    });
    put({ 'big.json': `"${'x'.repeat(20 * 1_048_576)}"` });
    expect((await check({ check: 'parses', paths: ['big.json'] })).evidence).toMatchObject({
      unchecked: ['big.json'],
      detail: 'Data files of more than 20 MB are not parsed',
    });
  });

  it.each([
    ['a.py', 'def f(:\n'],
    ['a.py', 'x = "\0"\n'],
    ['b.mjs', 'export const a = ;\n'],
    ['c.js', 'export const a = ;\n'],
    ['c.cjs', 'export const a = 1;\n'],
    ['e.json', '{"a": 1,}\n'],
    ['f.yml', 'a: [1\n'],
    ['g.sh', 'if true; then\n'],
  ])('refuses %s with %j', async (name, content) => {
    put({ [name]: content });
    const result = await check({ check: 'parses' });
    expect(result.passed).toBe(false);
    expect(result.evidence.detail).toContain(`${name}: `);
  });
});

describe('the other checks', () => {
  it('files_changed sees what was changed, and not what was only said', async () => {
    expect(await check({ check: 'files_changed' })).toMatchObject({ passed: false, evidence: { paths: [] } });
    put({ 'new.py': 'x = 1\n', 'README.md': '# Project\n' });
    expect(await check({ check: 'files_changed' })).toMatchObject({ passed: true, evidence: { paths: ['new.py'] } });
    expect(await check({ check: 'files_changed', paths: ['other.py'] })).toMatchObject({ passed: false });
  });

  it('file_exists', async () => {
    put({ 'deep/new.py': '' });
    expect(await check({ check: 'file_exists', paths: ['deep/new.py'] })).toMatchObject({ passed: true });
    for (const name of ['missing.py', 'deep', '../project/README.md', '/etc/passwd']) {
      expect(await check({ check: 'file_exists', paths: [name] })).toMatchObject({ passed: false });
    }
  });

  it('report_written wants words', async () => {
    put({ 'report.md': 'word '.repeat(100) });
    expect(await check({ check: 'report_written' })).toMatchObject({ passed: false });
    put({ 'report.md': Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ') });
    expect(await check({ check: 'report_written' })).toMatchObject({
      passed: true,
      evidence: { paths: ['report.md'] },
    });
  });

  it('command_succeeds looks at the exit code, in a copy', async () => {
    put({ 'a.py': 'open("left", "w").close()\n' });
    if (rig.commands.sandbox === 'none') return;
    const command = ['python3', 'a.py'];
    expect(await check({ check: 'command_succeeds', command })).toMatchObject({
      passed: true,
      evidence: { exitCode: 0 },
    });
    put({ 'a.py': 'print("why")\nraise SystemExit(3)\n' });
    expect(await check({ check: 'command_succeeds', command })).toMatchObject({
      passed: false,
      evidence: { exitCode: 3, command: 'python3 a.py', detail: 'why' },
    });
    expect(await check({ check: 'command_succeeds', command: ['no-such-program'] })).toMatchObject({ passed: false });
  });

  it('stops when it is told to', async () => {
    put({ 'slugify.py': 'while True: pass\n', 'test_slugify.py': goodTests });
    const controller = new AbortController();
    const running = runChecks([{ check: 'tests_pass' }], {
      workspace: rig.workspace,
      commands: rig.commands,
      signal: controller.signal,
    });
    while (ownedProcesses(rig.owner).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(readdirSync(rig.workspace.metaDir).filter((name) => name.startsWith('check-'))).toEqual([]);
  });
});
