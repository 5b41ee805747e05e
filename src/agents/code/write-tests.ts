import type { AgentContext, AgentResult } from '../agent.js';
import { countSteps } from '../step-counter.js';
import { nameOfModule } from './file-choice.js';
import { checksFor, failed, failedByRules, finished } from './outcome.js';
import { pickCases } from './pick-cases.js';
import type { Target } from './request.js';
import { onlyResultOf } from './trust.js';
import { type Subject, Workbench } from './workbench.js';
import type { WorkspaceFiles } from './workspace-files.js';
import { writeTestFile } from './write-test-file.js';

const roundLimit = 4;
const targetLimit = 5;
const enoughCases = 4;

/**
 * Writes tests for code that exists, which is not changed. A case is kept when the model's expectation and what the code
 * does agree; where they do not, either may be wrong, and the summary names it.
 */
export async function writeTests(
  context: AgentContext,
  files: WorkspaceFiles,
  subject: Subject & { readonly modulePath: string; readonly existing: string },
): Promise<AgentResult> {
  const { language, request, modulePath, existing } = subject;
  const steps = countSteps(context, 3);
  const reading = await language.read(existing, { functions: [], classes: [] });
  if (reading.error !== null) {
    return failedByRules('NO_USABLE_CODE', `${modulePath} does not parse: ${reading.error}.`, 'Nothing was written.');
  }
  const found: Target[] = [
    ...reading.classes.map(({ name }) => ({ kind: 'class' as const, name, params: null })),
    ...reading.functions.map(({ name, params }) => ({ kind: 'function' as const, name, params })),
  ];
  const named = new Set(request.targets.map((each) => each.name));
  const all = found.filter((each) => !each.name.startsWith('_') && each.name !== 'main');
  const wanted = all.filter((each) => named.has(each.name));
  const targets = (wanted.length > 0 ? wanted : all).slice(0, targetLimit);
  if (targets.length === 0) {
    return failedByRules('NO_USABLE_CODE', `${modulePath} defines nothing that can be tested.`, 'Nothing was written.');
  }

  const bench = new Workbench(context, { ...subject, request: { ...request, targets, skeleton: null } });
  bench.takeAsIs(existing);
  await bench.readExamples();
  steps.next('working out test cases');
  let choice = await bench.choose();
  if (choice === null) {
    return failedByRules(
      'NO_USABLE_CODE',
      `${modulePath} cannot be loaded: ${bench.loadErrors().join('; ')}.`,
      'Nothing was written.',
    );
  }
  for (let round = 0; round < roundLimit; round += 1) {
    await bench.proposeCases(round, 0.1 + 0.2 * round, onlyResultOf(choice.kept), { keepDrafts: false });
    choice = (await bench.choose()) ?? choice;
    const { kept } = choice;
    const covered = targets.every((target) => pickCases(kept, [target]).length >= 2);
    if (covered && kept.length >= Math.min(enoughCases, 2 * targets.length) && onlyResultOf(kept) === null) break;
  }
  const kept = pickCases(choice.kept, targets);
  if (kept.length < 2) {
    return failed('TESTS_FAILED', 'Too few test cases agree with what the code does.', 'Nothing was written.');
  }

  const testPath = request.testPath ?? language.defaultTestPath(modulePath);
  steps.next(`writing ${testPath}`);
  await writeTestFile(files, subject, { modulePath, testPath, names: targets.map((each) => each.name), kept });
  steps.next(`running ${testPath}`);
  const run = await language.runTests([testPath]);
  if (run.ran === 0 || run.failed > 0) {
    const message = run.ran === 0 ? 'No test ran.' : `${run.failed} of ${run.ran} tests fail.`;
    return failed('TESTS_FAILED', message, `${testPath} was written, but: ${message}`);
  }
  const doubtful = choice.failing.filter((each) => each.votes > 1).slice(0, 2);
  const note =
    doubtful.length === 0
      ? ''
      : ` The model expected otherwise, more than once, of ${nameOfModule(modulePath)}: ${doubtful.map((each) => each.fault).join('; ')}. Look whether the code is right there.`;
  return finished(
    `${testPath} tests ${modulePath}: ${run.ran} tests ran and passed.${note}`,
    checksFor([testPath], [testPath]),
  );
}
