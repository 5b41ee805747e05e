import { isSafeCheck } from '../task/check-rules.js';
import { coverageAskedFor } from '../task/coverage-wish.js';
import type { CheckSpec } from '../task/definition-of-done.js';
import { earlierTestsIn, untouchedTestsIn } from '../task/earlier-tests.js';
import { orderedFiles } from '../task/named-files.js';
import { asksForNewTests, asksForTests } from '../task/plan-wishes.js';
import type { Artifact, TaskType } from '../task/task.js';
import { isTestCommand, readTestWish } from '../task/test-wish.js';
import { isCode, isProjectSettings, isTestFile, isTestSettings } from './languages.js';

export interface CheckRequest {
  readonly description: string;
  readonly type: TaskType;
  /** What the task changed in its workspace. */
  readonly changed: readonly Artifact[];
  /** What the worker or a planner would add. */
  readonly proposed: readonly CheckSpec[];
}

/**
 * The Definition of Done of a task: what its type and its request demand, then what was proposed. Proposals only add:
 * none of them can take a demanded check away, and unsafe ones are dropped.
 */
export function planChecks(request: CheckRequest): CheckSpec[] {
  const { type, changed } = request;
  const left = changed.filter((artifact) => artifact.kind !== 'deleted').map((artifact) => artifact.path);
  const checks: CheckSpec[] = [];
  const isCoding = type === 'code' || type === 'test';
  const percent = isCoding ? coverageAskedFor(request.description) : null;
  const wish = type === 'test' ? readTestWish(request.description, percent) : null;
  // What only runs, and coverage that is high enough already, change no file: there the tests themselves are the evidence.
  if (wish === 'run' || (wish === 'raise' && changed.length === 0)) return checksOfRun(request, left, percent);
  const makesFiles = isCoding || (type === 'general' && asksForFiles(request.description));
  if (makesFiles) checks.push({ check: 'files_changed', ...untouchedOf(request) });
  if (type === 'research' || type === 'analysis') checks.push({ check: 'report_written' });
  if (isCoding || left.some(isCode)) checks.push({ check: 'parses' });
  const earlier = earlierDemand(request);
  if (type === 'test' || (isCoding && asksForNewTests(request.description))) {
    // An empty list: only tests that this task wrote count.
    checks.push({ check: 'tests_pass', paths: [], ...earlier });
  } else if ((isCoding && asksForTests(request.description)) || left.some(isTestFile) || lostTests(request)) {
    checks.push({ check: 'tests_pass', ...earlier });
  }
  if (percent !== null) checks.push({ check: 'coverage_at_least', percent });
  for (const proposal of request.proposed) {
    if (isSafeCheck(proposal) && !checks.some((check) => covers(check, proposal, left))) checks.push(proposal);
  }
  if (mayBreakTests(changed) && !runsWhatWasThere(checks, left)) {
    checks.push({ check: 'tests_pass', earlier: untouchedTestsIn(request.description) });
  }
  return checks;
}

/** Whether code was changed that tests may be about. */
function mayBreakTests(changed: readonly Artifact[]): boolean {
  return changed.some(
    ({ kind, path }) => (kind !== 'added' && isCode(path) && !isTestFile(path)) || isProjectSettings(path),
  );
}

/** Whether the tests that were there are run, and have to pass, already. */
function runsWhatWasThere(checks: readonly CheckSpec[], left: readonly string[]): boolean {
  return checks.some(
    ({ check, paths, earlier }) =>
      check === 'tests_pass' && (earlier === 'passing' || (paths === undefined && !left.some(isTestFile))),
  );
}

/**
 * For tests that are there: they pass, counted by our runner; by the project's own test command alone where the worker found
 * that this is the only way, and changed nothing that such a command reads.
 */
function checksOfRun(request: CheckRequest, left: readonly string[], percent: number | null): CheckSpec[] {
  const safe = request.proposed.filter(isSafeCheck);
  const isOwnCommand = (check: CheckSpec): boolean =>
    check.check === 'command_succeeds' && isTestCommand(check.command ?? []);
  const onlyOwn =
    request.changed.length === 0 && safe.some(isOwnCommand) && !safe.some(({ check }) => check === 'tests_pass');
  const checks: CheckSpec[] = [
    ...(left.some(isCode) ? [{ check: 'parses' as const }] : []),
    ...(onlyOwn ? [] : [{ check: 'tests_pass' as const, ...earlierDemand(request) }]),
    ...(percent === null ? [] : [{ check: 'coverage_at_least' as const, percent }]),
  ];
  for (const proposal of safe) if (!checks.some((check) => covers(check, proposal, left))) checks.push(proposal);
  return checks;
}

/** Files that the request orders by name and that the task left alone; one of that name in another folder will do. */
function untouchedOf({ description, changed }: CheckRequest): Pick<CheckSpec, 'paths'> {
  const isTouched = (name: string): boolean => changed.some(({ path }) => path === name || path.endsWith(`/${name}`));
  const paths = orderedFiles(description).filter((name) => !isTouched(name));
  return paths.length === 0 ? {} : { paths };
}

/** What the tests that were there have to say, where the task could have changed anything about them. */
function earlierDemand({ description, changed }: CheckRequest): Pick<CheckSpec, 'earlier'> {
  const earlier = earlierTestsIn(description);
  const touched = changed.some(
    ({ path, kind }) => isTestSettings(path) || isProjectSettings(path) || (kind !== 'added' && isTestFile(path)),
  );
  return earlier === null || changed.length === 0 || (earlier === 'kept' && !touched) ? {} : { earlier };
}

/** Whether tests were deleted that nobody wanted to be rid of; with the code that they are about, they may go. */
function lostTests({ description, changed }: CheckRequest): boolean {
  const deleted = changed.filter(({ kind, path }) => kind === 'deleted' && isCode(path)).map(({ path }) => path);
  return deleted.length > 0 && deleted.every(isTestFile) && earlierTestsIn(description) !== null;
}

function asksForFiles(description: string): boolean {
  return /\b(write|create|make|save|add|edit|change|fix|rename|delete|generate)\b.*(\b[\w-]+\.[a-z]{1,5}\b|\bfiles?\b)/is.test(
    description,
  );
}

/** Whether a demanded check already asks for what is proposed. */
function covers(check: CheckSpec, proposal: CheckSpec, changed: readonly string[]): boolean {
  // What was changed and is left is there.
  if (check.check === 'files_changed' && proposal.check === 'file_exists')
    return (proposal.paths ?? []).every((path) => changed.includes(path));
  if (check.check !== proposal.check) return false;
  if (check.check === 'command_succeeds') return JSON.stringify(check.command) === JSON.stringify(proposal.command);
  if (check.check === 'file_exists') return JSON.stringify(check.paths) === JSON.stringify(proposal.paths);
  if (check.check === 'coverage_at_least' && (proposal.percent ?? 0) > (check.percent ?? 0)) return false;
  // The rest looks at all that changed anyway.
  const all = (check.paths ?? []).length === 0;
  return (proposal.paths ?? []).every((path) => (all ? changed : (check.paths ?? [])).includes(path));
}
