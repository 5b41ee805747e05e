import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import { detailOf } from './evidence.js';
import { pythonRunner } from './python-runner.js';
import { brokenRun, type TestRun, type TestRunner, testOutputLimitBytes } from './test-run.js';

interface RunnerResult {
  readonly nonce: string;
  readonly ran: number;
  readonly failed: number;
  readonly skipped: number;
  readonly problems: readonly string[];
  readonly loaded: readonly string[];
  readonly tampered: boolean;
}

/** Runs Python test files with our own runner (see {@link pythonRunner}). */
export const runPythonTests: TestRunner = async (request): Promise<TestRun> => {
  const { scratch, testFiles, modules, variant } = request;
  const nonce = randomBytes(12).toString('hex');
  const resultFile = path.join(scratch.out, `${nonce}.json`);
  const command = `python3 -m unittest ${testFiles.join(' ')}`;
  const result = await request.commands.run({
    argv: [
      ...(['python3', '-B', '-c', pythonRunner] as const),
      ...[scratch.tree, resultFile, nonce, variant, String(modules.length), ...modules, ...testFiles],
    ],
    cwd: scratch.tree,
    workspaceRoot: scratch.folder,
    timeoutMs: request.timeoutMs,
    outputLimitBytes: testOutputLimitBytes,
    signal: request.signal,
    own: true,
  });
  const printed = `${result.stdout}\n${result.stderr}`;
  if (result.timedOut) {
    const seconds = Math.round(request.timeoutMs / 1000);
    return brokenRun(command, `The tests did not end within ${seconds} s`, printed, null);
  }
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
    loaded: counted.loaded,
    problem: counted.tampered
      ? 'The tested code changed the functions of unittest, so nothing it reports counts'
      : null,
    detail: detailOf(counted.problems.length > 0 ? counted.problems.join('\n') : ''),
  };
};

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
