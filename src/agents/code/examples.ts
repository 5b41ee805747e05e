import type { Target } from './targets.js';

const saysEqual =
  /^\s*`?\s*(?:==|=>|->|→|➞|=|should\s+(?:be|return|equal|give)|must\s+(?:be|return|equal)|returns?|gives?|is|evaluates to|ergibt|liefert)\s*:?\s*`?/i;

/**
 * Examples that a request shows, as lines `assert f(1) == 2`: doctests (`>>> f(1)` with the result below) and prose or
 * comments (`f(1) returns 2`, `f(1) ➞ 2`). Whether a line is valid is for the language to say.
 */
export function findExamples(text: string, targets: readonly Target[]): string[] {
  const found: string[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    const doctest = /^\s*>>>\s*(.+?)\s*$/.exec(line);
    const answer = lines[index + 1]?.trim() ?? '';
    if (doctest?.[1] !== undefined && answer !== '' && !answer.startsWith('>>>') && !/^("""|''')/.test(answer)) {
      found.push(`assert ${doctest[1]} == ${answer}`);
    }
  }
  for (const { name } of targets) {
    for (const start of text.matchAll(new RegExp(`(?<![\\w.])${name}\\(`, 'g'))) {
      const call = balanced(text, start.index + name.length);
      if (call === null) continue;
      const rest = text.slice(start.index + name.length + call.length);
      const link = saysEqual.exec(rest);
      const value = link === null ? null : readLiteral(rest.slice(link[0].length));
      if (value !== null) found.push(`assert ${name}${call} == ${value}`);
    }
  }
  return [...new Set(found)];
}

/** The bracketed text that starts at `from`, brackets included; null when it never ends. */
export function balanced(text: string, from: number): string | null {
  let depth = 0;
  let quote: string | null = null;
  for (let index = from; index < text.length && index < from + 2_000; index += 1) {
    const character = text.charAt(index);
    if (quote !== null) {
      if (character === '\\') index += 1;
      else if (character === quote) quote = null;
    } else if (character === '"' || character === "'" || character === '`') quote = character;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) {
      depth -= 1;
      if (depth === 0) return text.slice(from, index + 1);
    }
  }
  return null;
}

/** The literal that a text begins with. */
function readLiteral(text: string): string | null {
  const plain = /^(?:True|False|None|true|false|null|-?\d+(?:\.\d+)?(?:e-?\d+)?)(?![\w.]*\w)/.exec(text);
  if (plain !== null) return plain[0];
  const quoted = /^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/.exec(text);
  if (quoted !== null) return quoted[0];
  return '[({'.includes(text.charAt(0)) && text !== '' ? balanced(text, 0) : null;
}
