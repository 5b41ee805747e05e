import { languageOf } from '../../verification/languages.js';
import { type FileLines, percentOf, reaches } from '../../verification/line-coverage.js';
import type { TestsOutcome } from '../../verification/tests-outcome.js';
import { throwIfAborted } from '../abort.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { runInWorkspace } from '../code/commands.js';
import { createJavaScript } from '../code/javascript/javascript.js';
import type { Language } from '../code/language.js';
import { checksFor, failed, failedByRules } from '../code/outcome.js';
import { createPython } from '../code/python/python.js';
import { readRequest, type Target } from '../code/request.js';
import type { WorkspaceFiles } from '../code/workspace-files.js';
import { writeTests } from '../code/write-tests.js';
import { countSteps } from '../step-counter.js';
import { codeFiles, countableTests, coverageText, measureTests, outcomeText } from './run-suite.js';

/** Files that tests are written for in one attempt, and functions of each. */
const moduleLimit = 4;
const targetLimit = 5;

/**
 * Writes tests for what no test runs yet, until the tests run `percent` of the lines of the code that `named` names (of all
 * code without names). What was reached is measured each time; too little is a failure that says how much it is.
 */
export async function raiseCoverage(
  context: AgentContext,
  files: WorkspaceFiles,
  percent: number,
  named: readonly string[],
): Promise<AgentResult> {
  const steps = countSteps(context, 2);
  steps.next('measuring the coverage');
  let listing = await files.list(5_000);
  const modules = named.length > 0 ? named : codeFiles(listing);
  if (modules.length === 0)
    return failed('FILE_NOT_FOUND', 'There is no code whose lines could be counted.', 'Nothing was written.');
  const hadTests = countableTests(listing).length > 0;
  let seen = hadTests ? await measureTests(context, countableTests(listing), modules) : null;
  if (seen !== null && !seen.passed) {
    return failedByRules(
      'TESTS_FAILED',
      `The tests that are there do not pass: ${outcomeText(seen)}.`,
      'Nothing was written.',
      'Ask for the failing tests to be fixed first.',
    );
  }
  const before = percentIn(seen);
  context.log('info', seen === null ? 'there are no tests yet' : coverageText(seen));
  const written: string[] = [];
  const order = byMissingLines(modules, seen).slice(0, moduleLimit);
  steps.extend(order.length);
  for (const module of order) {
    if (isReached(seen, percent)) break;
    throwIfAborted(context.signal);
    steps.next(`writing tests for ${module}`);
    const testPath = await testsFor(context, files, module, seen?.lines.get(module) ?? null);
    if (testPath === null) continue;
    written.push(testPath);
    listing = await files.list(5_000);
    seen = await measureTests(context, countableTests(listing), modules);
    context.log('info', `${outcomeText(seen)}. ${coverageText(seen)}`);
  }
  const changed = [...new Set(written)];
  const from = hadTests ? `was ${before}%` : 'had no tests';
  const wrote =
    changed.length === 0
      ? 'No test was written.'
      : `${changed.join(', ')} ${changed.length === 1 ? 'has' : 'have'} new tests.`;
  if (seen?.passed === true && isReached(seen, percent)) {
    return {
      outcome: 'finished',
      summary: `${wrote} Coverage ${from}: ${coverageText(seen)} ${outcomeText(seen)}.`,
      checks: [
        ...(changed.length === 0 ? [] : checksFor(changed, changed)),
        { check: 'coverage_at_least', percent, paths: [...modules] },
      ],
      error: null,
    };
  }
  const reached = seen === null ? 'No test could be written' : `${percentIn(seen)}% were reached`;
  return failed(
    'COVERAGE_TOO_LOW',
    `${reached}, ${percent}% of the lines were wanted (it ${from}).`,
    `${wrote}${seen === null ? '' : ` ${coverageText(seen)}`}`,
    'Name the functions that matter most, ask for a lower figure, or configure a bigger model.',
  );
}

/** The test file that now has new tests; null where none could be written. What failed is taken back. */
async function testsFor(
  context: AgentContext,
  files: WorkspaceFiles,
  modulePath: string,
  lines: FileLines | null,
): Promise<string | null> {
  const existing = await files.read(modulePath);
  const kind = languageOf(modulePath);
  if (existing === null || (kind !== 'python' && kind !== 'javascript')) return null;
  const run = runInWorkspace(context);
  const language: Language = kind === 'python' ? createPython(run) : await createJavaScript(run, files);
  const targets = unreached(existing, kind, lines).slice(0, targetLimit);
  const request = {
    ...readRequest(`Write unit tests for ${modulePath}`),
    kind: 'tests' as const,
    wantsTests: true,
    targets,
    modulePath,
    testPath: null,
  };
  const testPath = language.defaultTestPath(modulePath);
  const before = await files.read(testPath);
  const result = await writeTests(context, files, {
    request,
    language,
    modulePath,
    existing,
    findings: context.order.findings,
  });
  if (result.outcome === 'finished') return testPath;
  context.log('warn', `${modulePath}: ${result.error?.message ?? result.summary}`);
  if (before === null) await files.remove(testPath);
  else await files.write(testPath, before);
  return null;
}

/** Functions and classes some of whose lines no test runs; all of them where nothing was measured. */
export function unreached(text: string, kind: 'python' | 'javascript', lines: FileLines | null): Target[] {
  const pattern =
    kind === 'python'
      ? /^(?:async )?(def|class) (\w+)/
      : /^(?:export )?(?:default )?(?:async )?(function|class)\s*\*?\s*(\w+)|^(?:export )?(const) (\w+) = (?:async )?(?:\(|\w+ =>|function)/;
  const found = text.split('\n').flatMap((line, index) => {
    const match = pattern.exec(line);
    const name = match?.[2] ?? match?.[4];
    const isClass = match?.[1] === 'class';
    return name === undefined ? [] : [{ name, isClass, line: index + 1 }];
  });
  const run = new Set(lines?.run ?? []);
  const missed = (lines?.code ?? []).filter((line) => !run.has(line));
  return found
    .filter((each, index) => {
      const end = found[index + 1]?.line ?? Number.POSITIVE_INFINITY;
      return lines === null || missed.some((line) => line >= each.line && line < end);
    })
    .map(({ name, isClass }): Target => ({ kind: isClass ? 'class' : 'function', name, params: null }));
}

function byMissingLines(modules: readonly string[], seen: TestsOutcome | null): string[] {
  const missing = (file: string): number => {
    const lines = seen?.lines.get(file);
    return lines === undefined ? Number.POSITIVE_INFINITY : lines.code.length - lines.run.length;
  };
  return [...modules].filter((file) => missing(file) > 0).sort((a, b) => missing(b) - missing(a) || (a < b ? -1 : 1));
}

function isReached(seen: TestsOutcome | null, percent: number): boolean {
  return seen !== null && seen.unmeasured.length === 0 && reaches(percent, seen.lines.values());
}

function percentIn(seen: TestsOutcome | null): number {
  return seen === null ? 0 : (percentOf(seen.lines.values()) ?? 0);
}
