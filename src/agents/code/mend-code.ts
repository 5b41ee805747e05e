import type { AgentContext, AgentResult } from '../agent.js';
import { countSteps } from '../step-counter.js';
import type { Choice, WeighedCase } from './choice.js';
import { findCorrected } from './corrected-examples.js';
import { findExamples } from './examples.js';
import { faultOf, isForeign, isSure, leastChanged, valueIn, withHeadOf } from './mend-choice.js';
import { anewPrompt, type Complaint, shownPrompt } from './mend-prompts.js';
import { checksFor, failed, failedByRules, finished } from './outcome.js';
import { pickCases } from './pick-cases.js';
import { headOf, outlineFor } from './source-outline.js';
import type { Target } from './targets.js';
import { type Subject, Workbench } from './workbench.js';
import type { WorkspaceFiles } from './workspace-files.js';
import { writeTestFile } from './write-test-file.js';

/** Turns of one more version each; test cases are asked for in every other one. */
const turnLimit = 8;
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
  const known = bench.cases.map((each) => each.test);
  const before = await language.judge(existing, known);
  if (before.loadError !== null) {
    return failedByRules(
      'NO_USABLE_CODE',
      `${modulePath} cannot be loaded: ${before.loadError}.`,
      'Nothing was changed.',
    );
  }
  const faults = known.flatMap((each, index) => faultOf(each, before.results[index]) ?? []);
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
  const found = await search(context, bench, subject, complaint, (text) => steps.say(text));
  if (found === null) {
    const reason = `No version of ${target.name} was found that does something else than the one that is there and is surely right`;
    return failed(
      'NO_USABLE_CODE',
      `${reason}.`,
      'Nothing was changed.',
      `Say for one call what it should give, such as "${target.name}(…) should return …", or write a test that fails.`,
    );
  }
  const versions = found.choice.alike.map((index) => withHeadOf(existing, bench.fileOf(index), target));
  const mended = leastChanged(existing, versions);
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
  const tests = request.wantsTests ? await addTests(files, subject, target, found.choice.kept) : [];
  const told = found.shown.slice(0, 2);
  const others = found.choice.kept.length - told.length;
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

/** What test cases are asked for by: without a docstring, only the code itself tells what the function takes. */
function casesAbout({ request, existing, language }: MendSubject, target: Target, head: string | null) {
  const isDescribed = head?.includes('\n') === true;
  const shown = (isDescribed ? head : outlineFor(existing, target.name, shownLimit)).trimEnd();
  const wish = `\`\`\`${language.fence}\n${shown}\n\`\`\`\n\n${request.wish}`;
  return { targets: [target], skeleton: shown, wish, wantsTests: false, kind: 'write' as const };
}

interface Found {
  readonly choice: Choice;
  /** What is other than before, for people. */
  readonly shown: readonly string[];
}

async function search(
  context: AgentContext,
  bench: Workbench,
  { language, existing }: MendSubject,
  complaint: Complaint,
  say: (text: string) => void,
): Promise<Found | null> {
  for (let turn = 0; turn < turnLimit; turn += 1) {
    if (turn > 0) say(`mending ${complaint.target.name}: version ${turn + 1}`);
    const anew = turn % 2 === 1 && complaint.head !== null;
    await bench.draftFrom(
      anew ? anewPrompt(complaint) : shownPrompt(complaint),
      Math.min(0.9, Math.floor(turn / 2) * 0.3),
    );
    if (turn % 2 === 0) continue;
    const choice = await bench.choose();
    const found = await judged(choice, bench);
    if (found !== null) return found;
    await bench.proposeCases((turn - 1) / 2, 0.1 + 0.1 * turn);
    const again = await judged(await bench.choose(), bench);
    if (again !== null) return again;
  }
  return null;

  async function judged(choice: Choice | null, of: Workbench): Promise<Found | null> {
    if (choice === null) return null;
    const before = await language.judge(
      existing,
      choice.kept.map((each) => each.test),
    );
    const changed = choice.kept.filter((each, index) => {
      const fault = faultOf(each.test, before.results[index]);
      return fault !== null && !isForeign(fault);
    });
    const sure = isSure(choice, changed);
    context.log(
      'info',
      `${of.draftCount} versions, ${of.cases.length} cases: ${choice.kept.length} hold for ${choice.support}, of which ${changed.length} did not before${sure ? '' : '; not enough'}`,
    );
    if (!sure) return null;
    const shown = changed.flatMap((each) => {
      const step = each.test.steps.find((one) => one.check !== null);
      const said = faultOf(each.test, before.results[choice.kept.indexOf(each)]);
      return step === undefined || said === null
        ? []
        : [`${step.call} gives ${step.expected} (before: ${valueIn(said)})`];
    });
    return { choice, shown };
  }
}
