import type { AgentContext, AgentResult } from '../agent.js';
import { countSteps } from '../step-counter.js';
import { caseFault } from './case-fault.js';
import type { WeighedCase } from './choice.js';
import { findCorrected } from './corrected-examples.js';
import { findExamples } from './examples.js';
import type { TestCase } from './language.js';
import { isForeign, leastChanged, withHeadOf } from './mend-choice.js';
import type { Complaint } from './mend-prompts.js';
import { searchMended } from './mend-search.js';
import { checksFor, failed, failedByRules, finished } from './outcome.js';
import { pickCases } from './pick-cases.js';
import { believedCases, retoldCases } from './retell.js';
import { blocksOf, headOf, outlineFor } from './source-outline.js';
import type { Target } from './targets.js';
import { type Subject, Workbench } from './workbench.js';
import type { WorkspaceFiles } from './workspace-files.js';
import { writeTestFile } from './write-test-file.js';

/** Source that a question for test cases shows, in characters. */
const shownLimit = 1_500;

export interface MendSubject extends Subject {
  readonly modulePath: string;
  readonly existing: string;
  /** Test files of the module that pass as it is. */
  readonly passing: readonly string[];
}

/**
 * Mends a function or class by what a request says is wrong with it, where no test of the project fails. What counts is a
 * call that gives something else than before, and what the request, the docstring, or the model's own test cases expect
 * of it; without such a call nothing is written.
 */
export async function mendCode(
  context: AgentContext,
  files: WorkspaceFiles,
  subject: MendSubject,
  target: Target,
): Promise<AgentResult> {
  const { language, request, modulePath, existing, passing } = subject;
  const steps = countSteps(context, 3);
  steps.next(`looking at ${target.name}`);
  const head = target.kind === 'function' ? headOf(existing, target.name) : null;
  const lines = [...findCorrected(request.wish, [target]), ...findExamples(head ?? '', [target])];
  const bench = new Workbench(context, {
    ...subject,
    request: { ...request, ...casesAbout(subject, target, head), examples: lines },
  });
  await bench.readExamples();
  bench.require(await newCases(context, subject, target));
  const known = bench.cases.map((each) => each.test);
  const before = await language.judge(existing, known);
  if (before.loadError !== null) {
    return failedByRules(
      'NO_USABLE_CODE',
      `${modulePath} cannot be loaded: ${before.loadError}.`,
      'Nothing was changed.',
    );
  }
  const faults = known.flatMap((each, index) => caseFault(each, before.results[index])?.said ?? []);
  const complaint: Complaint = {
    language,
    wish: request.wish,
    modulePath,
    source: existing,
    target,
    head,
    must: known.flatMap((each) => each.steps.map((step) => `${step.call} == ${step.expected}`)).slice(0, 8),
    seen: faults.slice(0, 2),
  };

  steps.next(`mending ${target.name}`);
  const found = await searchMended(context, bench, subject, complaint, (text) => steps.say(text));
  if (found === null) {
    const reason = `No version of ${target.name} was found that does something else than the one that is there and is surely right`;
    return failed(
      'NO_USABLE_CODE',
      `${reason}.`,
      'Nothing was changed.',
      `Say for one call what it should give, such as "${target.name}(…) should return …", or write a test that fails.`,
    );
  }
  const mended = leastChanged(
    existing,
    found.versions.map((each) => withHeadOf(existing, each, target)),
  );
  await files.write(modulePath, language.finish(mended, modulePath, [target.name]));
  const broken = await language.checkSyntax(modulePath);
  if (broken !== null) {
    await files.write(modulePath, existing);
    return failed('NO_USABLE_CODE', `The new ${modulePath} does not parse: ${broken}`, 'Nothing was changed.');
  }
  if (passing.length > 0) {
    steps.next('running the tests');
    const run = await language.runTests(passing);
    if (run.failed > 0 || run.ran === 0) {
      await files.write(modulePath, existing);
      const message = `${run.failed} of ${run.ran} tests that passed before fail with the new ${target.name}.`;
      return failed('TESTS_FAILED', message, 'Nothing was changed.');
    }
  }
  const tests = request.wantsTests ? await addTests(files, subject, target, found.kept) : [];
  const told = found.shown.slice(0, 2);
  const others = found.kept.length - told.length;
  const more =
    others > 0 ? `; ${others} more trial ${others === 1 ? 'call gives' : 'calls give'} what was expected` : '';
  return finished(
    `${modulePath} was mended: ${told.join(', and ')}${more}.`,
    checksFor([modulePath, ...tests], [...new Set([...passing, ...tests])]),
  );
}

/** Keeps what was tried as tests, beside those that are there. */
async function addTests(
  files: WorkspaceFiles,
  subject: MendSubject,
  target: Target,
  kept: readonly WeighedCase[],
): Promise<string[]> {
  const { request, language, modulePath, passing } = subject;
  const testPath = request.testPath ?? passing[0] ?? language.defaultTestPath(modulePath);
  await writeTestFile(files, subject, { modulePath, testPath, names: [target.name], kept: pickCases(kept, [target]) });
  return [testPath];
}

/** The request retold as cases, as far as they do not hold yet: what holds already is not what it complains of. */
async function newCases(
  context: AgentContext,
  { language, request, existing }: MendSubject,
  target: Target,
): Promise<TestCase[]> {
  const block = blocksOf(existing).find((each) => each.name === target.name);
  const answers = await retoldCases(context, language, target, block?.text ?? existing, request.wish);
  const cases = answers.flat();
  const { results } = await language.judge(existing, cases);
  const faults = new Map(cases.map((each, index) => [each, caseFault(each, results[index])]));
  return believedCases(answers, (each) => {
    const fault = faults.get(each) ?? null;
    return fault === null || isForeign(fault.said);
  });
}

/** What test cases are asked for by: without a docstring, only the code itself tells what the function takes. */
function casesAbout({ request, existing, language }: MendSubject, target: Target, head: string | null) {
  const isDescribed = head?.includes('\n') === true;
  const shown = (isDescribed ? head : outlineFor(existing, target.name, shownLimit)).trimEnd();
  const wish = `\`\`\`${language.fence}\n${shown}\n\`\`\`\n\n${request.wish}`;
  return { targets: [target], skeleton: shown, wish, wantsTests: false, kind: 'write' as const };
}
