import { describe, expect, it } from 'vitest';
import { evidenceLine } from '../../src/supervisor/notice-text.js';
import { checkRig } from '../helpers/check-rig.js';

const { put, check } = checkRig();

const grade = `"""Grades."""


def grade(points):
    if points > 90:
        return "A"
    if points > 50:
        return (
            "B"
        )
    return "C"
`;
const gradeTests = `import unittest
from grade import grade

class TestGrade(unittest.TestCase):
    def test_best(self):
        self.assertEqual(grade(95), "A")

    def test_worst(self):
        self.assertEqual(grade(1), "C")
`;

describe('coverage of Python', () => {
  it('is the share of statements that the tests run, with those that they do not', async () => {
    put({ 'grade.py': grade, 'test_grade.py': gradeTests });
    expect(await check({ check: 'coverage_at_least', percent: 80 })).toEqual({
      check: 'coverage_at_least',
      percent: 80,
      passed: true,
      evidence: {
        command: 'python3 -m unittest test_grade.py',
        exitCode: 0,
        ran: 2,
        failed: 0,
        coverage: 83.3,
        paths: ['grade.py'],
        detail: 'grade.py 83.3% (5 of 6 lines; not run: 8)',
      },
    });
    expect(await check({ check: 'coverage_at_least', percent: 84 })).toMatchObject({
      passed: false,
      evidence: { coverage: 83.3, detail: expect.stringMatching(/^83\.3% of the lines are run, 84% are wanted\n/) },
    });
    expect(await check({ check: 'tests_pass' })).toMatchObject({ passed: true, evidence: { coverage: 83.3 } });
  });

  it('names the code that it could not measure', async () => {
    put({ 'grade.py': grade, 'test_grade.py': gradeTests, 'core.rs': 'fn main() {}\n' });
    const result = await check({ check: 'coverage_at_least', percent: 80 });
    expect(result).toMatchObject({ passed: true, evidence: { paths: ['grade.py'], unchecked: ['core.rs'] } });
    expect(evidenceLine(result)).toContain(
      '83.3% covered, `python3 -m unittest test_grade.py`, not checked: core.rs (Coverage cannot be measured here for .rs)',
    );
  });

  it('counts a changed file that no test loads as 0%', async () => {
    put({ 'grade.py': grade, 'test_grade.py': gradeTests, 'lib/other.py': 'def f():\n    return 1\n' });
    const result = await check({ check: 'coverage_at_least', percent: 80 });
    expect(result).toMatchObject({ passed: false, evidence: { coverage: 62.5, paths: ['grade.py', 'lib/other.py'] } });
    expect(result.evidence.detail).toContain('lib/other.py 0% (0 of 2 lines; not run: 1-2)');
  });

  it('measures what the check names, files and folders', async () => {
    put({ 'app/grade.py': grade, 'test_grade.py': gradeTests.replace('from grade', 'from app.grade') });
    put({ 'app/__init__.py': '', 'app/other.py': 'x = 1\n' });
    for (const paths of [['app/grade.py'], ['app/grade.py', 'app/__init__.py']]) {
      expect(await check({ check: 'coverage_at_least', percent: 80, paths })).toMatchObject({
        passed: true,
        evidence: { coverage: 83.3, paths: expect.arrayContaining(['app/grade.py']) },
      });
    }
    expect(await check({ check: 'coverage_at_least', percent: 80, paths: ['app/'] })).toMatchObject({
      passed: false,
      evidence: { coverage: 71.4 },
    });
    const missing = await check({ check: 'coverage_at_least', percent: 80, paths: ['nowhere.py'] });
    expect(missing).toMatchObject({
      passed: false,
      evidence: { detail: 'There is no code to measure at nowhere.py' },
    });
  });

  it('sees what programs run that the tests start', async () => {
    put({
      'todo.py':
        'import sys\n\ndef main(name):\n    if name == "list":\n        return "nothing"\n    return "what?"\n\nif __name__ == "__main__":\n    print(main(sys.argv[1]))\n',
      'test_todo.py':
        'import subprocess, sys, unittest\n\nclass TestTodo(unittest.TestCase):\n    def test_list(self):\n        done = subprocess.run([sys.executable, "todo.py", "list"], capture_output=True, text=True)\n        self.assertEqual(done.stdout, "nothing\\n")\n',
    });
    expect(await check({ check: 'coverage_at_least', percent: 80 })).toMatchObject({
      passed: true,
      evidence: { ran: 1, coverage: 85.7, detail: 'todo.py 85.7% (6 of 7 lines; not run: 6)' },
    });
  });

  it('counts what runs in threads and in coroutines', async () => {
    put({
      'work.py':
        'import asyncio, threading\n\ndef in_thread(out):\n    out.append(1)\n\nasync def later():\n    await asyncio.sleep(0)\n    return 2\n\ndef both():\n    out = []\n    thread = threading.Thread(target=in_thread, args=(out,))\n    thread.start()\n    thread.join()\n    return out + [asyncio.run(later())]\n',
      'test_work.py':
        'import unittest, work\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(work.both(), [1, 2])\n',
    });
    expect(await check({ check: 'coverage_at_least', percent: 100 })).toMatchObject({ passed: true });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['there is no test', { 'grade.py': grade }, /no test/],
    ['a test fails', { 'grade.py': grade, 'test_grade.py': gradeTests.replace('95', '5') }, /1 of 2 tests failed/],
    [
      'no test is in the test file',
      { 'grade.py': grade, 'test_grade.py': 'from grade import grade\ngrade(95), grade(60), grade(1)\n' },
      /No test was run/,
    ],
    [
      'the tests run the code and check nothing',
      {
        'grade.py': grade,
        'test_grade.py':
          'import unittest, grade\nclass T(unittest.TestCase):\n    def test_it(self):\n        [grade.grade(points) for points in (1, 60, 95)]\n',
      },
      /check nothing/,
    ],
    ['there is only code of another language', { 'a.rs': 'fn main() {}\n' }, /cannot be measured here for a\.rs/],
  ])('is refused when %s', async (_name, files, reason) => {
    put(files);
    const result = await check({ check: 'coverage_at_least', percent: 1 });
    expect(result.passed).toBe(false);
    expect(result.evidence.coverage).toBeUndefined();
    expect(result.evidence.detail).toMatch(reason);
  });

  const named = 'import grade as module\n';
  it.each<[string, string]>([
    ['prints a figure', 'print("TOTAL 6 0 100%")'],
    ['leaves files of coverage tools', 'open(".coverage", "w").close(); open("coverage.json", "w").write("{}")'],
    [
      'runs other lines under the name of the file',
      `${named}exec(compile("\\n" * 7 + "pass", module.__file__, "exec"))`,
    ],
    [
      'runs the line itself, outside its function',
      `${named}exec(compile("\\n" * 7 + "('B')", module.__file__, "exec"))`,
    ],
  ])('is not raised by a test that %s', async (_name, trick) => {
    put({
      'grade.py': grade,
      'test_grade.py': `${gradeTests}\n    def test_trick(self):\n        ${trick.replaceAll('\n', '\n        ')}\n`,
    });
    const result = await check({ check: 'coverage_at_least', percent: 84 });
    expect(result).toMatchObject({ passed: false, evidence: { ran: 3 } });
    expect(result.evidence.coverage ?? 83.3).toBe(83.3);
  });

  it.each<[string, string]>([
    ['replaces the tracer', 'import sys; sys.settrace(lambda *a: None)'],
    ['searches the heap', 'import gc; gc.get_objects()'],
  ])('is not told at all when a test %s', async (_name, trick) => {
    put({ 'grade.py': grade, 'test_grade.py': `${gradeTests}\n    def test_trick(self):\n        ${trick}\n` });
    const result = await check({ check: 'coverage_at_least', percent: 1 });
    expect(result).toMatchObject({ passed: false, evidence: { ran: 3 } });
    expect(result.evidence.coverage).toBeUndefined();
    expect(result.evidence.detail).toMatch(/could not be measured: the tested code meddles/);
  });
});

