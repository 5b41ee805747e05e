import { WilsonError } from '../../errors.js';
import type { CheckSpec } from '../../task/definition-of-done.js';
import { isInstalled, isTestFile, languageOf } from '../../verification/languages.js';
import { fileText, percentOf } from '../../verification/line-coverage.js';
import { type ProjectTestCommand, projectTestCommand } from '../../verification/project-tests.js';
import { type ProjectRun, runProjectCommand } from '../../verification/run-project-command.js';
import { runTests } from '../../verification/run-tests.js';
import { makeScratchCopy } from '../../verification/scratch-copy.js';
import type { TestsOutcome } from '../../verification/tests-outcome.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { failedByRules, finished } from '../code/outcome.js';
import { WorkspaceFiles } from '../code/workspace-files.js';
import { countSteps } from '../step-counter.js';
import { withScratchParent } from './scratch-parent.js';

const listLimit = 5_000;
const shownFiles = 3;

type OwnRun = ProjectTestCommand & ProjectRun;

/**
 * Runs the tests that a project has, in a copy, and says how many ran and failed: by the project's own command where it has
 * one, and by Wilson's own runner where that counts nothing or coverage is wanted. Writes nothing.
 */
export async function runSuite(context: AgentContext, asksForCoverage: boolean): Promise<AgentResult> {
  const steps = countSteps(context, 2);
  steps.next('looking for the tests');
  const files = new WorkspaceFiles(context.order.workspaceRoot);
  const listing = await files.list(listLimit);
  const own = await projectTestCommand(context.order.workspaceRoot);
  const testFiles = countableTests(listing);
  if (own === null && testFiles.length === 0) {
    return failedByRules(
      'NO_TESTS',
      'There is no test here that could be run: no test command of the project, and no test file of Python, JavaScript or Go.',
      'Nothing was run.',
      'Ask for tests to be written, e.g. "write unit tests for calc.py".',
    );
  }
  steps.next(
    own === null ? `running ${counted(testFiles.length, 'test file')}` : `running \`${own.command.join(' ')}\``,
  );
  const ownRun = own === null ? null : await runOwn(context, own);
  const needsCount = ownRun === null || ownRun.counts === null || ownRun.exitCode !== 0 || asksForCoverage;
  const outcome =
    needsCount && testFiles.length > 0 ? await measureTests(context, testFiles, codeFiles(listing)) : null;
  return report(ownRun, outcome, asksForCoverage);
}

/** Test files that Wilson's own runners can run and count. */
export function countableTests(listing: readonly string[]): string[] {
  return listing.filter((file) => isTestFile(file) && languageOf(file) !== null && !isInstalled(file));
}

/** The code whose lines can be counted. */
export function codeFiles(listing: readonly string[]): string[] {
  return listing.filter(
    (file) =>
      languageOf(file) !== null &&
      !isTestFile(file) &&
      !isInstalled(file) &&
      !/(?:^|\/)(?:setup|conftest)\.py$|\.config\.[mc]?js$/.test(file),
  );
}

/** Runs test files in a copy of the workspace, with the lines of `modules` that they run. Rejects with `ABORTED` only. */
export async function measureTests(
  context: AgentContext,
  testFiles: readonly string[],
  modules: readonly string[],
): Promise<TestsOutcome> {
  const { workspaceRoot: root, limits } = context.order;
  return withScratchParent(root, (scratchParent) =>
    runTests({
      root,
      testFiles,
      modules,
      commands: context.commands,
      signal: context.signal,
      scratchParent,
      timeoutMs: limits.commandTimeoutMs,
    }),
  );
}

/** Null where the command cannot be run here at all. */
async function runOwn(context: AgentContext, own: ProjectTestCommand): Promise<OwnRun | null> {
  const { workspaceRoot: root, limits } = context.order;
  return withScratchParent(root, async (parent) => {
    const scratch = await makeScratchCopy(root, parent, context.signal);
    try {
      const options = { commands: context.commands, signal: context.signal, timeoutMs: limits.commandTimeoutMs };
      const run = { ...own, ...(await runProjectCommand({ own, folder: '' }, scratch, options)) };
      context.log(run.exitCode === 0 ? 'info' : 'warn', `${textOf(run)}\n${run.output.trim().slice(-1_500)}`);
      return run;
    } catch (error) {
      if (!(error instanceof WilsonError) || error.code === 'ABORTED') throw error;
      context.log('warn', `\`${own.command.join(' ')}\` cannot be run here: ${error.message}`);
      return null;
    } finally {
      await scratch.remove();
    }
  });
}

