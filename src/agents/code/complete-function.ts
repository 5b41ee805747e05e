import type { AgentContext, AgentResult } from '../agent.js';
import { countSteps } from '../step-counter.js';
import { mostAgreed, outvotes } from './agreement.js';
import { type Candidate, Candidates, type Question } from './candidates.js';
import { barePrompt, continuePrompt, mendPrompt, remarkPrompt, retoldPrompt, wholeTokens } from './complete-prompts.js';
import { nameForFile } from './file-choice.js';
import { checksFor, failed, finished } from './outcome.js';
import { requiredCases } from './required-cases.js';
import type { Target } from './targets.js';
import type { Subject } from './workbench.js';
import type { WorkspaceFiles } from './workspace-files.js';

/** Longest answer that is a body alone, in tokens. */
const bodyTokens = 300;
/** Tokens after which nothing more is asked: about a minute of a 0.5B on one core. */
const tokenBudget = 1_200;
const questionLimit = 16;
/** Versions that meet all examples and are enough to compare. */
const enoughMeeting = 3;
/** From this many on, examples are believed whatever the versions say. */
const manyExamples = 3;
/** Before which questions small changes are tried on the versions that are there: they cost seconds and no tokens. */
const repairTurns: readonly number[] = [4, 9, 14];
/** Versions that are asked for while the first one has nothing against it, but none that does the same. */
const challengers = 5;

/**
 * Completes a function whose head is given. The first version is what the model says to the bare request; it stays
 * unless an example of the request, or several other versions that all agree, speak against it. Others are drawn in several
 * ways of asking, each run against the examples, until enough of them meet all.
 */
export async function completeFunction(
  context: AgentContext,
  files: WorkspaceFiles,
  subject: Subject,
  target: Target,
  skeleton: string,
): Promise<AgentResult> {
  const { language } = subject;
  const steps = countSteps(context, 3);
  const examples = await requiredCases(subject, target, skeleton);
  const candidates = new Candidates(context, subject, target, skeleton, examples);
  steps.next('writing the function');
  const chosen = await gather(context, candidates, subject, skeleton, (message) => steps.say(message));
  if (chosen === null) {
    const reason = candidates.lastProblem ?? 'it gave none';
    return failed('NO_USABLE_CODE', `The model gave no usable code: ${reason}.`, 'Nothing was written.');
  }
  const modulePath = subject.modulePath ?? language.defaultModulePath(nameForFile([target]));
  steps.next(`writing ${modulePath}`);
  await files.write(modulePath, language.finish(chosen.whole, modulePath, [target.name]));
  const broken = await language.checkSyntax(modulePath);
  if (broken !== null) {
    return failed('NO_USABLE_CODE', `${modulePath} does not parse: ${broken}`, `${modulePath} was written.`);
  }
  const [fault] = chosen.faults;
  if (fault !== undefined) {
    const doubt = `an example of the request does not hold: ${fault}.`;
    return failed('NO_USABLE_CODE', doubt, `${modulePath} was written, but ${doubt}`);
  }
  const tried = examples.length === 0 ? 'it loads' : held(examples.length);
  const support = await candidates.supportOf(chosen, candidates.all);
  const others = support === 1 ? 'another version does' : `${support} other versions do`;
  const alike = support === 0 ? '' : `, and ${others} the same on other calls`;
  const unseen = examples.length === 0 && support === 0 ? ', but nothing else about it was checked' : '';
  return finished(`${modulePath} has ${target.name}; ${tried}${alike}${unseen}.`, checksFor([modulePath], []));
}

/** Asks until the choice is settled or the bounds are reached; null when no answer was of use. */
async function gather(
  context: AgentContext,
  candidates: Candidates,
  subject: Subject,
  skeleton: string,
  say: (message: string) => void,
): Promise<Candidate | null> {
  const before = context.model.usage().outputTokens;
  const first = await candidates.ask({
    messages: barePrompt(skeleton, subject.language),
    temperature: 0,
    maxTokens: wholeTokens,
    first: true,
  });
  const comparing = first !== null && first.faults.length === 0;
  for (let count = 1; count <= questionLimit; count += 1) {
    if (context.model.usage().outputTokens - before > tokenBudget) break;
    if (comparing ? await isConfirmed(candidates, first, count - 1) : await isMet(candidates)) break;
    if (!comparing && repairTurns.includes(count)) {
      if (first !== null && (await isContradicted(candidates, first))) break;
      if (isWorthRepair(candidates) && (await candidates.repair()) > 0) break;
    }
    say(comparing ? 'comparing versions' : 'looking for a version that meets the examples');
    await candidates.ask(nextQuestion(context, candidates, subject, skeleton, count));
  }
  return choose(candidates);
}

