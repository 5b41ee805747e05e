import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import type { CommandRequest } from '../platform/command.js';
import { detailOf } from './evidence.js';
import { readJavascriptCoverage } from './javascript-coverage.js';
import { javascriptHollow, javascriptReporter } from './javascript-runner.js';
import { isInstalled, isTestFile, languageOf } from './languages.js';
import type { LinesByFile } from './line-coverage.js';
import { codeLines } from './source-lines.js';
import {
  brokenRun,
  lateRun,
  type TestRun,
  type TestRunner,
  type TestRunRequest,
  testOutputLimitBytes,
} from './test-run.js';

interface ReportedTest {
  readonly type: 'test:pass' | 'test:fail';
  readonly name: string;
  readonly file?: string;
  readonly kind?: string;
  readonly skip: boolean;
  readonly todo: boolean;
  readonly error: string;
}

/**
 * Runs JavaScript test files under `node --test`. The counts come from a reporter in the parent of the test's process,
 * and V8 itself tells which modules had a function called and which lines were run.
 */
export const runJavascriptTests: TestRunner = async (request): Promise<TestRun> => {
  const { scratch, testFiles } = request;
  const command = `node --test ${testFiles.join(' ')}`;
  // Names that no test can know beforehand. V8 leaves a report at the end of each process.
  const [report, coverage] = [scratch.out, scratch.out].map((folder) =>
    path.join(folder, randomBytes(12).toString('hex')),
  ) as [string, string];
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
  if (result.timedOut) return lateRun(command, request.timeoutMs, printed);
  const seen = await readJavascriptCoverage(coverage, scratch.tree, (file) => sourceOf(request, file));
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
    tests: [...passed, ...broken].map(({ name, type }) => ({ name, passed: type === 'test:pass' })),
    loaded: seen.called,
    lines: await withUnloaded(request, seen.lines),
    unmeasured: await meddling(request, seen.called),
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
    projectRoot: request.scratch.tree,
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

/** A file as it is in the workspace, where no test can write. */
async function sourceOf(request: TestRunRequest, file: string): Promise<string | null> {
  const isMeasured = languageOf(file) === 'javascript' && !isTestFile(file) && !isInstalled(file);
  return request.measure === null || !isMeasured ? null : textOf(path.join(request.root, file));
}

/** A file that is to be measured and that no test loaded has lines as well, none of them run. */
async function withUnloaded(request: TestRunRequest, loaded: LinesByFile): Promise<LinesByFile> {
  const lines = new Map(loaded);
  for (const file of request.measure ?? []) {
    if (lines.has(file)) continue;
    lines.set(file, { code: codeLines(await textOf(path.join(request.root, file))), run: [] });
  }
  return lines;
}

/** Tests, or code that they load, could write a report of their own where they know the place. */
async function meddling(request: TestRunRequest, loaded: readonly string[]): Promise<string | null> {
  if (request.measure === null) return null;
  const files = [...request.testFiles, ...request.measure, ...loaded.filter((file) => !isInstalled(file))];
  for (const file of new Set(files)) {
    const text = await textOf(path.join(request.root, file));
    if (/V8_COVERAGE|\/proc\/\w+\/environ/.test(text)) return `${file} meddles with what measures coverage`;
  }
  return null;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
