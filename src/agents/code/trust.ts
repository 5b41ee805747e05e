import type { Choice, WeighedCase } from './choice.js';
import type { Target } from './request.js';

/** Cases that a test file must hold at least. */
const leastCases = 2;
/** Below this share of agreeing cases, code and expectations contradict each other too much to be believed. */
const leastAgreement = 0.34;

/**
 * Whether it is worth stopping: two drafts behave alike, three cases hold, and every target has one. In the first rounds
 * nothing may speak against the choice but expectations that came up once and that nobody meets; later on a mistake that
 * the model repeats about one case has had its chance.
 */
export function isSettled(choice: Choice, targets: readonly Target[], wantsTests: boolean, round: number): boolean {
  const { kept, failing, support } = choice;
  if (doubtsAbout(choice, targets, wantsTests) !== null) return false;
  if (support < 2 || kept.length < 3 || agreement(choice) < 0.5) return false;
  return round >= 2 || !failing.some((each) => each.metByOther || each.votes > 1);
}

/** Why the choice is not to be believed, as one sentence; null when it is. */
export function doubtsAbout(choice: Choice, targets: readonly Target[], wantsTests: boolean): string | null {
  const broken = choice.failing.find((each) => each.required);
  if (broken !== undefined) return `an example of the request does not hold: ${broken.fault}.`;
  if (!wantsTests) return null;
  if (Math.min(choice.kept.length, choice.independent) < leastCases) {
    return 'too few test cases agree with the code to trust either.';
  }
  const missing = targets.find((target) => !choice.kept.some((each) => isAbout(each, target)));
  if (missing !== undefined) return `no test case for ${missing.name} agrees with the code.`;
  if (agreement(choice) < leastAgreement) return 'most test cases contradict the code, so neither can be trusted.';
  return null;
}

export function isAbout(each: WeighedCase, target: Target): boolean {
  const pattern = new RegExp(`\\b${target.name}\\b`);
  return each.test.steps.some((step) => pattern.test(`${step.check ?? ''} ${step.run}`));
}

/**
 * The result that all kept cases expect, when there is only one: such tests would pass for code that ignores its
 * arguments. Null when they differ.
 */
export function onlyResultOf(kept: readonly WeighedCase[]): string | null {
  const results = new Set(
    kept.flatMap((each) => each.test.steps.filter((step) => step.check !== null).map((step) => step.expected)),
  );
  const [only] = results;
  return results.size === 1 && only !== undefined ? only : null;
}

/** Share of the calls whose expectations hold; of several expectations for one call, one has to. */
export function agreement({ kept, failing }: Choice): number {
  const callsOf = (cases: readonly WeighedCase[]): string[] =>
    cases.map((each) => each.test.name ?? each.test.steps.map((step) => step.call).join(';'));
  const held = new Set(callsOf(kept));
  const missed = new Set(callsOf(failing).filter((call) => !held.has(call)));
  return held.size === 0 ? 0 : held.size / (held.size + missed.size);
}