const code = `export function grade(points) {
  if (points > 90) {
    return 'A';
  }
  if (points > 50) {
    return 'B';
  }
  return 'C';
}

export function unused() {
  return 1;
}
`;
const codeTests = `import test from 'node:test';
import assert from 'node:assert';
import { grade } from './grade.mjs';
test('best', () => assert.equal(grade(95), 'A'));
test('worst', () => assert.equal(grade(1), 'C'));
`;

describe('coverage of JavaScript', () => {
  it('is the share of lines that the tests run, with those that they do not', async () => {
    put({ 'grade.mjs': code, 'grade.test.mjs': codeTests });
    expect(await check({ check: 'coverage_at_least', percent: 75 })).toEqual({
      check: 'coverage_at_least',
      percent: 75,
      passed: true,
      evidence: {
        command: 'node --test grade.test.mjs',
        exitCode: 0,
        ran: 2,
        failed: 0,
        coverage: 75,
        paths: ['grade.mjs'],
        detail: 'grade.mjs 75% (6 of 8 lines; not run: 6, 12)',
      },
    });
  });

  it('sees what programs run that the tests start, and counts files that nothing loads', async () => {
    put({
      'cli.js':
        'const name = process.argv[2];\nif (name === "list") {\n  console.log("nothing");\n} else {\n  console.log("what?");\n}\n',
      'other.js': 'module.exports = 1;\n',
      'cli.test.js':
        'const test = require("node:test");\nconst assert = require("node:assert");\nconst { execFileSync } = require("node:child_process");\ntest("list", () => assert.equal(execFileSync(process.execPath, ["cli.js", "list"], { encoding: "utf8" }), "nothing\\n"));\n',
    });
    const result = await check({ check: 'coverage_at_least', percent: 90 });
    expect(result).toMatchObject({ passed: false, evidence: { ran: 1, coverage: 66.6 } });
    expect(result.evidence.detail).toContain('cli.js 80% (4 of 5 lines; not run: 5)');
    expect(result.evidence.detail).toContain('other.js 0% (0 of 1 lines; not run: 1)');
  });

  it('is one figure over several languages, and none for a part of them', async () => {
    put({ 'grade.mjs': code, 'grade.test.mjs': codeTests, 'grade.py': grade, 'test_grade.py': gradeTests });
    expect(await check({ check: 'coverage_at_least', percent: 70 })).toMatchObject({
      passed: true,
      evidence: { ran: 4, coverage: 78.5, paths: ['grade.mjs', 'grade.py'] },
    });
    put({ 'test_grade.py': `${gradeTests}\n    def test_trick(self):\n        import gc; gc.get_objects()\n` });
    const result = await check({ check: 'tests_pass' });
    expect(result).toMatchObject({ passed: true, evidence: { ran: 5 } });
    expect(result.evidence.coverage).toBeUndefined();
  });

  it.each<[string, string]>([
    ['prints a figure', 'console.log("all files | 100.00 | 100.00");'],
    ['ends with its own report', 'require("node:fs").writeFileSync("coverage-final.json", "{}");'],
  ])('is not raised by a test that %s', async (_name, trick) => {
    const head = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n";
    put({ 'grade.mjs': code, 'grade.test.mjs': `${head}${codeTests}test('trick', () => { ${trick} });\n` });
    expect(await check({ check: 'coverage_at_least', percent: 76 })).toMatchObject({
      passed: false,
      evidence: { ran: 3, coverage: 75 },
    });
  });

  it('is not told at all when a test knows where V8 leaves its reports', async () => {
    const trick = 'console.log(process.env.NODE_V8_COVERAGE);\n';
    put({ 'grade.mjs': code, 'grade.test.mjs': trick + codeTests });
    const result = await check({ check: 'coverage_at_least', percent: 1 });
    expect(result).toMatchObject({ passed: false, evidence: { ran: 2 } });
    expect(result.evidence.coverage).toBeUndefined();
    expect(result.evidence.detail).toMatch(/could not be measured: grade\.test\.mjs meddles/);
    put({ 'grade.test.mjs': `import './trick.mjs';\n${codeTests}`, 'trick.mjs': trick });
    expect(await check({ check: 'coverage_at_least', percent: 1, paths: ['grade.mjs'] })).toMatchObject({
      passed: false,
      evidence: { detail: expect.stringMatching(/trick\.mjs meddles/) },
    });
  });
});
