import type { AgentContext } from '../agent.js';
import { type CaseFault, caseFault } from './case-fault.js';
import type { WeighedCase } from './choice.js';
import type { Language } from './language.js';
import { isForeign, isSure, keepsFields, onlyCrashed, valueIn } from './mend-choice.js';
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
  const measured = await changesOf(place, required);
  const isMeasured = measured.changed.length > 0;
  for (let turn = 0; turn < turnLimit; turn += 1) {
    if (turn > 0) say(`mending ${complaint.target.name}: version ${turn + 1}`);
    const anew = turn % 2 === 1 && complaint.head !== null;
    const prompt = anew ? anewPrompt(complaint) : shownPrompt(complaint);
    await bench.draftFrom(prompt, Math.min(0.9, Math.floor(turn / 2) * 0.3));
    if (turn % 2 === 0) continue;
    const found = await surelyRight(context, bench, place, complaint);
    if (found !== null) return found;
    if (isMeasured) {
      const small = turn === smallChangeTurn ? await onlySmallChange(place, complaint, required, measured) : null;
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
  const changes = await changesOf(place, kept);
  const sure = isSure(choice, changes.changed);
  const counts = `${bench.draftCount} versions, ${bench.cases.length} cases: ${kept.length} hold for ${alike.length} of them`;
  context.log('info', `${counts}, ${changes.changed.length} did not before${sure ? '' : '; not enough'}`);
  if (!sure) return null;
  const reading = alike
    .map((index) => bench.fileOf(index))
    .filter((version) => keepsFields(place.existing, version, target.name, wish));
  const versions =
    target.kind === 'function' && onlyCrashed(changes.faults)
      ? await withTheRest(await restOf(place, target, kept), reading)
      : reading;
  return versions.length > 0 ? { versions, kept, shown: shownOf(changes) } : null;
}

async function withTheRest(rest: Rest, versions: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const version of versions) if ((await rest.of(version)).same) kept.push(version);
  return kept;
}

/** Those of some cases that the code as it is does not meet, with what it gives instead. */
interface Changes {
  readonly changed: readonly WeighedCase[];
  readonly faults: readonly CaseFault[];
}

async function changesOf({ language, existing }: Place, cases: readonly WeighedCase[]): Promise<Changes> {
  const { results } = await language.judge(
    existing,
    cases.map((each) => each.test),
  );
  const found = cases.flatMap((each, index) => {
    const fault = caseFault(each.test, results[index]);
    return fault === null || isForeign(fault.said) ? [] : [{ each, fault }];
  });
  return { changed: found.map(({ each }) => each), faults: found.map(({ fault }) => fault) };
}

function shownOf({ changed, faults }: Changes): string[] {
  return changed.flatMap(({ test }, index) => {
    const step = test.steps.find((one) => one.check !== null);
    const said = faults[index]?.said ?? '';
    return step === undefined ? [] : [`${step.call} gives ${step.expected} (before: ${valueIn(said)})`];
  });
}

/**
 * The file with one small change that meets all cases, where it is the only one that does: several that behave otherwise
 * elsewhere would be a guess, and so is one that no other call says anything about.
 */
async function onlySmallChange(
  place: Place,
  { target }: Complaint,
  required: readonly WeighedCase[],
  changes: Changes,
): Promise<Mended | null> {
  if (target.kind !== 'function') return null;
  const crashed = onlyCrashed(changes.faults);
  // One call that no longer fails can be had in many ways.
  if (crashed && changes.changed.length < 2) return null;
  const cases = required.map((each) => each.test);
  const found = await place.language.repairs([place.existing], target.name, cases, repairLimit);
  if (found.length === 0) return null;
  const rest = await restOf(place, target, required);
  const seen = new Set<string>();
  for (const each of found) {
    const { observed, telling, same } = await rest.of(each);
    if (telling < leastTelling || (crashed && !same)) return null;
    seen.add(observed);
  }
  return seen.size === 1 ? { versions: found, kept: required, shown: shownOf(changes) } : null;
}

interface Rest {
  /** What a version gives, for how many calls anything, and whether it is the same wherever the code as it is gives anything. */
  of(version: string): Promise<{ observed: string; telling: number; same: boolean }>;
}

/** What else a function gives: for calls like the known ones. */
async function restOf({ language, existing }: Place, target: Target, cases: readonly WeighedCase[]): Promise<Rest> {
  const calls = cases.flatMap(({ test }) => test.steps.map((step) => step.check ?? step.run));
  const probes = await language.probes(existing, target.name, calls, probeLimit);
  const before = await language.observe(existing, probes);
  return {
    async of(version) {
      const now = await language.observe(version, probes);
      return {
        observed: JSON.stringify(now),
        telling: now.filter((value) => value !== null).length,
        same: before.every((value, index) => value === null || now[index] === value),
      };
    },
  };
}
