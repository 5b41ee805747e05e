import { toErrorRecord, WilsonError } from '../errors.js';
import type { CommandRunner } from '../platform/command.js';
import type { CheckName, CheckResult, CheckSpec } from '../task/definition-of-done.js';
import { artifactOf } from '../workspace/artifact.js';
import { findChanges } from '../workspace/changes.js';
import type { Workspace } from '../workspace/workspace.js';
import { type CheckContext, type CheckTimeouts, defaultCheckTimeouts, presentFiles } from './check-context.js';
import { checkCommand } from './command-succeeds.js';
import { checkCoverage } from './coverage-at-least.js';
import { detailOf, failed, notChecked, passed } from './evidence.js';
import { missingFiles } from './plain-file.js';
import { checkReport } from './report-written.js';
import { type ReviewVerdict, reviewCheck } from './review-approved.js';
import { runTests } from './run-tests.js';
import { removeStaleCopies } from './scratch-copy.js';
import { checkSyntax } from './syntax.js';
import type { TestsOutcome } from './tests-outcome.js';
import { checkTests } from './tests-pass.js';
import { checkUntouched } from './untouched-tests.js';

export interface RunChecksOptions {
  readonly workspace: Workspace;
  readonly commands: CommandRunner;
  readonly signal: AbortSignal;
  readonly timeouts?: Partial<CheckTimeouts>;
  /** The reviews of the newest attempt, oldest first. */
  readonly reviews?: readonly ReviewVerdict[];
}

/**
 * Runs the checks of a Definition of Done on a workspace, one after the other, each with its evidence. What the checks
 * run, they run in a copy; the workspace stays as it is. A check that cannot be run has not passed, and says why.
 * Rejects with `ABORTED` when the signal fires, and for nothing else that a workspace may hold.
 */
export async function runChecks(checks: readonly CheckSpec[], options: RunChecksOptions): Promise<CheckResult[]> {
  const { workspace, commands, signal } = options;
  await removeStaleCopies(workspace.metaDir);
  const found = await findChanges(workspace);
  const timeouts = { ...defaultCheckTimeouts, ...options.timeouts };
  const context: CheckContext = {
    workspace,
    found,
    changed: found.changes.map(artifactOf),
    commands,
    signal,
    timeouts,
    runTests: rememberTests({ ...options, timeouts }),
    reviews: options.reviews ?? [],
  };
  const results: CheckResult[] = [];
  for (const spec of checks) {
    if (signal.aborted) throw new WilsonError('ABORTED', 'The checks were stopped', { cause: signal.reason });
    const result = await runCheck(spec, context);
    if (result !== null) results.push(result);
  }
  return results;
}

/** Tests are the dearest of all checks, and several of them may be about the same ones. */
function rememberTests(options: RunChecksOptions & { readonly timeouts: CheckTimeouts }): CheckContext['runTests'] {
  const { workspace, commands, signal, timeouts } = options;
  const outcomes = new Map<string, Promise<TestsOutcome>>();
  return (request) => {
    const testFiles = request.testFiles.filter((file) => !file.endsWith('conftest.py')).sort();
    const modules = [...request.modules].sort();
    const key = JSON.stringify([testFiles, modules]);
    const known = outcomes.get(key);
    if (known !== undefined) return known;
    const outcome = runTests({
      root: workspace.root,
      testFiles,
      modules,
      commands,
      signal,
      scratchParent: workspace.metaDir,
      timeoutMs: timeouts.testsMs,
    });
    outcomes.set(key, outcome);
    return outcome;
  };
}

/** Null where there is nothing that it could be about. */
type Check = (spec: CheckSpec, context: CheckContext) => Promise<CheckResult | null>;

const checkOf: Readonly<Record<CheckName, Check>> = {
  file_exists: checkFiles,
  files_changed: checkChanged,
  parses: checkParses,
  command_succeeds: checkCommand,
  tests_pass: (spec, context) =>
    spec.earlier === 'unbroken' || spec.earlier === 'watched'
      ? checkUntouched(spec, context)
      : checkTests(spec, context),
  report_written: checkReport,
  coverage_at_least: checkCoverage,
  review_approved: (spec, context) => Promise.resolve({ ...spec, ...reviewCheck(context.reviews ?? []) }),
};

async function runCheck(spec: CheckSpec, context: CheckContext): Promise<CheckResult | null> {
  try {
    return await checkOf[spec.check](spec, context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    const { message, hint } = toErrorRecord(error);
    return failed(spec, { detail: detailOf(`The check could not be run: ${message}\n${hint}`) });
  }
}

async function checkFiles(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
  const paths = spec.paths ?? [];
  if (paths.length === 0) return failed(spec, { detail: 'The check names no file' });
  const missing = await missingFiles(context.workspace.root, paths);
  if (missing.length > 0) return failed(spec, { paths, detail: `Not there: ${missing.join(', ')}` });
  return passed(spec, { paths });
}

async function checkChanged(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
  const changed = context.changed.map((artifact) => artifact.path);
  const wanted = spec.paths ?? [];
  const untouched = wanted.filter((name) => !changed.includes(name));
  if (changed.length === 0) return failed(spec, { paths: [], detail: 'No file was changed' });
  if (untouched.length > 0) return failed(spec, { paths: changed, detail: `Not changed: ${untouched.join(', ')}` });
  return passed(spec, { paths: changed.slice(0, 100) });
}

async function checkParses(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
  const wanted = spec.paths ?? [];
  const files = wanted.length === 0 ? presentFiles(context) : [...wanted];
  const absent = await missingFiles(context.workspace.root, files);
  const there = files.filter((file) => !absent.includes(file));
  const missing = wanted.filter((file) => absent.includes(file));
  if (missing.length > 0) return failed(spec, { paths: files, detail: `Not there: ${missing.join(', ')}` });
  const report = await checkSyntax(there, {
    root: context.workspace.root,
    commands: context.commands,
    timeoutMs: context.timeouts.syntaxMs,
    signal: context.signal,
  });
  const command = report.commands.length === 0 ? {} : { command: report.commands.join(' && ').slice(0, 1_000) };
  const looked = there.filter((file) => !report.unchecked.has(file));
  const evidence = { ...command, paths: looked.slice(0, 100) };
  if (report.broken.size > 0) {
    const detail = [...report.broken].map(([file, reason]) => `${file}: ${reason}`).join('\n');
    return failed(spec, { ...evidence, detail: detail.slice(0, 2_000) });
  }
  if (there.length === 0) return notChecked(spec, { paths: [], detail: 'There was no file to look at' });
  if (report.unchecked.size === 0) return passed(spec, evidence);
  const detail = [...new Set(report.unchecked.values())].join('; ').slice(0, 2_000);
  const seen = { ...evidence, unchecked: [...report.unchecked.keys()].slice(0, 100), detail };
  return looked.length === 0 ? notChecked(spec, seen) : passed(spec, seen);
}
