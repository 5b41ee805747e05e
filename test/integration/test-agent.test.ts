import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentRig } from '../helpers/agent-rig.js';
import type { AgentScript } from '../helpers/scripted-model.js';

const rig = agentRig();

const run = (description: string, files: Readonly<Record<string, string>>, script: AgentScript = ['']) =>
  rig.run(description, script, { files, taskType: 'test' });

const calc =
  'def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    if a < b:\n        return 0\n    return a - b\n';
const test = (body: string): string =>
  `import unittest\nfrom calc import add, sub\n\n\nclass T(unittest.TestCase):\n    def test_add(self):\n        ${body}\n\n\nif __name__ == "__main__":\n    unittest.main()\n`;
const passing = { 'calc.py': calc, 'test_calc.py': test('self.assertEqual(add(1, 2), 3)') };

describe('the test agent asked to run tests', () => {
  it('runs and counts them, asks no model and changes nothing', async () => {
    const { result, root, model } = await run('run the test suite', passing);
    expect(result).toMatchObject({ outcome: 'finished', error: null });
    expect(result.summary).toContain(
      '`python3 -m unittest` (the test file test_calc.py) ended with exit code 0: 1 test run, 0 failed.',
    );
    expect(result.summary).toContain('Nothing was changed.');
    expect(result.checks).toEqual([{ check: 'command_succeeds', command: ['python3', '-m', 'unittest'] }]);
    expect(model.requests).toEqual([]);
    expect(readdirSync(root).sort()).toEqual(['calc.py', 'test_calc.py']);
  });

  it('says how many failed, and which', async () => {
    const { result } = await run('run all tests', {
      ...passing,
      'test_calc.py': test('self.assertEqual(add(1, 2), 4)'),
    });
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code: 'TESTS_FAILED', message: '1 of 1 test failed: test_add.' },
    });
    expect(result.summary).toContain('1 test run, 1 failed');
  });

  it('uses the command that the project names', async () => {
    const { result } = await run('run the tests', {
      'package.json': '{"scripts": {"test": "node --test"}}',
      'sum.js': 'exports.sum = (a, b) => a + b;\n',
      'sum.test.js':
        "const test = require('node:test');\nconst assert = require('node:assert');\nconst { sum } = require('./sum.js');\ntest('sums', () => assert.equal(sum(1, 2), 3));\n",
    });
    expect(result.summary).toContain(
      '`npm test` (the test script of package.json: node --test) ended with exit code 0: 1 test run, 0 failed.',
    );
    expect(result).toMatchObject({
      outcome: 'finished',
      checks: [{ check: 'command_succeeds', command: ['npm', 'test'] }],
    });
  });

  it('measures the coverage when it is asked about', async () => {
    const { result } = await run('Run the tests and tell me the coverage', passing);
    expect(result.summary).toContain('50% of the lines of 1 file are run: calc.py 50% (3 of 6 lines; not run: 6-8).');
    expect(result.checks).toContainEqual({ check: 'tests_pass' });
  });

  it('says that there is none', async () => {
    const { result } = await run('run the test suite', { 'calc.py': calc });
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'NO_TESTS' } });
  });

  it('does not take tests that check nothing for a result', async () => {
    const { result } = await run('run the tests and measure the coverage', {
      ...passing,
      'test_calc.py': test('add(1, 2)'),
    });
    expect(result.outcome).toBe('failed');
    expect(result.error?.message).toContain('they check nothing');
  });
});

describe('the test agent asked for coverage', () => {
  const cases = (name: string, ...lines: readonly string[]): string =>
    `\`\`\`python\n${lines.map((line) => `assert ${name}${line}`).join('\n')}\n\`\`\``;
  const proposes: AgentScript = (request) => {
    const asked = request.messages.at(-1)?.content ?? '';
    return asked.includes('sub')
      ? cases('sub', '(5, 3) == 2', '(1, 2) == 0', '(9, 4) == 5', '(0, 7) == 0')
      : cases('add', '(1, 2) == 3', '(2, 2) == 4', '(0, 0) == 0');
  };

  it('adds tests for what no test runs, until it is reached', async () => {
    const { result, root } = await run('raise the coverage to 90%', passing, proposes);
    expect(result).toMatchObject({ outcome: 'finished', error: null });
    expect(result.summary).toContain('Coverage was 50%: 100% of the lines');
    expect(result.checks).toContainEqual({ check: 'coverage_at_least', percent: 90, paths: ['calc.py'] });
    const text = readFileSync(path.join(root, 'test_calc.py'), 'utf8');
    expect(text).toContain('self.assertEqual(add(1, 2), 3)');
    expect(text).toContain('sub(1, 2), 0');
    expect(readFileSync(path.join(root, 'calc.py'), 'utf8')).toBe(calc);
  });

  it('says what it is when it is high enough already, without a model', async () => {
    const { result, model } = await run('raise the coverage to 40%', passing);
    expect(result).toMatchObject({
      outcome: 'finished',
      checks: [{ check: 'coverage_at_least', percent: 40, paths: ['calc.py'] }],
    });
    expect(result.summary).toContain('No test was written. Coverage was 50%');
    expect(model.requests).toEqual([]);
  });

  it('fails with what was reached, and leaves no test that does not hold', async () => {
    const { result, root } = await run('raise the coverage to 90%', { 'calc.py': calc }, ['I cannot help with that.']);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'COVERAGE_TOO_LOW' } });
    expect(existsSync(path.join(root, 'test_calc.py'))).toBe(false);
  });

  it('does not build on tests that fail', async () => {
    const { result } = await run('raise the coverage to 90%', {
      ...passing,
      'test_calc.py': test('self.assertEqual(add(1, 2), 4)'),
    });
    expect(result).toMatchObject({
      outcome: 'failed',
      error: { code: 'TESTS_FAILED' },
      summary: 'Nothing was written.',
    });
  });
});
