import type { AgentContext } from '../agent.js';
import type { WeighedCase } from './choice.js';
import type { Language, TestCase } from './language.js';
import { faultOf, isForeign, isSure, keepsFields, valueIn } from './mend-choice.js';
import { anewPrompt, type Complaint, shownPrompt } from './mend-prompts.js';
import type { Target } from './targets.js';
import type { Workbench } from './workbench.js';

/** Turns of one more version each; test cases are asked for in every other one. */
const turnLimit = 8;
/** After which turn it is given up where no version meets any of the model's own cases. */
const hopelessTurn = 3;
/** After which turn small changes are tried: they cost no tokens, but a model's version reads better. */
const smallChangeTurn = 3;
/** Small changes that are compared, and calls that they are compared by. */
const repairLimit = 8;
const probeLimit = 40;
/** Of those, how many a small change must give something for. */
const leastTelling = 5;

export interface Mended {
  /** The file as each of the versions leaves it that do the same. */
  readonly versions: readonly string[];
  readonly kept: readonly WeighedCase[];
  /** What is other than before, for people. */
  readonly shown: readonly string[];
}

interface Place {
  readonly language: Language;
  readonly existing: string;
}

/**
 * Asks for versions in turn, with the code shown and from its head alone, until one is surely right; where the cases that
 * have to hold are known, the only small change that meets them serves too. Null when the bounds are reached. Writes nothing.
 */
export async function searchMended(
  context: AgentContext,
  bench: Workbench,
  place: Place,
  complaint: Complaint,
  say: (text: string) => void,
): Promise<Mended | null> {
  const required = bench.cases.filter((each) => each.required);
  const isMeasured = (await changesOf(place, required)).changed.length > 0;
  for (let turn = 0; turn < turnLimit; turn += 1) {
    if (turn > 0) say(`mending ${complaint.target.name}: version ${turn + 1}`);
    const anew = turn % 2 === 1 && complaint.head !== null;
    const prompt = anew ? anewPrompt(complaint) : shownPrompt(complaint);
    await bench.draftFrom(prompt, Math.min(0.9, Math.floor(turn / 2) * 0.3));
    if (turn % 2 === 0) continue;
    const found = await surelyRight(context, bench, place, complaint);
    if (found !== null) return found;
    if (isMeasured) {
      const small = turn === smallChangeTurn ? await onlySmallChange(place, complaint, required) : null;
      if (small !== null) return small;
      continue;
    }
    await bench.proposeCases((turn - 1) / 2, 0.1 + 0.1 * turn);
    const again = await surelyRight(context, bench, place, complaint);
    if (again !== null) return again;
    // Cases and versions have nothing in common: more of both would cost minutes and agree by chance.
    if (turn >= hopelessTurn && (await bench.choose())?.kept.length === 0) return null;
  }
  return null;
}

async function surelyRight(
  context: AgentContext,
  bench: Workbench,
  place: Place,
  { target, wish }: Complaint,
): Promise<Mended | null> {
  const choice = await bench.choose();
  if (choice === null) return null;
  const { kept, alike } = choice;
  const { changed, shown } = await changesOf(place, kept);
  const sure = isSure(choice, changed);
  const counts = `${bench.draftCount} versions, ${bench.cases.length} cases: ${kept.length} hold for ${alike.length} of them`;
  context.log('info', `${counts}, ${changed.length} did not before${sure ? '' : '; not enough'}`);
  if (!sure) return null;
  const versions: string[] = [];
  for (const version of alike.map((index) => bench.fileOf(index))) {
    if (!keepsFields(place.existing, version, target.name, wish)) continue;
    const isFit =
      target.kind !== 'function' || !crashes(shown) || (await compareRest(place, target, kept, version)).same;
    if (isFit) versions.push(version);
  }
  return versions.length > 0 ? { versions, kept, shown } : null;
}

/** Those of some cases that the code as it is does not meet, and what it gives instead. */
async function changesOf({ language, existing }: Place, cases: readonly WeighedCase[]) {
  const { results } = await language.judge(
    existing,
    cases.map((each) => each.test),
  );
  const changed: WeighedCase[] = [];
  const shown: string[] = [];
  for (const [index, each] of cases.entries()) {
    const fault = faultOf(each.test, results[index]);
    if (fault === null || isForeign(fault)) continue;
    changed.push(each);
    const step = each.test.steps.find((one) => one.check !== null);
    if (step !== undefined) shown.push(`${step.call} gives ${step.expected} (before: ${valueIn(fault)})`);
  }
  return { changed, shown };
}

/**
 * The file with one small change that meets all cases, where it is the only one that does: several that behave otherwise
 * elsewhere would be a guess, and so is one that no other call says anything about.
 */
async function onlySmallChange(
  place: Place,
  { target }: Complaint,
  required: readonly WeighedCase[],
): Promise<Mended | null> {
  if (target.kind !== 'function') return null;
  const { language, existing } = place;
  const cases: TestCase[] = required.map((each) => each.test);
  const found = await language.repairs([existing], target.name, cases, repairLimit);
  if (found.length === 0) return null;
  const { changed, shown } = await changesOf(place, required);
  // One call that no longer fails can be had in many ways.
  if (crashes(shown) && changed.length < 2) return null;
  const seen = new Set<string>();
  for (const each of found) {
    const rest = await compareRest(place, target, required, each);
    if (rest.telling < leastTelling || (crashes(shown) && !rest.same)) return null;
    seen.add(rest.observed);
  }
  return seen.size === 1 && changed.length > 0 ? { versions: found, kept: required, shown } : null;
}

/** Whether all that was wrong is that the code raised an error: then nothing else that it gives may change. */
function crashes(shown: readonly string[]): boolean {
  return shown.every((each) => /\(before: \w*(?:Error|Exception|took too long)/.test(each));
}

/** What a version gives for calls like the known ones, and whether it is the same wherever the code as it is gives anything. */
async function compareRest(
  { language, existing }: Place,
  target: Target,
  cases: readonly WeighedCase[],
  version: string,
): Promise<{ observed: string; telling: number; same: boolean }> {
  const calls = cases.flatMap(({ test }) => test.steps.map((step) => step.check ?? step.run));
  const probes = await language.probes(existing, target.name, calls, probeLimit);
  const before = await language.observe(existing, probes);
  const now = await language.observe(version, probes);
  const known = before.flatMap((value, index) => (value === null ? [] : [index]));
  return {
    observed: JSON.stringify(now),
    telling: now.filter((value) => value !== null).length,
    same: known.every((index) => now[index] === before[index]),
  };
}