function report(ownRun: OwnRun | null, outcome: TestsOutcome | null, asksForCoverage: boolean): AgentResult {
  const said = [
    ...(ownRun === null ? [] : [`${textOf(ownRun)}.`]),
    ...(outcome === null ? [] : [`${outcomeText(outcome)}.`]),
    ...(outcome !== null && asksForCoverage ? [coverageText(outcome)] : []),
    'Nothing was changed.',
  ].join(' ');
  const ownPassed =
    ownRun !== null && ownRun.exitCode === 0 && ownRun.counts?.ran !== 0 && (ownRun.counts?.failed ?? 0) === 0;
  if (ownRun?.counts !== null && ownRun?.counts !== undefined && ownRun.counts.failed > 0) {
    const { ran, failed: broken } = ownRun.counts;
    return failedByRules(
      'TESTS_FAILED',
      `${broken} of ${counted(ran, 'test')} failed${listed(ownRun.failedNames)}.`,
      said,
      mendHint,
    );
  }
  if (outcome !== null && !outcome.passed) {
    const reason = (outcome.evidence.detail ?? 'The tests did not pass').split('\n')[0] ?? '';
    return failedByRules('TESTS_FAILED', `${reason.replace(/\.$/, '')}.`, said, mendHint);
  }
  if (!ownPassed && outcome === null) {
    const why = ownRun === null ? 'The tests could not be run here' : textOf(ownRun);
    return failedByRules('TESTS_FAILED', `${why}.`, said, '`wilson logs` has what the command printed.');
  }
  const checks: CheckSpec[] = [
    ...(ownPassed && ownRun !== null ? [{ check: 'command_succeeds' as const, command: ownRun.command }] : []),
    ...(outcome === null ? [] : [{ check: 'tests_pass' as const }]),
  ];
  return finished(said, checks);
}

const mendHint = 'Ask for the failing tests to be fixed, or look at `wilson logs`.';

function textOf({ command, basis, exitCode, timedOut, counts }: OwnRun): string {
  const end = timedOut
    ? 'did not end in time'
    : exitCode === null
      ? 'was ended by a signal'
      : `ended with exit code ${exitCode}`;
  const ran =
    counts === null
      ? 'it did not say how many tests ran'
      : `${counted(counts.ran, 'test')} run, ${counts.failed} failed`;
  return `\`${command.join(' ')}\` (${basis}) ${end}: ${ran}`;
}

/** What Wilson's own runner saw. */
export function outcomeText({ evidence, passed }: TestsOutcome): string {
  const counts = `${counted(evidence.ran ?? 0, 'test')} run, ${evidence.failed ?? 0} failed`;
  const where = evidence.command === undefined ? '' : ` by \`${evidence.command.slice(0, 120)}\``;
  const why =
    passed || evidence.detail === undefined ? '' : ` (${(evidence.detail.split('\n')[0] ?? '').slice(0, 200)})`;
  return `${counts}${where}${why}`;
}

/** The share of lines that the tests run, with the worst files; or why it is not known. */
export function coverageText({ lines, unmeasured }: TestsOutcome): string {
  if (unmeasured.length > 0) return `Coverage could not be measured: ${unmeasured.join('; ')}.`;
  const percent = percentOf(lines.values());
  if (percent === null) return 'There are no lines to measure.';
  const worst = [...lines]
    .sort(([, a], [, b]) => b.code.length - b.run.length - (a.code.length - a.run.length))
    .slice(0, shownFiles)
    .map(([name, each]) => fileText(name, each));
  return `${percent}% of the lines of ${counted(lines.size, 'file')} are run: ${worst.join('; ')}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '' : `: ${names.join(', ')}`;
}
