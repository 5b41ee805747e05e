import { rmSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createCommandRunner } from '../../src/platform/run-command.js';
import type { CheckResult, CheckSpec } from '../../src/task/definition-of-done.js';
import { checkRig, works } from '../helpers/check-rig.js';

/*
 * Tests in languages without a runner of ours, which the project's own command runs: what it says is evidence only where it
 * depends on the tests and on the code. The packages are Wilson's own, lent to the project as a user's are.
 */

vi.setConfig({ testTimeout: 120_000 });

const rig = checkRig();
const sandboxWorks = (await createCommandRunner({ ownerToken: 'probe', env: process.env })).sandbox === 'bwrap';

type Files = Readonly<Record<string, string>>;

interface Change {
  readonly files?: Files;
  readonly remove?: readonly string[];
}

/** What is seen of a task that changes a project. */
async function seen(project: Files, change: Change, spec: Partial<CheckSpec> = {}): Promise<CheckResult> {
  await rig.takeProject(project);
  rig.put(change.files ?? {});
  for (const name of change.remove ?? []) rmSync(path.join(rig.workspace.root, name));
  return rig.check({ check: 'tests_pass', ...spec });
}

const manifest = (script: string): string => JSON.stringify({ type: 'module', scripts: { test: script } });
const vitest = { 'package.json': manifest('vitest run') };
const code = 'export function add(a: number, b: number): number {\n  return a + b;\n}\n';
const head = "import { expect, it } from 'vitest';\nimport { add } from './calc';\n\n";
const adds = "it('adds', () => expect(add(1, 2)).toBe(3));\n";
const zero = "it('adds zero', () => expect(add(1, 0)).toBe(1));\n";
const written = { 'calc.ts': code, 'calc.test.ts': head + adds };

describe.runIf(sandboxWorks)('TypeScript with vitest', () => {
  it('is counted by the command of the project', async () => {
    expect(await seen(vitest, { files: written }, { paths: [] })).toEqual({
      check: 'tests_pass',
      paths: [],
      passed: true,
      evidence: {
        command: 'npm test',
        exitCode: 0,
        ran: 1,
        failed: 0,
        paths: ['calc.test.ts'],
        failsWithoutCode: true,
        detail: '1 of 1 tests are in calc.test.ts',
      },
    });
  });

  it('is run where its package.json lies', async () => {
    const project = Object.fromEntries(Object.entries(vitest).map(([name, text]) => [`web/${name}`, text]));
    const files = Object.fromEntries(Object.entries(written).map(([name, text]) => [`web/src/${name}`, text]));
    const result = await seen(project, { files });
    expect(result).toMatchObject({ passed: true, evidence: { command: 'npm test (in web)', ran: 1 } });
  });

  it('says what was not tried where no code is there to be taken out', async () => {
    const test = "import { expect, it } from 'vitest';\nit('adds', () => expect(1 + 1).toBe(2));\n";
    const result = await seen(vitest, { files: { 'calc.test.ts': test } });
    expect(result).toMatchObject({ passed: true, evidence: { ran: 1 } });
    expect(result.evidence.failsWithoutCode).toBeUndefined();
    expect(result.evidence.detail).toMatch(/whether they fail without the code was not tried/);
  });

  it.each<[string, Files, Change, RegExp]>([
    [
      'fails',
      vitest,
      { files: { ...written, 'calc.test.ts': head + adds.replace('(3)', '(4)') } },
      /1 of 1 tests failed/,
    ],
    [
      'only prints its counts and ends the process',
      { 'package.json': manifest('node --import tsx calc.test.ts') },
      { files: { ...written, 'calc.test.ts': 'console.log("      Tests  99 passed (99)");\nprocess.exit(0);\n' } },
      /pass with nothing in calc\.ts as well/,
    ],
    [
      'is not picked up by the command',
      {
        ...vitest,
        'vitest.config.ts': "export default { test: { include: ['other/**'] } };\n",
        'other/a.test.ts': "import { it } from 'vitest';\nit('is there', () => {});\n",
      },
      { files: written },
      /runs as many tests with nothing in calc\.test\.ts/,
    ],
    [
      'has a command that prints its counts',
      vitest,
      { files: { ...written, 'package.json': manifest('echo "Tests  99 passed (99)"') } },
      /runs as many tests with nothing in calc\.test\.ts/,
    ],
    [
      'checks nothing of the code',
      vitest,
      { files: { ...written, 'calc.test.ts': `${head}it('adds', () => {\n  add(1, 2);\n});\n` } },
      /pass with nothing in calc\.ts as well/,
    ],
    [
      'has a command that swallows failures',
      vitest,
      {
        files: {
          ...written,
          'calc.test.ts': head + adds.replace('(3)', '(4)'),
          'package.json': manifest('vitest run || true'),
        },
      },
      /1 of 1 tests failed: /,
    ],
    [
      'has a command that says no counts',
      { 'package.json': manifest('node -e 0') },
      { files: written },
      /does not say how many tests ran/,
    ],
    ['has no command', {}, { files: written }, /no test runner here for calc\.test\.ts: give the project a command/],
    [
      'has a command that is not there',
      { 'package.json': manifest('no-such-runner') },
      { files: written },
      /`npm test` .*ended with exit code 127/,
    ],
  ])('is not taken where it %s', async (_name, project, change, reason) => {
    const result = await seen(project, change);
    expect(result.passed, JSON.stringify(result.evidence)).toBe(false);
    expect(result.evidence.detail).toMatch(reason);
  });

  describe('that was there before', () => {
    const project = { ...vitest, 'calc.ts': code, 'calc.test.ts': head + adds + zero };
    const wrong = { 'calc.ts': code.replace('a + b', 'a - b') };

    it('is missed when it is no longer run', async () => {
      const result = await seen(project, { files: { 'calc.test.ts': head + adds } }, { earlier: 'kept' });
      expect(result.passed).toBe(false);
      expect(result.evidence.detail).toBe('Of 2 tests that were there, and pass on this code, 1 are still run');
    });

    it('is missed when new settings leave it out', async () => {
      const files = {
        'vitest.config.ts': "export default { test: { include: ['more.test.ts'] } };\n",
        'more.test.ts': head + adds,
      };
      const result = await seen(project, { files }, { earlier: 'kept' });
      expect(result.evidence.detail).toBe('Of 2 tests that were there, and pass on this code, 0 are still run');
    });

    it('may be added to, and moved', async () => {
      const moved = { files: { 'all.test.ts': head + adds + zero }, remove: ['calc.test.ts'] };
      expect(await seen(project, moved, { earlier: 'passing' })).toMatchObject({ passed: true });
    });

    it('has to pass as it was where that was asked for', async () => {
      const bent = {
        'calc.test.ts':
          "import { expect, it } from 'vitest';\nimport { add } from './calc';\nit('adds', () => expect(add(1, 0)).toBe(1));\n",
      };
      const result = await seen({ ...project, ...wrong }, { files: bent }, { earlier: 'passing' });
      expect(result.passed).toBe(false);
      expect(result.evidence.detail).toMatch(/^As they were before the task, 1 of 2 tests fail on this code/);
    });
  });
});

