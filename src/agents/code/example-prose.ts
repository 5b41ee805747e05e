import { readLiteral, readValue, splitValues } from './example-text.js';
import type { Target } from './targets.js';

/** What leads from named inputs to the result, in the same sentence. */
const leads =
  /^[^\n]{0,60}?(?:(?:should|must|will|would)\s+(?:be|return|equal|give|output)|(?:result|output|answer)\s+(?:is|=|:)|returns?|output:|result:|={1,2}>|-{1,2}>|➞|→)\s*:?\s*/i;

/** `Input:` with values behind it or on the few lines below, then `Output:` with one. */
const inputAndOutput =
  /^[ \t]*(?:[-*>]\s*)?(?:sample\s+)?input[ \t]*\d*[ \t]*:((?:(?!output|input)[\s\S]){1,400}?)\n\s*(?:[-*>]\s*)?(?:sample\s+)?(?:expected\s+)?output[ \t]*\d*[ \t]*:[ \t]*([^\n]+)/gim;

/**
 * Examples that name the inputs of a function and its result without calling it: `Input: [1, 2]` with `Output: 3` below,
 * and `For n = 3 the output should be 6`. Nothing that leaves a parameter open counts. Pure.
 */
export function findDescribed(text: string, target: Target): string[] {
  const params = target.params ?? [];
  return params.length === 0 ? [] : [...findPairs(text, target.name, params), ...findNamed(text, target.name, params)];
}

function findPairs(text: string, name: string, params: readonly string[]): string[] {
  const found: string[] = [];
  for (const [, input = '', output = ''] of text.matchAll(inputAndOutput)) {
    const values = input
      .trim()
      .split('\n')
      .flatMap((line) => splitValues(line.trim().replace(/,$/, '')))
      .map((part) => part.replace(/^[A-Za-z_]\w*\s*[=:]\s*/, ''));
    const value = readValue(output.trim());
    const literal = values.every((each) => readLiteral(each) === each);
    if (value !== null && literal && values.length === params.length) {
      found.push(`assert ${name}(${values.join(', ')}) == ${value}`);
    }
  }
  return found;
}

function findNamed(text: string, name: string, params: readonly string[]): string[] {
  const found: string[] = [];
  const [first = '', ...others] = params;
  for (const start of text.matchAll(
    new RegExp(`\\b(?:for|if|when|with|given)\\s+\`?${first}\`?\\s*={1,2}\\s*`, 'gi'),
  )) {
    let rest = text.slice(start.index + start[0].length);
    const values: string[] = [];
    for (let index = 0; ; index += 1) {
      const value = readLiteral(rest);
      if (value === null) break;
      values.push(value);
      rest = rest.slice(value.length);
      const next = others[index];
      if (next === undefined) break;
      const link = new RegExp(`^\\s*(?:,|and|, and)\\s*\`?${next}\`?\\s*={1,2}\\s*`, 'i').exec(rest);
      if (link === null) break;
      rest = rest.slice(link[0].length);
    }
    const link = leads.exec(rest);
    const result = values.length === params.length && link !== null ? readValue(rest.slice(link[0].length)) : null;
    if (result !== null) found.push(`assert ${name}(${values.join(', ')}) == ${result}`);
  }
  return found;
}
