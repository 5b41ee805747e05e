import { findDoctests } from './example-doctests.js';
import { findDescribed } from './example-prose.js';
import { balanced, readValue } from './example-text.js';
import type { Target } from './targets.js';

const arrow = '(?:={1,3}>|-{1,3}>|~>|==+|=|→|➞|⇒|↦)';
const verbs =
  '(?:(?:should|must|will|would)\\s+(?:be|return|equal|give|output|yield)|returns?|gives?|yields?|outputs?|produces?|equals?|is|evaluates\\s+to|results?\\s+in|ergibt|liefert)';
/** What may stand between a call and its result: an arrow, a verb, or the sign of a comment before either. */
const saysEqual = new RegExp(`^[ \\t]*\`?[ \\t]*(?:(?:#|//)[ \\t]*)?(?:${arrow}|${verbs})[ \\t]*:?[ \\t]*\`?`, 'i');
/** A comment that is nothing but the result: `f(3)  # 6`. */
const onlyComment = /^[ \t]*(?:#|\/\/)[ \t]*(?=[^\n]*$|[^\n]*\n)/;

/**
 * Examples that a request shows, as source that asserts them, e.g. `assert f(1) == 2`: doctests (`>>> f(1)` with the
 * result below), calls with their result (`f(1) returns 2`, `f(1) ➞ 2`, `f(1) # => 2`), and results of inputs that are
 * named apart (`Input: 1`, `Output: 2`). Whether a line is valid is for the language to say. Pure.
 */
export function findExamples(text: string, targets: readonly Target[]): string[] {
  const found = findDoctests(text);
  for (const { name } of targets) found.push(...findCalls(text, name));
  const [only, other] = targets;
  if (only?.kind === 'function' && other === undefined) found.push(...findDescribed(text, only));
  return [...new Set(found)];
}

function findCalls(text: string, name: string): string[] {
  const found: string[] = [];
  for (const start of text.matchAll(new RegExp(`(?<![\\w.])${name}\\(`, 'g'))) {
    const call = balanced(text, start.index + name.length);
    if (call === null || /(?:^|\n)[ \t]*(?:>>>|\.\.\.)[^\n]*$/.test(text.slice(0, start.index))) continue;
    const rest = text.slice(start.index + name.length + call.length);
    const link = saysEqual.exec(rest);
    const value = link === null ? valueOfComment(rest) : readValue(rest.slice(link[0].length));
    if (value !== null) found.push(`assert ${name}${call} == ${value}`);
  }
  return found;
}

function valueOfComment(rest: string): string | null {
  const sign = onlyComment.exec(rest);
  if (sign === null) return null;
  const line = rest.slice(sign[0].length).split('\n')[0]?.trim() ?? '';
  return readValue(line) === line ? line : null;
}