describe.runIf(sandboxWorks)('TypeScript with node --test', () => {
  const project = { 'package.json': manifest('node --import tsx --test calc.test.ts') };
  const start = "import test from 'node:test';\nimport assert from 'node:assert';\nimport { add } from './calc';\n";
  const files = { 'calc.ts': code, 'calc.test.ts': `${start}test('adds', () => assert.equal(add(1, 2), 3));\n` };

  it('is counted', async () => {
    const result = await seen(project, { files });
    expect(result).toMatchObject({ passed: true, evidence: { ran: 1, failsWithoutCode: true } });
  });

  it('is not counted where no test is in the file, which node counts as one', async () => {
    const result = await seen(project, { files: { ...files, 'calc.test.ts': `${start}console.log(add(1, 2));\n` } });
    expect(result.passed).toBe(false);
    expect(result.evidence.detail).toMatch(/ran no test/);
  });
});

describe.runIf(sandboxWorks && works(['cargo', '--version']))('Rust with cargo', () => {
  const project = { 'Cargo.toml': '[package]\nname = "calc"\nversion = "0.1.0"\nedition = "2021"\n' };
  const add = 'pub fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n';
  const inside = `${add}\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn adds() {\n        assert_eq!(add(1, 2), 3);\n    }\n}\n`;

  it('is counted where the tests stand beside the code', async () => {
    const result = await seen(project, { files: { 'src/lib.rs': inside } }, { paths: [] });
    expect(result, result.evidence.detail).toMatchObject({ passed: true, evidence: { command: 'cargo test', ran: 1 } });
    expect(result.evidence.detail).toMatch(/was not tried/);
  });

  it('is counted where the tests have a folder, and fails without the code', async () => {
    const files = {
      'src/lib.rs': add,
      'tests/calc.rs': 'use calc::add;\n\n#[test]\nfn adds() {\n    assert_eq!(add(1, 2), 3);\n}\n',
    };
    const result = await seen(project, { files }, { paths: [] });
    expect(result, result.evidence.detail).toMatchObject({
      passed: true,
      evidence: { ran: 1, failsWithoutCode: true },
    });
  });

  it('is refused where a test fails', async () => {
    const result = await seen(project, { files: { 'src/lib.rs': inside.replace('3)', '4)') } });
    expect(result).toMatchObject({ passed: false, evidence: { ran: 1, failed: 1 } });
    expect(result.evidence.detail).toMatch(/^1 of 1 tests failed: tests::adds/);
  });

  it('has no test where none is written', async () => {
    const result = await seen(project, { files: { 'src/lib.rs': add } }, { paths: [] });
    expect(result).toMatchObject({ passed: false, evidence: { detail: 'No test was written' } });
  });
});
