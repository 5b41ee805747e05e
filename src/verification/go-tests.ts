import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { detailOf } from './evidence.js';
import { hasGoModule, readGoCoverage } from './go-coverage.js';
import { isPlainFile } from './plain-file.js';
import { lateRun, type TestRun, type TestRunner } from './test-run.js';

interface GoEvent {
  readonly Action: string;
  readonly Package?: string;
  readonly Test?: string;
  readonly Output?: string;
}

/** Go compiles the standard library first where its cache is empty, as it is in every sandbox (measured: 16 s of CPU). */
const compileMs = 180_000;
/** Go prints an event for every line of output. */
const eventsLimitBytes = 4 * 1024 * 1024;

/** Runs the tests of the folders of Go test files with `go test -json`; the coverage profile tells what code was run. */
export const runGoTests: TestRunner = async (request): Promise<TestRun> => {
  const { scratch, testFiles } = request;
  const folders = [...new Set(testFiles.map((file) => `./${path.posix.dirname(file)}`))].map((name) =>
    name === './.' ? '.' : name,
  );
  const command = `go test ${folders.join(' ')}`;
  const profile = path.join(scratch.out, 'cover');
  await rm(profile, { force: true });
  if (request.variant !== 'as-is') {
    for (const name of request.modules) {
      // A link would lead to a file of the user.
      if (await isPlainFile(scratch.tree, name)) await emptyOut(path.join(scratch.tree, name));
    }
  }
  const isModule = await hasGoModule(scratch.tree);
  const timeoutMs = request.timeoutMs + compileMs;
  const result = await request.commands.run({
    argv: ['go', 'test', '-json', '-count=1', '-coverpkg=./...', `-coverprofile=${profile}`, ...folders],
    cwd: scratch.tree,
    workspaceRoot: scratch.folder,
    projectRoot: scratch.tree,
    timeoutMs,
    outputLimitBytes: eventsLimitBytes,
    signal: request.signal,
    env: {
      GOCACHE: path.join(scratch.out, 'gocache'),
      GOTOOLCHAIN: 'local',
      GOPROXY: 'off',
      GOFLAGS: '-mod=mod',
      // A folder without go.mod still compiles as a package of its own.
      ...(isModule ? {} : { GO111MODULE: 'off', GOFLAGS: '' }),
    },
    own: true,
  });
  if (result.timedOut) return lateRun(command, timeoutMs, result.stderr);
  const events = parseEvents(result.stdout);
  // A subtest is part of its test.
  const tests = events.filter((event) => event.Test !== undefined && !event.Test.includes('/'));
  const named = (action: string): string[] =>
    tests.flatMap((event) => (event.Action === action ? [event.Test ?? ''] : []));
  const count = (action: string): number => named(action).length;
  const failed = count('fail');
  const green = count('pass');
  const isBroken = result.exitCode !== 0 && failed === 0;
  const coverage = await readGoCoverage(profile, scratch.tree, request);
  const output = events.map((event) => event.Output ?? '').join('');
  return {
    command,
    exitCode: result.exitCode,
    ran: green + failed,
    failed,
    skipped: count('skip'),
    tests: [
      ...named('pass').map((name) => ({ name, passed: true })),
      ...named('fail').map((name) => ({ name, passed: false })),
    ],
    loaded: coverage.run,
    lines: coverage.lines,
    unmeasured: coverage.lines.size === 0 ? 'go test left no profile' : null,
    problem: isBroken ? 'The package does not build, or a test ended the process' : null,
    detail: failed > 0 || isBroken ? detailOf(`${output}\n${result.stderr}`) : '',
  };
};

function parseEvents(text: string): GoEvent[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as GoEvent];
    } catch {
      // The mark where output was left out, or what the compiler prints as it is.
      return [];
    }
  });
}

/** Leaves the package clause only, so that the package exists and its names do not. */
async function emptyOut(file: string): Promise<void> {
  const clause = /^package\s+\w+/m.exec(await readFile(file, 'utf8'))?.[0] ?? '';
  await writeFile(file, `${clause}\n`);
}