/** Whether a first version that meets all examples has another that does the same, or had its chance to get one. */
async function isConfirmed(candidates: Candidates, first: Candidate, asked: number): Promise<boolean> {
  const [seen] = await candidates.observe([first]);
  // Nothing to compare: it gives nothing that can be seen, or no call could be made up.
  if (seen === undefined || seen.every((each) => each === null)) return true;
  if (asked === 0) return false;
  const meeting = candidates.all.filter((each) => each.faults.length === 0);
  return asked >= challengers || (await candidates.supportOf(first, meeting)) > 0;
}

/** Whether enough versions meet all examples: two that do the same, or some to choose from. */
async function isMet(candidates: Candidates): Promise<boolean> {
  const meeting = candidates.all.filter((each) => each.faults.length === 0);
  const [one, second] = meeting;
  if (one === undefined || second === undefined) return false;
  return meeting.length >= enoughMeeting || (await candidates.supportOf(one, meeting)) > 0;
}

/**
 * Whether the example that does not hold is more doubtful than the code: there are only one or two, one holds, and of
 * four versions three do the same. Such an example is mistaken more often than all of them are.
 */
async function isContradicted(candidates: Candidates, first: Candidate): Promise<boolean> {
  if (candidates.examples.length >= manyExamples || first.met === 0) return false;
  return (await candidates.supportOf(first, candidates.all)) >= 2;
}

/**
 * The ways of asking in turn, at rising temperature: the body alone, which is cheap; and, once the examples speak against
 * the versions so far, the body with remarks, another version beside the wrong one, and the request in other words.
 */
function nextQuestion(
  context: AgentContext,
  candidates: Candidates,
  subject: Subject,
  skeleton: string,
  count: number,
): Question {
  const { language } = subject;
  const { target } = candidates;
  // Cooler, a small model repeats one mistake ten times; hotter, it makes more kinds of mistakes than right answers.
  const temperature = count === 1 ? 0.6 : count < 9 ? 0.8 : 1;
  const base = { seed: seedOf(context, count), maxTokens: bodyTokens, temperature };
  const begun = `${skeleton.trim()}\n`;
  const best = bestByExamples(candidates.all);
  const way = best === undefined || best.faults.length > 0 ? count % 4 : 1;
  if (way === 3 && best !== undefined) {
    const faults = best.faults.slice(0, 2);
    return { ...base, messages: mendPrompt(skeleton, language, best.own, faults), continues: begun, faults };
  }
  if (way === 2 && language.id === 'python') {
    return { ...base, messages: remarkPrompt(skeleton, language, '#'), continues: `${begun}    #` };
  }
  if (way === 0) {
    const shown = candidates.examples.flatMap((each) => each.steps.map((step) => `${step.call} == ${step.expected}`));
    const messages = retoldPrompt(skeleton, language, target, shown.slice(0, 6));
    return { ...base, messages, continues: begun };
  }
  return { ...base, messages: continuePrompt(skeleton, language), continues: begun };
}

/** A change that meets a single example meets it by chance, and a whole version that meets all is better than a change. */
function isWorthRepair({ all, examples }: Candidates): boolean {
  return examples.length > 1 && all.every((each) => each.faults.length > 0);
}

/** The version to keep: of those that meet the most examples, by agreement; the first one wins what is not clear. */
async function choose(candidates: Candidates): Promise<Candidate | null> {
  const { all } = candidates;
  const most = Math.max(0, ...all.map((each) => each.met));
  const equals = all.filter((each) => each.met === most);
  const first = equals.findIndex((each) => each.first);
  // A version that misses an example is still a witness of what the function does elsewhere.
  const compared = first === -1 ? all : equals;
  const observed = await candidates.observe(compared);
  const best = mostAgreed(
    observed,
    equals.map((each) => compared.indexOf(each)),
  );
  const index = first === -1 || outvotes(best, first, observed) ? best : first;
  return compared[index] ?? null;
}

function bestByExamples(all: readonly Candidate[]): Candidate | undefined {
  return [...all].sort((a, b) => b.met - a.met)[0];
}

function held(count: number): string {
  return count === 1 ? 'the example of the request holds' : `the ${count} examples of the request hold`;
}

/** Another attempt at the same task must not get the same answers. */
function seedOf(context: AgentContext, count: number): number {
  return context.order.attempt * 100 + count;
}
