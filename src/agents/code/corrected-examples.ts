import { balanced, readValue } from './example-text.js';
import type { Target } from './targets.js';

/** From what a call does now to what it should do: "… returns True but it should return False", "… instead of 3". */
const shouldBe =
  /^(?:(?!\bshould\b|\bmust\b)[^()\n]){0,90}?\b(?:should|must|ought to|has to|needs to)\s+(?:rather\s+|instead\s+|also\s+)?(?:be|return|give|equal|yield|output|produce)\s+`?/i;
const insteadOf = /^[^()\n]{0,60}?\b(?:instead of|rather than|expected:?|anstatt|statt)\s+`?/i;

/**
 * Examples in a complaint about code, as source that asserts what should be: `is_leap(1900) returns True but should return
 * False`. What a call gives now says what is wrong, and asserts nothing. Pure.
 */
export function findCorrected(text: string, targets: readonly Target[]): string[] {
  const found: string[] = [];
  for (const { name, params } of targets) {
    for (const start of text.matchAll(new RegExp(`(?<![\\w.])${name}\\(`, 'g'))) {
      const call = balanced(text, start.index + name.length);
      // "average() fails" names the function; it is no call of it.
      if (call === null || (call === '()' && (params?.length ?? 0) > 0)) continue;
      const rest = text.slice(start.index + name.length + call.length);
      const link = shouldBe.exec(rest) ?? insteadOf.exec(rest);
      const value = link === null ? null : readValue(rest.slice(link[0].length));
      if (value !== null) found.push(`assert ${name}${call} == ${value}`);
    }
  }
  return [...new Set(found)];
}
