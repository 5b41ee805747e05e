import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { WilsonError } from '../errors.js';
import type { CheckEvidence } from '../task/definition-of-done.js';
import { runGoTests } from './go-tests.js';
import { runJavascriptTests } from './javascript-tests.js';
import { isInstalled, isTestFile, languageOf, type TestLanguage } from './languages.js';
import { runPythonTests } from './python-tests.js';
import { runProjectTests } from './run-project-tests.js';
import { makeScratchCopy, type ScratchCopy } from './scratch-copy.js';
import { isGreen, type TestRun, type TestRunner, type Variant } from './test-run.js';
import {
  combine,
  coverageOf,
  defaultTestTimeoutMs,
  type RunTestsOptions,
  refused,
  refusedForGood,
  type TestsOutcome,
  withDetail,
} from './tests-outcome.js';

/** How the tests of each language are run. */
export const runners: Readonly<Record<TestLanguage, TestRunner>> = {
  python: runPythonTests,
  javascript: runJavascriptTests,
  go: runGoTests,
};

/**
 * Runs tests in a scratch copy of the workspace, which stays as it is, and says whether they are evidence: at least one
 * was executed, all that were executed passed, they load the code they are about, and they fail once the functions of
 * that code do nothing. Tests in a language without a runner of ours are run by the project's own command
 * ({@link runProjectTests}). Rejects with `ABORTED` only.
 */
export async function runTests(options: RunTestsOptions): Promise<TestsOutcome> {
  if (options.testFiles.length === 0) return refused('There is no test file');
  const byLanguage = groupByLanguage(options.testFiles);
  const scratch = await makeScratchCopy(options.root, options.scratchParent, options.signal);
  const outcomes: TestsOutcome[] = [];
  try {
    for (const [language, testFiles] of byLanguage) {
      outcomes.push(
        language === null
          ? await runProjectTests(testFiles, scratch, options)
          : await runLanguage(language, testFiles, scratch, options),
      );
    }
  } finally {
    await scratch.remove();
  }
  return combine(outcomes);
}

async function runLanguage(
  language: TestLanguage,
  testFiles: readonly string[],
  scratch: ScratchCopy,
  options: RunTestsOptions,
): Promise<TestsOutcome> {
  const { commands, signal, root } = options;
  const timeoutMs = options.timeoutMs ?? defaultTestTimeoutMs;
  const wanted = options.modules.filter((file) => languageOf(file) === language && !isTestFile(file));
  const run = (variant: Variant, modules: readonly string[]): Promise<TestRun> => {
    const measure = variant === 'as-is' ? wanted : null;
    return runners[language]({ scratch, root, testFiles, modules, variant, measure, commands, timeoutMs, signal });
  };
  let first: TestRun;
  try {
    first = await run('as-is', []);
  } catch (error) {
    if (!(error instanceof WilsonError) || error.code === 'ABORTED') throw error;
    const reason = `${error.message}. ${error.hint}`;
    const cannot = error.code === 'COMMAND_NOT_FOUND' || error.code === 'COMMAND_REFUSED';
    return cannot ? refusedForGood(reason) : refused(reason);
  }
  const code = first.loaded.filter((file) => languageOf(file) === language && !isTestFile(file) && !isInstalled(file));
  const seen = { ...linesOf(first, wanted.length === 0 ? code : wanted), tests: first.tests, notRunnable: null };
  const evidence = { ...evidenceOf(first, testFiles), ...coverageOf(seen.lines) };
  const reason = whyNot(first);
  if (reason !== null) return { passed: false, evidence: withDetail(evidence, reason, first.detail), ...seen };

  const modules = wanted.length === 0 ? code : code.filter((file) => wanted.includes(file));
  if (modules.length === 0) {
    const what = wanted.length === 0 ? 'any code of the workspace' : wanted.join(' or ');
    return { passed: false, evidence: withDetail(evidence, `The tests do not use ${what}`, ''), ...seen };
  }
  for (const variant of ['returns-none', 'returns-object'] as const) {
    const hollow = await run(variant, modules);
    for (const name of modules) copyFileSync(path.join(options.root, name), path.join(scratch.tree, name));
    if (!isGreen(hollow)) return { passed: true, evidence: { ...evidence, failsWithoutCode: true }, ...seen };
  }
  return {
    passed: false,
    evidence: withDetail(
      { ...evidence, failsWithoutCode: false },
      `The tests pass whatever the functions of ${modules.join(', ')} return, so they check nothing`,
      '',
    ),
    ...seen,
  };
}

/** What the run told of the lines of some files; nothing where it cannot be believed. */
function linesOf(run: TestRun, files: readonly string[]): Pick<TestsOutcome, 'lines' | 'unmeasured'> {
  if (run.unmeasured !== null) return { lines: new Map(), unmeasured: [run.unmeasured] };
  const known = files.flatMap((file) => {
    const lines = run.lines.get(file);
    return lines === undefined ? [] : ([[file, lines]] as const);
  });
  return { lines: new Map(known), unmeasured: [] };
}

function whyNot(run: TestRun): string | null {
  if (run.problem !== null) return run.problem;
  if (run.failed > 0) return `${run.failed} of ${run.ran} tests failed`;
  if (run.ran > 0) return null;
  return run.skipped > 0 ? `All ${run.skipped} tests were skipped` : 'No test was run';
}

function evidenceOf(run: TestRun, testFiles: readonly string[]): CheckEvidence {
  return {
    command: run.command,
    ...(run.exitCode === null ? {} : { exitCode: run.exitCode }),
    ran: run.ran,
    failed: run.failed,
    skipped: run.skipped,
    paths: testFiles,
  };
}

/** Files by the language of their tests; null for those that cannot be run. */
export function groupByLanguage(files: readonly string[]): Map<TestLanguage | null, string[]> {
  const groups = new Map<TestLanguage | null, string[]>();
  for (const file of files) {
    const language = languageOf(file);
    groups.set(language, [...(groups.get(language) ?? []), file]);
  }
  return groups;
}
