/** A function or class that the request wants. */
export interface Target {
  readonly kind: 'function' | 'class';
  readonly name: string;
  /** Parameter names as they are written; null when the request does not show them. */
  readonly params: readonly string[] | null;
}

const functionWord = '(?:functions?|methods?|helpers?|funktion(?:en)?|def)';
/** `file(s)`, `word(s)`: a plural in brackets, not a call. */
const pluralInBrackets = /^(file|test|function|word|item|line|class|name|number|parameter|argument|character|letter)$/i;
/** Words that follow "function" or "class" in English without being its name. */
const notNames =
  /^(that|which|called|named|to|for|with|in|and|or|of|the|a|an|is|it|returns?|returning|takes?|taking|should|must|will|can|does|from|using|on|as|by|like|where|so|definition|name|signature|body|file|die|das|der|namens|mit|zum|zur)$/i;

/** Functions and classes named in prose, or defined in the code that came with it. */
export function findTargets(prose: string, skeleton: string | null): Target[] {
  const found = new Map<string, Target>();
  const add = (target: Target): void => {
    const before = found.get(target.name);
    if (before === undefined || (before.params === null && target.params !== null)) found.set(target.name, target);
  };
  if (skeleton !== null) {
    const stub = stubOf(skeleton);
    if (stub !== null) return [stub];
  }
  for (const match of prose.matchAll(/\b(?:class|klasse)\s+(?:called\s+|named\s+|namens\s+)?`?([A-Z]\w*)`?/gi)) {
    const name = match[1];
    if (name !== undefined && /^[A-Z]/.test(name) && !notNames.test(name)) add({ kind: 'class', name, params: null });
  }
  for (const match of prose.matchAll(/`?\b([A-Z][A-Za-z0-9]+)`?\s+(?:class|Klasse)\b/g)) {
    const name = match[1];
    if (name !== undefined && !/^(A|An|The|This|Write|Create|Make|Add|Python|JavaScript|Eine|Die)$/.test(name)) {
      add({ kind: 'class', name, params: null });
    }
  }
  const hasClass = found.size > 0;
  for (const match of prose.matchAll(/(?<![\w.])([A-Za-z_]\w*)\(([^()]*)\)/g)) {
    const [, name = '', inside = ''] = match;
    const params = parameterNames(inside);
    const word = new RegExp(`\\b${functionWord}\\s+\`?$`, 'i');
    const introduced = word.test(prose.slice(0, match.index));
    if (params === null || notNames.test(name)) continue;
    if (inside.trim() === 's' && !introduced && pluralInBrackets.test(name)) continue;
    // What follows a class without the word "function" is one of its methods.
    if (hasClass && (!introduced || /\bmethods?\s+`?$/i.test(prose.slice(0, match.index)))) continue;
    if (!found.has(name) || found.get(name)?.kind === 'function') add({ kind: 'function', name, params });
  }
  if (!hasClass) for (const name of bareFunctionNames(prose)) add({ kind: 'function', name, params: null });
  return [...found.values()];
}

function bareFunctionNames(prose: string): string[] {
  const called = new RegExp(
    `\\b${functionWord}\\s+(?:(?:which is\\s+)?(?:called|named|namens)\\s+)?\`?([A-Za-z_]\\w*)`,
    'gi',
  );
  const before = /`?\b([a-z]+(?:_[a-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]*)+)`?\s+(?:function|method|helper|funktion)\b/g;
  const names: string[] = [];
  for (const match of prose.matchAll(called)) {
    const name = match[1] ?? '';
    const marked = /(called|named|namens)\s+`?\w+$|`\w+$/i.test(match[0]);
    // A plain lower-case word after "function" is a name only when something says so.
    if (!notNames.test(name) && (marked || /_|[a-z][A-Z]/.test(name))) names.push(name);
  }
  for (const match of prose.matchAll(before)) if (match[1] !== undefined) names.push(match[1]);
  return names;
}

/** The last function of a skeleton is the one to complete: helpers stand before it. */
function stubOf(skeleton: string): Target | null {
  const definitions = [...skeleton.matchAll(/^(?:async )?(?:def|(?:export )?function) (\w+)\(([^)]*)\)/gm)];
  const last = definitions.at(-1);
  if (last?.[1] !== undefined) {
    return { kind: 'function', name: last[1], params: parameterNames(last[2] ?? '') };
  }
  const name = /^class (\w+)/m.exec(skeleton)?.[1];
  return name === undefined ? null : { kind: 'class', name, params: null };
}

/** Names in a parameter list; null when it holds values, as a call does. */
export function parameterNames(inside: string): string[] | null {
  const trimmed = inside.trim();
  if (trimmed === '') return [];
  const names: string[] = [];
  for (const part of splitTopLevel(trimmed)) {
    const match = /^\*{0,2}([A-Za-z_]\w*)\s*(?::\s*[^=]+)?(?:=\s*.+)?$/.exec(part.trim());
    if (match?.[1] === undefined || /^(True|False|None|true|false|null)$/.test(match[1])) return null;
    names.push(match[1]);
  }
  return names;
}

function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let current = '';
  for (const character of text) {
    if ('[({'.includes(character)) depth += 1;
    if ('])}'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(current);
      current = '';
    } else current += character;
  }
  return [...parts, current];
}
