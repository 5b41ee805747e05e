import type { AgentContext, AgentResult } from '../agent.js';
import { countSteps, type StepCounter } from '../step-counter.js';
import type { Choice } from './choice.js';
import { nameForFile } from './file-choice.js';
import type { TestRun } from './language.js';
import { checksFor, failed, finished } from './outcome.js';
import { pickCases } from './pick-cases.js';
import { doubtsAbout, isSettled, onlyResultOf } from './trust.js';
import { type Subject, Workbench } from './workbench.js';
import type { WorkspaceFiles } from './workspace-files.js';
import { writeTestFile } from './write-test-file.js';

/** How often the model is asked again when its first draft is of no use. */
const firstTries = 3;
/** Rounds of one more draft and one more list of cases when code and cases do not agree at once. */
const extraRounds = 3;

/**
 * Writes functions or a class, with tests when they are asked for: several drafts and test cases of the same model are
 * run against each other, and only what agrees is written.
 */
export async function writeCode(context: AgentContext, files: WorkspaceFiles, subject: Subject): Promise<AgentResult> {
  const { wantsTests } = subject.request;
  const steps = countSteps(context, wantsTests ? 5 : 4);
  const bench = new Workbench(context, subject);
  const choice = await gather(context, bench, steps, wantsTests);
  if (choice === null) return noUsableCode(bench);

  const names = bench.targets.map((each) => each.name);
  const modulePath = subject.modulePath ?? subject.language.defaultModulePath(nameForFile(bench.targets));
  steps.next(`writing ${modulePath}`);
  await files.write(modulePath, subject.language.finish(bench.fileOf(choice.winner), modulePath, names));
  const fault = await subject.language.checkSyntax(modulePath);
  if (fault !== null)
    return failed('NO_USABLE_CODE', `${modulePath} does not parse: ${fault}`, `${modulePath} was written.`);
  const doubts = doubtsAbout(choice, bench.targets, wantsTests);
  if (!wantsTests) {
    const tried =
      choice.kept.length === 0
        ? 'it loads, but nothing else about it was checked'
        : `${choice.kept.length} trial calls gave what was expected`;
    const what = `${modulePath} has ${names.join(', ')}; ${tried}.`;
    if (doubts !== null) return failed('NO_USABLE_CODE', doubts, `${modulePath} was written, but ${doubts}`);
    return finished(what, checksFor([modulePath], []));
  }

  const testPath = subject.request.testPath ?? subject.language.defaultTestPath(modulePath);
  const kept = pickCases(choice.kept, bench.targets);
  if (kept.length > 0) {
    await writeTestFile(files, subject, { modulePath, testPath, names, kept });
    steps.next(`running ${testPath}`);
    const run = await subject.language.runTests([testPath]);
    context.log('info', `${run.command.join(' ')}: ${run.ran} ran, ${run.failed} failed`);
    const problem = testProblem(run, doubts);
    if (problem === null) {
      const summary = `${modulePath} has ${names.join(', ')}; ${testPath} tests it: ${run.ran} tests ran and passed.`;
      return finished(summary, checksFor([modulePath, testPath], [testPath]));
    }
    return failed('TESTS_FAILED', problem, `${modulePath} and ${testPath} were written, but ${problem}`);
  }
  const reason = doubts ?? 'no test case agreed with the code.';
  return failed('TESTS_FAILED', reason, `${modulePath} was written without tests: ${reason}`);
}

/** Drafts and cases, in turns, until they agree or the bounds are reached. */
async function gather(
  context: AgentContext,
  bench: Workbench,
  steps: StepCounter,
  wantsTests: boolean,
): Promise<Choice | null> {
  steps.next('writing the code');
  await bench.draft(0);
  for (let tries = 0; bench.draftCount === 0 && tries < firstTries; tries += 1) {
    steps.say(`asking again: ${bench.lastProblem ?? 'no usable answer'}`);
    await bench.repair(null, [bench.lastProblem ?? 'no usable answer'], 0.3 + 0.2 * tries);
  }
  if (bench.draftCount === 0) return null;
  await bench.readExamples();

  steps.next('working out test cases');
  await bench.proposeCases(0, 0.1);
  steps.next('comparing versions');
  let choice = await bench.choose();
  let variedOnce = false;
  const rounds = wantsTests ? extraRounds : 2;
  for (let round = 1; round <= rounds; round += 1) {
    const settled = choice !== null && isSettled(choice, bench.targets, wantsTests, round - 1);
    const onlyResult = choice === null ? null : onlyResultOf(choice.kept);
    if (settled && (onlyResult === null || variedOnce || !wantsTests)) break;
    describe(context, choice, bench);
    steps.say('looking for agreement between code and test cases');
    if (!settled) {
      const faults = faultsWorthRepair(choice, bench);
      if (faults.length > 0) await bench.repair(choice?.winner ?? null, faults, 0.1 + 0.2 * round);
      else await bench.draft(0.3 + 0.2 * round);
      choice = await bench.choose();
      if (choice !== null && isSettled(choice, bench.targets, wantsTests, round) && onlyResultOf(choice.kept) === null)
        break;
    }
    variedOnce ||= onlyResult !== null;
    await bench.proposeCases(round, 0.2 * round, onlyResult);
    choice = await bench.choose();
  }
  describe(context, choice, bench);
  return choice;
}

/** Faults that are likely the code's: an example of the request, or an expectation that came up more than once. */
function faultsWorthRepair(choice: Choice | null, bench: Workbench): string[] {
  if (choice === null) return bench.loadErrors().slice(0, 2);
  return choice.failing
    .filter((each) => each.required || each.votes > 1)
    .slice(0, 2)
    .map((each) => each.fault);
}

function describe(context: AgentContext, choice: Choice | null, bench: Workbench): void {
  if (choice === null) {
    context.log('warn', `none of ${bench.draftCount} drafts can be loaded: ${bench.loadErrors().join('; ')}`);
    return;
  }
  const { kept, failing, support } = choice;
  const unmet = failing.slice(0, 4).map((each) => `${each.fault} (${each.votes}x)`);
  context.log(
    'info',
    `${bench.draftCount} drafts, ${bench.cases.length} cases: ${kept.length} hold for ${support} drafts` +
      (unmet.length === 0 ? '' : `; not met: ${unmet.join('; ')}`),
  );
}

function testProblem(run: TestRun, doubts: string | null): string | null {
  if (run.ran === 0) return 'no test ran.';
  if (run.failed > 0) return `${run.failed} of ${run.ran} tests fail.`;
  return doubts;
}

function noUsableCode(bench: Workbench): AgentResult {
  const reasons = bench.draftCount === 0 ? [bench.lastProblem ?? 'it gave none'] : bench.loadErrors();
  return failed('NO_USABLE_CODE', `The model gave no usable code: ${reasons.join('; ')}.`, 'Nothing was written.');
}
