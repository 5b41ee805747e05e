import type { AgentContext, AgentResult } from '../../agent.js';
import { countSteps } from '../../step-counter.js';
import { gatherCases, type WeighedCase } from '../choice.js';
import type { Language } from '../language.js';
import { checksFor, failed, failedByRules, finished } from '../outcome.js';
import { pickCases } from '../pick-cases.js';
import { doubtsAbout } from '../trust.js';
import { Workbench } from '../workbench.js';
import type { WorkspaceFiles } from '../workspace-files.js';
import { writeTestFile } from '../write-test-file.js';
import { framedCases, framedNames } from './framed-cases.js';
import type { ProgramOutline } from './outline.js';
import { requestFor } from './work-out.js';

/** Lists of cases that are asked for where the outline has no examples of a function. */
const roundLimit = 3;
const enoughCases = 2;

/**
 * Writes the tests of an outlined program: the examples of the outline, cases of the model that the code agrees with, and
 * cases for storage and command line by rules. An example that does not hold is a fault of the code, and said as that.
 */
export async function testOutlined(
  context: AgentContext,
  files: WorkspaceFiles,
  language: Language,
  outline: ProgramOutline,
): Promise<AgentResult> {
  const { file, functions } = outline;
  const existing = await files.read(file);
  if (existing === null) return failed('FILE_NOT_FOUND', `There is no ${file} to test.`, 'Nothing was written.');
  const steps = countSteps(context, functions.length + 2);
  const kept: WeighedCase[] = [];
  for (const each of functions) {
    steps.next(`working out test cases for ${each.name}`);
    const request = requestFor(outline, each);
    const bench = new Workbench(context, { request, language, modulePath: file, existing: null, findings: [] });
    bench.takeAsIs(existing);
    await bench.readExamples();
    let choice = await bench.choose();
    if (choice === null) {
      const reason = bench.loadErrors().join('; ');
      return failedByRules('NO_USABLE_CODE', `${file} cannot be loaded: ${reason}.`, 'Nothing was written.');
    }
    const broken = choice.failing.find((one) => one.required);
    if (broken !== undefined) {
      return failedByRules(
        'TESTS_FAILED',
        `An example of the plan does not hold: ${broken.fault}.`,
        'Nothing was written.',
      );
    }
    const rounds = each.examples.length === 0 ? roundLimit : 1;
    for (let round = 0; round < rounds && choice.kept.length < each.examples.length + enoughCases; round += 1) {
      await bench.proposeCases(round, 0.1 + 0.2 * round, null, { keepDrafts: false });
      choice = (await bench.choose()) ?? choice;
    }
    const doubt = each.examples.length > 0 ? null : doubtsAbout(choice, bench.targets, true);
    if (doubt !== null) return failed('TESTS_FAILED', `${each.name}: ${doubt}`, 'Nothing was written.');
    const mine = pickCases(choice.kept, bench.targets);
    context.log('info', `${each.name}: ${mine.length} cases hold, ${choice.failing.length} of the model do not`);
    kept.push(...mine);
  }
  const framed = framedCases(outline);
  const judged = await language.judge(existing, framed);
  const faults = framed.flatMap((each, index) => {
    const said = judged.results[index];
    const at = each.steps.findIndex((_, step) => said?.[step] !== null);
    return at < 0 ? [] : [`${each.name ?? 'case'}: ${said?.[at] ?? 'it was not reached'}`];
  });
  if (faults[0] !== undefined) {
    return failed('TESTS_FAILED', `The commands do not do what the plan says: ${faults[0]}.`, 'Nothing was written.');
  }
  kept.push(...gatherCases([], framed, true));
  if (kept.length === 0)
    return failed('TESTS_FAILED', 'No test case agrees with what the code does.', 'Nothing was written.');

  const testPath = language.defaultTestPath(file);
  steps.next(`writing ${testPath}`);
  const names = ['main', ...functions.map((each) => each.name), ...framedNames(outline)];
  await writeTestFile(files, { language }, { modulePath: file, testPath, names, kept });
  steps.next(`running ${testPath}`);
  const run = await language.runTests([testPath]);
  if (run.ran === 0 || run.failed > 0) {
    const message = run.ran === 0 ? 'No test ran.' : `${run.failed} of ${run.ran} tests fail.`;
    return failed('TESTS_FAILED', message, `${testPath} was written, but: ${message}`);
  }
  return finished(`${testPath} tests ${file}: ${run.ran} tests ran and passed.`, checksFor([testPath], [testPath]));
}
