import { WilsonError } from '../errors.js';
import type { CheckEvidence } from '../task/definition-of-done.js';
import { walk } from '../workspace/walk.js';
import { emptied } from './emptied-files.js';
import { detailOf } from './evidence.js';
import { familyOf, isCode, isInstalled, isProjectSettings, isTestFile } from './languages.js';
import { type PlacedTestCommand, testCommandFor } from './project-tests.js';
import { type ProjectRun, runProjectCommand } from './run-project-command.js';
import type { ScratchCopy } from './scratch-copy.js';
import {
  defaultTestTimeoutMs,
  type RunTestsOptions,
  refusedForGood,
  type TestsOutcome,
  withDetail,
} from './tests-outcome.js';

/** Files of the project that are emptied at most. */
const codeLimit = 500;
const shownNames = 4;
const complaintChars = 160;

/**
 * Runs tests in languages without a runner of ours by the project's own command, in a copy. What it prints may be made up, so
 * it is evidence only where it ends with exit code 0 and tells of tests of which none failed, where fewer run with these files
 * emptied, and where they fail with the code emptied that they are about. Rejects with `ABORTED` only.
 */
export async function runProjectTests(
  testFiles: readonly string[],
  scratch: ScratchCopy,
  options: RunTestsOptions,
): Promise<TestsOutcome> {
  const placed = await testCommandFor(scratch.tree, testFiles);
  if (placed === null) return refusedForGood(noRunner(testFiles));
  const run = (): Promise<ProjectRun> =>
    runProjectCommand(placed, scratch, {
      commands: options.commands,
      signal: options.signal,
      timeoutMs: options.timeoutMs ?? defaultTestTimeoutMs,
    });
  try {
    return await judge(testFiles, placed, scratch, options, run);
  } catch (error) {
    if (!(error instanceof WilsonError) || error.code === 'ABORTED') throw error;
    const command = placed.own.command.join(' ');
    return refusedForGood(`\`${command}\` cannot be run here: ${error.message}. ${error.hint}`.trim());
  }
}

/** Why nothing can run some tests, and what to do about it. */
export function noRunner(files: readonly string[]): string {
  const shown = files.slice(0, shownNames).join(', ');
  const more = files.length > shownNames ? ` and ${files.length - shownNames} more` : '';
  return (
    `There is no test runner here for ${shown}${more}: give the project a command that runs them, ` +
    'such as "test" in the scripts of package.json'
  );
}

async function judge(
  testFiles: readonly string[],
  placed: PlacedTestCommand,
  scratch: ScratchCopy,
  options: RunTestsOptions,
  run: () => Promise<ProjectRun>,
): Promise<TestsOutcome> {
  const first = await run();
  const seen = evidenceOf(first, testFiles);
  const reason = whyNot(first, placed);
  if (reason !== null) return outcome(false, withDetail(seen, reason, first.output));
  const ran = first.counts?.ran ?? 0;

  const without = await emptied(scratch.tree, testFiles, run);
  const left = without.counts?.ran ?? 0;
  const names = testFiles.slice(0, shownNames).join(', ');
  if (left >= ran) {
    const why = `\`${first.text}\` runs as many tests with nothing in ${names}, so it does not run what is in there`;
    return outcome(false, withDetail(seen, why, first.output));
  }
  const own = `${ran - left} of ${ran} tests are in ${names}`;
  const code = await codeUnderTest(testFiles, scratch, options);
  if (code.length === 0) {
    const detail = `${own}; whether they fail without the code was not tried`;
    return outcome(true, { ...seen, detail });
  }
  for (const variant of ['undefined', 'object'] as const) {
    const hollow = await emptied(scratch.tree, code, run, variant);
    const isGreen = whyNot(hollow, placed) === null && (hollow.counts?.ran ?? 0) >= ran;
    if (!isGreen) return outcome(true, { ...seen, failsWithoutCode: true, detail: own });
  }
  const what = code.slice(0, shownNames).join(', ');
  const why = `The tests pass with nothing in ${what} as well, so they check nothing of it`;
  return outcome(false, { ...withDetail(seen, why, ''), failsWithoutCode: false });
}

function outcome(passed: boolean, evidence: CheckEvidence): TestsOutcome {
  const unmeasured = [`which lines \`${evidence.command ?? ''}\` runs is not measured`];
  return { passed, evidence, lines: new Map(), unmeasured, tests: [], notRunnable: null };
}

function evidenceOf(run: ProjectRun, testFiles: readonly string[]): CheckEvidence {
  return {
    command: run.text,
    ...(run.exitCode === null ? {} : { exitCode: run.exitCode }),
    ran: run.counts?.ran ?? 0,
    failed: run.counts?.failed ?? 0,
    paths: testFiles,
  };
}

function whyNot(run: ProjectRun, { own }: PlacedTestCommand): string | null {
  const command = `\`${run.text}\` (${own.basis})`;
  if (run.timedOut) return `${command} did not end in time`;
  const { counts } = run;
  if (counts !== null && counts.failed > 0) {
    const names = run.failedNames.length === 0 ? '' : `: ${run.failedNames.join(', ')}`;
    return `${counts.failed} of ${counts.ran} tests failed${names}`;
  }
  if (run.exitCode !== 0) {
    const why = complaintIn(run.output);
    const end = run.exitCode === null ? 'was ended by a signal' : `ended with exit code ${run.exitCode}`;
    return `${command} ${end}${why === '' ? '' : `: ${why}`}`;
  }
  if (counts === null) {
    return `${command} does not say how many tests ran: let it print the summary of its test runner`;
  }
  return counts.ran === 0 ? `${command} ran no test` : null;
}

/** The first line that speaks of a fault, or else the last one. */
function complaintIn(output: string): string {
  const lines = detailOf(output)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const found = lines.find((line) => /\b(?:error|not found|cannot|failed|no such)\b/i.test(line)) ?? lines.at(-1) ?? '';
  return found.slice(0, complaintChars);
}

/** What the tests are to fail without: the code that is named, or else all code of the project in their language. */
async function codeUnderTest(
  testFiles: readonly string[],
  scratch: ScratchCopy,
  options: RunTestsOptions,
): Promise<string[]> {
  const families = new Set(testFiles.map(familyOf));
  const isIt = (file: string): boolean =>
    isCode(file) &&
    families.has(familyOf(file)) &&
    !testFiles.includes(file) &&
    !isTestFile(file) &&
    !isInstalled(file) &&
    !isProjectSettings(file) &&
    !/\.d\.[cm]?ts$/.test(file);
  // Rust has tests beside the code: what is left without it does not compile.
  if (testFiles.some((file) => file.endsWith('.rs') && !isTestFile(file))) return [];
  const named = options.modules.filter((file) => isIt(file));
  if (named.length > 0) return named;
  const found: string[] = [];
  const walking = { excludes: '', without: [], withIgnored: true, signal: options.signal };
  for await (const file of walk(scratch.tree, walking)) {
    if (file.kind === 'file' && isIt(file.path)) found.push(file.path);
    if (found.length >= codeLimit) break;
  }
  return found;
}
