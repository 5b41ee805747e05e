import type { WeighedCase } from './choice.js';
import type { Target } from './request.js';
import { isAbout } from './trust.js';

/** Tests that are written for one function or class. */
const testsPerTarget = 8;

/** The cases for the test file: the request's own first, then a mix of results, the often proposed before the rare. */
export function pickCases(kept: readonly WeighedCase[], targets: readonly Target[]): WeighedCase[] {
  const chosen = new Set<WeighedCase>();
  for (const target of targets) {
    const mine = kept.filter((each) => isAbout(each, target)).sort(byWorth);
    const seen = new Map<string, number>();
    // A case counts as rarer the more cases with its result came before, so that not all tests expect the same.
    const ranked = mine.map((each) => {
      const result = each.test.steps.at(-1)?.expected ?? '';
      const earlier = seen.get(result) ?? 0;
      seen.set(result, earlier + 1);
      return { each, earlier };
    });
    ranked.sort((a, b) => Number(b.each.required) - Number(a.each.required) || a.earlier - b.earlier);
    for (const { each } of ranked.slice(0, testsPerTarget)) chosen.add(each);
  }
  return kept.filter((each) => chosen.has(each));
}

function byWorth(a: WeighedCase, b: WeighedCase): number {
  return Number(b.required) - Number(a.required) || b.votes - a.votes;
}
