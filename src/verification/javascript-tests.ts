import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasErrno } from '../errors.js';
import type { CommandRequest } from '../platform/command.js';
import { detailOf } from './evidence.js';
import { javascriptHollow, javascriptReporter } from './javascript-runner.js';
import { brokenRun, type TestRun, type TestRunner, type TestRunRequest, testOutputLimitBytes } from './test-run.js';

interface ReportedTest {
  readonly type: 'test:pass' | 'test:fail';
  readonly name: string;
  readonly file?: string;
  readonly kind?: string;
  readonly skip: boolean;
  readonly todo: boolean;
  readonly error: string;
}

interface CoverageFile {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { count: number }[] }[];
  }[];
}

/**
 * Runs JavaScript test files under `node --test`. The counts come from a reporter in the parent of the test's process,
 * and V8 itself tells which modules had a function called.
 */
export const runJavascriptTests: TestRunner = async (request): Promise<TestRun> => {
  const { scratch, testFiles } = request;
  const command = `node --test ${testFiles.join(' ')}`;
  const report = path.join(scratch.out, 'report.jsonl');
  const coverage = path.join(scratch.out, 'coverage');
  await rm(report, { force: true });
  await rm(coverage, { recursive: true, force: true });
  if (request.variant !== 'as-is') {
    const hollow = await request.commands.run(
      own(request, ['node', '-e', javascriptHollow, scratch.tree, request.variant, ...request.modules]),
    );
    if (hollow.exitCode !== 0) return brokenRun(command, 'The code under test cannot be loaded', hollow.stderr, null);
  }
  const options = [`--test-reporter=${javascriptReporter}`, `--test-reporter-destination=${report}`];
  const result = await request.commands.run({
    ...own(request, ['node', '--test', ...options, ...testFiles]),
    env: { NODE_V8_COVERAGE: coverage },
  });
  const printed = `${result.stdout}\n${result.stderr}`;
  if (result.timedOut) {
    const seconds = Math.round(request.timeoutMs / 1000);
    return brokenRun(command, `The tests did not end within ${seconds} s`, printed, null);
  }
  const events = parseReport(await textOf(report), scratch.tree);
  const broken = events.filter((event) => event.type === 'test:fail' && !event.todo);
  const skipped = events.filter((event) => event.skip || event.todo);
  const passed = events.filter((event) => event.type === 'test:pass' && !event.skip && !event.todo);
  return {
    command,
    exitCode: result.exitCode,
    ran: passed.length + broken.length,
    failed: broken.length,
    skipped: skipped.length,
    loaded: await calledModules(coverage, scratch.tree),
    problem: null,
    detail: detailOf(
      broken.map((event) => `${event.name}\n${event.error}`).join('\n') || (passed.length > 0 ? '' : printed),
    ),
  };
};

function own(request: TestRunRequest, argv: readonly [string, ...string[]]): CommandRequest {
  return {
    argv,
    cwd: request.scratch.tree,
    workspaceRoot: request.scratch.folder,
    timeoutMs: request.timeoutMs,
    outputLimitBytes: testOutputLimitBytes,
    signal: request.signal,
    own: true,
  };
}

/** The events of tests proper: a suite is none, and a file without tests is reported as one that bears its name. */
function parseReport(text: string, tree: string): ReportedTest[] {
  const events = text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ReportedTest]));
  return events.filter((event) => {
    const isFile = event.file !== undefined && path.resolve(tree, event.name) === event.file;
    return event.kind !== 'suite' && (!isFile || event.type === 'test:fail');
  });
}

/** Files of the tree with at least one function called, or without any function but loaded. */
async function calledModules(folder: string, tree: string): Promise<string[]> {
  const called = new Set<string>();
  for (const name of await namesIn(folder)) {
    const { result } = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as CoverageFile;
    for (const script of result) {
      if (!script.url.startsWith('file://')) continue;
      const file = fileURLToPath(script.url);
      if (!file.startsWith(tree + path.sep)) continue;
      const functions = script.functions.filter((one) => one.functionName !== '');
      const wasCalled = functions.length === 0 || functions.some((one) => (one.ranges[0]?.count ?? 0) > 0);
      if (wasCalled) called.add(path.relative(tree, file).split(path.sep).join('/'));
    }
  }
  return [...called].sort();
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
