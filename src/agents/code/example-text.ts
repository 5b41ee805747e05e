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

/** The literal that a text begins with; null when it begins with something else. */
export function readLiteral(text: string): string | null {
  const plain = /^(?:True|False|None|true|false|null|-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)(?![\w.]*\w)/i.exec(text);
  if (plain !== null) return plain[0].replace(/\.$/, '');
  const quoted = /^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/.exec(text);
  if (quoted !== null) return quoted[0];
  return '[({'.includes(text.charAt(0)) && text !== '' ? balanced(text, 0) : null;
}

/**
 * The result that a text begins with. A calculation that is spelled out (`19 - 5 - 6 = 8`) has it at its end; one
 * without an end has none that is sure.
 */
export function readValue(text: string): string | null {
  const literal = readLiteral(text);
  if (literal === null) return null;
  const line = text.slice(literal.length).split('\n')[0] ?? '';
  if (!/^[ \t]*(?:[-+*/%^]|={1,2}[^=>])/.test(line) || /^[ \t]*(?:->|-->|--|\/\/)/.test(line)) return literal;
  const last = line.split('=').at(-1)?.trim() ?? '';
  return line.includes('=') && readLiteral(last) === last.replace(/[.;,]$/, '') ? readLiteral(last) : null;
}

/** A list of values such as `a = [1, 2], b = 3` cut at its commas, those inside brackets and quotes left alone. */
export function splitValues(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote: string | null = null;
  let current = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote !== null) {
      current += character;
      if (character === '\\') current += text.charAt(++index);
      else if (character === quote) quote = null;
      continue;
    }
    if (character === '"' || character === "'") quote = character;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(current.trim());
      current = '';
    } else current += character;
  }
  return [...parts, current.trim()];
}
