import type { AgentContext } from '../../agent.js';
import type { StepCounter } from '../../step-counter.js';
import type { Language } from '../language.js';
import type { CodeRequest } from '../request.js';
import { doubtsAbout, isSettled } from '../trust.js';
import { Workbench } from '../workbench.js';
import type { OutlinedFunction, ProgramOutline } from './outline.js';
import { shapeText } from './outline-text.js';
import { templateFor } from './templates.js';

/** Answers that are asked for before a function is given up, or written by its template where there is one. */
const draftLimit = 6;
const templatedDraftLimit = 2;
/** Examples in a prompt; all of them have to hold. More of them cost time and do not make the answers better. */
const shownExamples = 2;
/** Rounds in which code and test cases are to agree where the outline has no examples. */
const roundLimit = 3;

export interface WorkedOut {
  /** The function with what it imports; null when the model did not get it right. */
  readonly code: string | null;
  /** Why not, or what is not quite sure; null when nothing is to be said. */
  readonly problem: string | null;
  readonly by: 'model' | 'template';
}

/** The request for one function of the outline: all that the model needs to know for it, and no more. */
export function requestFor(outline: ProgramOutline, each: OutlinedFunction): CodeRequest {
  const signature = `${each.name}(${each.params.join(', ')})`;
  const about = outline.records === null ? `It is part of this program: ${outline.about}` : shapeText(outline.records);
  const examples = each.examples.slice(0, shownExamples);
  const shown = examples.length === 0 ? '' : `\nExamples:\n${examples.join('\n')}`;
  return {
    kind: 'write',
    language: 'python',
    wish: `${about}\n\nThe function ${signature} ${each.does}. It works on its arguments alone: it reads no file and prints nothing.${shown}`,
    targets: [{ kind: 'function', name: each.name, params: each.params }],
    modulePath: null,
    testPath: null,
    wantsTests: true,
    program: false,
    skeleton: null,
    examples: each.examples.map(assertionOf),
  };
}

/** An example of an outline as a line that a test file could hold. */
export function assertionOf(example: string): string {
  const error = /^(.*\)) raises (\w+)$/.exec(example);
  return error === null ? `assert ${example}` : `with self.assertRaises(${error[2]}): ${error[1]}`;
}

/**
 * Has the model write one function until it meets every example of the outline; where there is none, until drafts and test
 * cases of its own agree.
 */
export async function workOut(
  context: AgentContext,
  language: Language,
  outline: ProgramOutline,
  each: OutlinedFunction,
  findings: readonly string[],
  steps: StepCounter,
): Promise<WorkedOut> {
  const template = outline.records === null ? null : templateFor(each, outline.records);
  const own = await askModel(context, language, outline, each, findings, steps, template !== null);
  if (own.code !== null || template === null) return { ...own, by: 'model' };
  context.log('info', `${each.name} was not right in ${templatedDraftLimit} tries (${own.problem ?? 'no answer'})`);
  const lines = each.examples.map(assertionOf);
  const { cases } = await language.read('', { functions: [each.name], classes: [], lines });
  const judged = await language.judge(template, cases);
  const holds =
    judged.loadError === null && cases.every((_, index) => judged.results[index]?.every((one) => one === null));
  return holds ? { code: template, problem: null, by: 'template' } : { ...own, by: 'model' };
}

async function askModel(
  context: AgentContext,
  language: Language,
  outline: ProgramOutline,
  each: OutlinedFunction,
  findings: readonly string[],
  steps: StepCounter,
  hasTemplate: boolean,
): Promise<Omit<WorkedOut, 'by'>> {
  const limit = hasTemplate ? templatedDraftLimit : draftLimit;
  const request = requestFor(outline, each);
  const bench = new Workbench(context, { request, language, modulePath: null, existing: null, findings });
  await bench.draft(0);
  await bench.readExamples();
  const exact = each.examples.length > 0;
  for (let tries = 1; tries < limit && bench.draftCount === 0; tries += 1) {
    steps.say(`asking again for ${each.name}: ${bench.lastProblem ?? 'no usable answer'}`);
    await bench.repair(null, [bench.lastProblem ?? 'no usable answer'], 0.2 * tries);
  }
  if (bench.draftCount === 0) return { code: null, problem: bench.lastProblem ?? 'the model gave no usable answer' };
  if (!exact) await bench.proposeCases(0, 0.1);
  let choice = await bench.choose();
  for (let round = 1; round < (exact ? limit : roundLimit); round += 1) {
    const settled =
      choice !== null && (exact ? doubtsOf(bench) === null : isSettled(choice, bench.targets, true, round - 1));
    if (settled) break;
    const faults =
      choice?.failing.filter((one) => one.required || one.votes > 1).map((one) => one.fault) ?? bench.loadErrors();
    steps.say(`trying ${each.name} once more`);
    // A repair sees its mistake, a fresh draft does not share it: in turns.
    if (round % 2 === 1 && faults.length > 0)
      await bench.repair(choice?.winner ?? null, faults.slice(0, 2), 0.1 * round);
    else await bench.draft(0.2 + 0.15 * round);
    if (!exact) await bench.proposeCases(round, 0.2 * round);
    choice = await bench.choose();
  }
  if (choice === null) return { code: null, problem: `it cannot be loaded: ${bench.loadErrors().join('; ')}` };
  const required = choice.failing.find((one) => one.required);
  if (required !== undefined) return { code: null, problem: required.fault };
  const doubt = exact ? null : doubtsAbout(choice, bench.targets, true);
  return { code: bench.fileOf(choice.winner), problem: doubt };

  function doubtsOf(of: Workbench): string | null {
    return choice === null ? 'nothing loads' : doubtsAbout(choice, of.targets, false);
  }
}
