import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentResult } from '../../src/agents/agent.js';
import { agentFor } from '../../src/agents/registry.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import { createCommandRunner } from '../../src/platform/run-command.js';
import { findDependencies } from '../../src/workspace/dependencies.js';
import { agentContext } from '../helpers/agent-context.js';
import { works } from '../helpers/check-rig.js';
import { put } from '../helpers/folder-snapshot.js';
import { question, type Scripted, ScriptedModel } from '../helpers/scripted-model.js';
import { tempFolder } from '../helpers/temp-folder.js';

/*
 * What a big model writes with tools is measured as the supervisor will measure it, in whatever language it is.
 */

vi.setConfig({ testTimeout: 240_000 });

const sandboxWorks = (await createCommandRunner({ ownerToken: 'probe', env: process.env })).sandbox === 'bwrap';
const packages = fileURLToPath(new URL('../../node_modules', import.meta.url));
let owner = '';
let count = 0;

beforeEach(() => {
  count += 1;
  owner = `code-loop-test-${process.pid}-${count}`;
});

afterEach(() => {
  expect(ownedProcesses(owner)).toEqual([]);
});

type Files = Readonly<Record<string, string>>;

/** A big model that writes files one by one, says that it is done, and writes more when it is told that it is not. */
async function work(description: string, files: Files, writes: readonly Files[]) {
  const root = tempFolder();
  const users = tempFolder();
  symlinkSync(packages, path.join(users, 'node_modules'));
  for (const [name, text] of Object.entries(files)) put(root, name, text);
  const script = writes.flatMap((round): Scripted[] => [
    ...Object.entries(round).map(([file, content]) => ({
      calls: [{ name: 'write_file', arguments: { path: file, content } }],
    })),
    'All is done and tested.',
  ]);
  const model = new ScriptedModel(script, { name: 'coder:14b', supportsTools: true, contextTokens: 16_384 });
  const dependencies = findDependencies(users);
  const commands = await createCommandRunner({ ownerToken: owner, env: process.env, dependencies });
  const context = agentContext({ root, model, description, commands, maxTurns: 30 });
  const result: AgentResult = await agentFor(context.order)(context);
  return { result, told: model.requests.map(question).filter((text) => text.startsWith('That is not done yet')) };
}

const goCode = 'package calc\n\nfunc Add(a, b int) int {\n\treturn a + b\n}\n';
const goTest = (sum: number): string =>
  `package calc\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != ${sum} {\n\t\tt.Fatal("wrong sum")\n\t}\n}\n`;

describe.skipIf(!works(['go', 'version']))('tests in Go', () => {
  it('are seen, and what fails is told', async () => {
    const { result, told } = await work(
      'Add a function Add to the Go package calc, with tests',
      { 'go.mod': 'module calc\n\ngo 1.21\n' },
      [{ 'calc.go': goCode, 'calc_test.go': goTest(4) }, { 'calc_test.go': goTest(3) }],
    );
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/1 of 1 tests failed[\s\S]*wrong sum/);
    expect(result).toMatchObject({ outcome: 'finished', error: null });
    expect(result.summary).toContain('the tests in calc_test.go ran and passed');
    expect(result.checks).toContainEqual({ check: 'tests_pass', paths: ['calc_test.go'] });
  });
});

const code = 'export function add(a: number, b: number): number {\n  return a + b;\n}\n';
const test = (sum: number): string =>
  `import { expect, it } from 'vitest';\nimport { add } from './calc';\n\nit('adds', () => expect(add(1, 2)).toBe(${sum}));\n`;
const asked = 'Write calc.ts with a function add(a, b) in TypeScript, with tests';

describe('tests in TypeScript', () => {
  it.runIf(sandboxWorks)('are run by the command of the project, and what fails is told', async () => {
    const manifest = { 'package.json': '{"type": "module", "scripts": {"test": "vitest run"}}' };
    const rounds = [{ 'calc.ts': code, 'calc.test.ts': test(4) }, { 'calc.test.ts': test(3) }];
    const { result, told } = await work(asked, manifest, rounds);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/1 of 1 tests failed/);
    expect(result).toMatchObject({ outcome: 'finished', error: null });
    expect(result.checks).toContainEqual({ check: 'tests_pass', paths: ['calc.test.ts'] });
  });

  it('fail at once where nothing runs them: the model cannot change that', async () => {
    const { result, told } = await work(asked, {}, [{ 'calc.ts': code, 'calc.test.ts': test(3) }]);
    expect(told).toEqual([]);
    expect(result).toMatchObject({ outcome: 'failed', byRules: true, error: { code: 'NO_TEST_RUNNER' } });
    expect(result.error?.message).toContain('There is no test runner here for calc.test.ts');
    expect(result.summary).toMatch(/calc\.test\.ts, calc\.ts changed; no test was run/);
  });
});

describe('tests in Python', () => {
  it('that check nothing are told as the supervisor would refuse them', async () => {
    const head =
      'import unittest\nfrom calc import add\n\n\nclass T(unittest.TestCase):\n    def test_add(self):\n        ';
    const { result, told } = await work('Build a small calculator package in Python with tests', {}, [
      { 'calc.py': 'def add(a, b):\n    return a + b\n', 'test_calc.py': `${head}add(1, 2)\n` },
      { 'test_calc.py': `${head}self.assertEqual(add(1, 2), 3)\n` },
    ]);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('they check nothing');
    expect(result.outcome).toBe('finished');
  });
});
