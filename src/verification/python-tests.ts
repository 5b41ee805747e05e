import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import { detailOf } from './evidence.js';
import type { LinesByFile } from './line-coverage.js';
import { pythonLines, pythonSite } from './python-lines.js';
import { type PythonRunnerOrder, pythonRunner } from './python-runner.js';
import { brokenRun, lateRun, type SeenTest, type TestRun, type TestRunner, testOutputLimitBytes } from './test-run.js';

interface RunnerResult {
  readonly nonce: string;
  readonly ran: number;
  readonly failed: number;
  readonly skipped: number;
  /** Their ids: `test_a.ATest.test_b`, `test_a.py::test_b[1]`. */
  readonly passed: readonly string[];
  readonly broken: readonly string[];
  readonly problems: readonly string[];
  readonly loaded: readonly string[];
  readonly tampered: boolean;
  /** By path, the statements and those that were run. */
  readonly lines: Readonly<Record<string, readonly [readonly number[], readonly number[]]>>;
  /** Why the lines are not to be believed. */
  readonly unmeasured: string | null;
}

/** Runs Python test files with our own runner (see {@link pythonRunner}). */
export const runPythonTests: TestRunner = async (request): Promise<TestRun> => {
  const { scratch, testFiles, modules, variant, measure } = request;
  const nonce = randomBytes(12).toString('hex');
  const place = path.join(scratch.out, randomBytes(12).toString('hex'));
  const [site, reports, orderFile] = [`${place}-site`, `${place}-reports`, `${place}-order`];
  const resultFile = path.join(scratch.out, `${randomBytes(12).toString('hex')}.json`);
  await mkdir(site);
  await mkdir(reports);
  await writeFile(path.join(site, 'wilson_lines.py'), pythonLines);
  await writeFile(path.join(site, 'sitecustomize.py'), pythonSite(scratch.tree, reports));
  const tests = testFiles;
  const order = { root: scratch.tree, result: resultFile, nonce, variant, modules, tests, measure, site, reports };
  await writeFile(orderFile, JSON.stringify(order satisfies PythonRunnerOrder));
  const command = `python3 -m unittest ${testFiles.join(' ')}`;
  const result = await request.commands.run({
    argv: ['python3', '-B', '-c', pythonRunner, orderFile],
    cwd: scratch.tree,
    workspaceRoot: scratch.folder,
    projectRoot: scratch.tree,
    timeoutMs: request.timeoutMs,
    outputLimitBytes: testOutputLimitBytes,
    signal: request.signal,
    own: true,
  });
  const printed = `${result.stdout}\n${result.stderr}`;
  if (result.timedOut) return lateRun(command, request.timeoutMs, printed);
  const counted = await readResult(resultFile, nonce);
  if (counted === null) {
    return brokenRun(command, 'The tests ended the process before they were counted', printed, result.exitCode);
  }
  return {
    command,
    exitCode: result.exitCode,
    ran: counted.ran,
    failed: counted.failed,
    skipped: counted.skipped,
    tests: [...seenTests(counted.passed, true), ...seenTests(counted.broken, false)],
    loaded: counted.loaded,
    lines: counted.unmeasured === null ? linesOf(counted) : new Map(),
    unmeasured: counted.unmeasured,
    problem: counted.tampered
      ? 'The tested code changed the functions of unittest, so nothing it reports counts'
      : null,
    detail: detailOf(counted.problems.length > 0 ? counted.problems.join('\n') : ''),
  };
};

function seenTests(ids: readonly string[], passed: boolean): SeenTest[] {
  return ids.map((id) => {
    // A file that could not be loaded.
    if (id.endsWith('.py')) return { name: id, passed };
    const parts = id.includes('::') ? id.replace(/\[.*$/s, '').split('::') : id.split('.');
    return { name: parts.at(-1) ?? id, passed };
  });
}

function linesOf(counted: RunnerResult): LinesByFile {
  return new Map(Object.entries(counted.lines).map(([name, [code, run]]) => [name, { code, run }]));
}

async function readResult(file: string, nonce: string): Promise<RunnerResult | null> {
  try {
    const result = JSON.parse(await readFile(file, 'utf8')) as RunnerResult;
    return result.nonce === nonce ? result : null;
  } catch (error) {
    // The tests never came to their end, or wrote something of their own there.
    if (hasErrno(error, 'ENOENT', 'EISDIR') || error instanceof SyntaxError) return null;
    throw error;
  }
}
