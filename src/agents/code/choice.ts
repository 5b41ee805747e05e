import { caseFault, faultText } from './case-fault.js';
import type { CaseStep, Judgement, TestCase } from './language.js';

/** A test case with how often it was proposed, and by whom. */
export interface WeighedCase {
  readonly test: TestCase;
  /** In how many answers it occurred. */
  readonly votes: number;
  /** Drafts that came in the same answers: of those it is no independent opinion. */
  readonly companions: readonly number[];
  /** True for an example that the request itself shows: it has to hold. */
  readonly required: boolean;
}

export interface Choice {
  /** Index of the chosen candidate. */
  readonly winner: number;
  /** The cases that hold, as they go into the test file. */
  readonly kept: readonly WeighedCase[];
  /** Cases that the winner does not meet, most often proposed first. */
  readonly failing: readonly FailedCase[];
  /** Indices of the candidates that behave like the winner on every case, its own first. */
  readonly alike: readonly number[];
  /** How many those are. */
  readonly support: number;
  /** Kept cases that somebody else than the winner's own answer proposed, or for which another candidate vouches. */
  readonly independent: number;
}

interface FailedCase extends WeighedCase {
  /** What the winner did instead. */
  readonly fault: string;
  /** True when another candidate meets it. */
  readonly metByOther: boolean;
}

/**
 * Chooses by agreement, after CodeT (Chen et al. 2022): candidates that meet the same cases form a group, and a group
 * weighs the more, the more candidates and the more cases it has. Wrong code seldom agrees with wrong expectations, so
 * both sides check each other. A case from the same answer as a candidate is no vote for it: it shares its misreading of
 * the request. Candidates that miss a required case come after all that meet them. Pure.
 *
 * Returns null when no candidate could even be loaded.
 */
export function choose(cases: readonly WeighedCase[], judgements: readonly Judgement[]): Choice | null {
  const loaded = judgements.flatMap((judgement, index) => (judgement.loadError === null ? [index] : []));
  if (loaded.length === 0) return null;
  const passes = judgements.map((judgement) => cases.map((each, index) => holds(each.test, judgement.results[index])));
  const groups = new Map<string, number[]>();
  for (const index of loaded) {
    const key = (passes[index] ?? []).map(Number).join('');
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  const best = [...groups.values()]
    .map((members) => ({ members, ...weigh(cases, passes[members[0] ?? 0] ?? [], members) }))
    .sort((a, b) => b.required - a.required || b.weight - a.weight || (a.members[0] ?? 0) - (b.members[0] ?? 0))[0];
  const winner = best?.members[0];
  if (best === undefined || winner === undefined) return null;
  const judgement = judgements[winner];
  const kept: WeighedCase[] = [];
  const failing: FailedCase[] = [];
  for (const [index, each] of cases.entries()) {
    const results = judgement?.results[index];
    const part = passingPart(each.test, results);
    if (part !== null) kept.push({ ...each, test: part });
    if (!(passes[winner]?.[index] ?? false)) {
      const metByOther = loaded.some((other) => passes[other]?.[index] ?? false);
      failing.push({ ...each, fault: faultOf(each.test, results), metByOther });
    }
  }
  failing.sort((a, b) => Number(b.required) - Number(a.required) || b.votes - a.votes);
  const independent = kept.filter(
    (each) => each.required || best.members.some((member) => independentVotes(each, member) > 0),
  ).length;
  return { winner, kept, failing, alike: best.members, support: best.members.length, independent };
}

function weigh(cases: readonly WeighedCase[], passed: readonly boolean[], members: readonly number[]) {
  const met = cases.filter((_, index) => passed[index] ?? false);
  const votesFor = (member: number): number => met.reduce((sum, each) => sum + independentVotes(each, member), 0);
  return {
    required: met.filter((each) => each.required).length,
    // One member that the cases are independent of is enough: the others behave like it.
    weight: Math.sqrt(members.length) * Math.max(...members.map(votesFor)),
  };
}

/** In how many answers that did not hold the candidate itself the case occurred. */
export function independentVotes(each: WeighedCase, candidate: number): number {
  return each.votes - each.companions.filter((companion) => companion === candidate).length;
}

/** Whether every check of a case passed. */
function holds(test: TestCase, results: Judgement['results'][number] | undefined): boolean {
  return caseFault(test, results) === null;
}

/** The case with its failing checks taken out; null when nothing is left that checks. */
function passingPart(test: TestCase, results: Judgement['results'][number] | undefined): TestCase | null {
  const steps: CaseStep[] = [];
  for (const [index, step] of test.steps.entries()) {
    const result = results?.[index];
    if (result === null) steps.push(step);
    else if (result === undefined || step.check === null) break;
    else if (step.run !== '') steps.push({ ...step, check: null });
  }
  while (steps.length > 0 && steps.at(-1)?.check === null) steps.pop();
  return steps.length === 0 ? null : { ...test, steps };
}

function faultOf(test: TestCase, results: Judgement['results'][number] | undefined): string {
  const fault = caseFault(test, results);
  if (fault === null) return 'it was not reached';
  return fault.step.check === null ? `${fault.step.run} failed: ${fault.said}` : faultText(fault);
}

/**
 * The same case asked for twice counts twice; a required one stays required. `companion` is the draft that came in the
 * same answer, null for none. Order of first appearance.
 */
export function gatherCases(
  before: readonly WeighedCase[],
  tests: readonly TestCase[],
  required: boolean,
  companion: number | null = null,
): WeighedCase[] {
  const companions = companion === null ? [] : [companion];
  const all = new Map(before.map((each) => [keyOf(each.test), each]));
  const inThisAnswer = new Set<string>();
  for (const test of tests) {
    const key = keyOf(test);
    if (inThisAnswer.has(key)) continue;
    inThisAnswer.add(key);
    const known = all.get(key);
    if (known === undefined) all.set(key, { test, votes: 1, required, companions });
    else {
      all.set(key, {
        ...known,
        votes: known.votes + 1,
        required: known.required || required,
        companions: [...known.companions, ...companions],
      });
    }
  }
  return [...all.values()];
}

function keyOf(test: TestCase): string {
  return JSON.stringify(test.steps.map((step) => step.check ?? step.run));
}
