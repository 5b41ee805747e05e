import type { JsonSchema, ToolSpec } from './provider.js';

/** Arguments that fit a tool's schema, or what is wrong with them, in words for the model that wrote them. */
export type CheckedArguments =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

/**
 * Checks arguments against a tool's schema: `type`, `required`, `enum`, `const`, `properties`, `items`, bounds of numbers,
 * lengths, `anyOf`/`oneOf`. A scalar of the wrong kind that can mean only one thing is put right (`"5"` for a number, `5`
 * for a text); what a schema does not know is dropped where it says `additionalProperties: false`. Pure.
 */
export function checkArguments(value: unknown, tool: ToolSpec): CheckedArguments {
  const problems: string[] = [];
  if (value !== null && value !== undefined && !isRecord(value)) {
    return { ok: false, problem: `the arguments must be an object, not ${typeName(value)}` };
  }
  const checked = check(isRecord(value) ? value : {}, tool.parameters, '', problems);
  if (problems.length > 0 || !isRecord(checked)) return { ok: false, problem: problems.slice(0, 3).join('; ') };
  return { ok: true, value: checked };
}

/** `path (string, required), recursive (boolean)`: what a tool takes, for the text of a problem. */
export function describeParameters(tool: ToolSpec): string {
  const required = strings(tool.parameters.required);
  const parameters = Object.entries(asRecord(tool.parameters.properties)).map(([name, schema]) => {
    const type = strings(asRecord(schema).type).join(' or ') || 'any';
    return `${name} (${type}${required.includes(name) ? ', required' : ''})`;
  });
  return parameters.length === 0 ? 'no arguments' : parameters.join(', ');
}

/** The names of a tool's parameters in the order of its schema. */
export function parameterNames(tool: ToolSpec): string[] {
  return Object.keys(asRecord(tool.parameters.properties));
}

function check(value: unknown, schema: JsonSchema, where: string, problems: string[]): unknown {
  const options = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(options) && options.length > 0) return checkAny(value, options, where, problems);
  const types = strings(schema.type);
  const typed = types.length === 0 || types.some((type) => hasType(value, type)) ? value : coerce(value, types);
  if (typed === undefined) {
    problems.push(`${named(where)} must be ${types.join(' or ')}, not ${typeName(value)}`);
    return value;
  }
  const allowed = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : null;
  if (allowed !== null && !allowed.some((each) => isDeepEqual(each, typed))) {
    problems.push(`${named(where)} must be one of ${allowed.map((each) => JSON.stringify(each)).join(', ')}`);
    return typed;
  }
  checkBounds(typed, schema, where, problems);
  if (Array.isArray(typed)) return checkItems(typed, schema, where, problems);
  return isRecord(typed) ? checkProperties(typed, schema, where, problems) : typed;
}

function checkAny(value: unknown, options: readonly unknown[], where: string, problems: string[]): unknown {
  let first: string[] = [];
  for (const [index, option] of options.entries()) {
    const found: string[] = [];
    const checked = check(value, asRecord(option), where, found);
    if (found.length === 0) return checked;
    if (index === 0) first = found;
  }
  problems.push(...first);
  return value;
}

function checkProperties(
  value: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
  where: string,
  problems: string[],
): Record<string, unknown> {
  const properties = asRecord(schema.properties);
  const required = strings(schema.required);
  for (const name of required) {
    if (!Object.hasOwn(value, name)) problems.push(`${named(join(where, name))} is missing`);
  }
  const kept: [string, unknown][] = [];
  for (const [name, each] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name);
    if (!known && schema.additionalProperties === false) continue;
    // Small models write null for what they leave out.
    if (known && each === null && !required.includes(name) && !allowsNull(asRecord(properties[name]))) continue;
    kept.push([name, known ? check(each, asRecord(properties[name]), join(where, name), problems) : each]);
  }
  return Object.fromEntries(kept);
}

function checkItems(value: readonly unknown[], schema: JsonSchema, where: string, problems: string[]): unknown[] {
  const items = asRecord(schema.items);
  return value.map((each, index) => check(each, items, `${where}[${index}]`, problems));
}

function checkBounds(value: unknown, schema: JsonSchema, where: string, problems: string[]): void {
  const size =
    typeof value === 'number' ? value : typeof value === 'string' || Array.isArray(value) ? value.length : null;
  if (size === null) return;
  const [low, high] =
    typeof value === 'number'
      ? [schema.minimum, schema.maximum]
      : typeof value === 'string'
        ? [schema.minLength, schema.maxLength]
        : [schema.minItems, schema.maxItems];
  const what = typeof value === 'number' ? '' : typeof value === 'string' ? ' characters' : ' items';
  if (typeof low === 'number' && size < low) problems.push(`${named(where)} must be at least ${low}${what}`);
  if (typeof high === 'number' && size > high) problems.push(`${named(where)} must be at most ${high}${what}`);
}

function hasType(value: unknown, type: string): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isRecord(value);
    case 'null':
      return value === null;
    default:
      return typeof value === type;
  }
}

/** `value` as one of `types` where that loses nothing; undefined otherwise. */
function coerce(value: unknown, types: readonly string[]): unknown {
  for (const type of types) {
    if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return String(value);
    if (typeof value !== 'string') continue;
    const text = value.trim();
    if ((type === 'integer' || type === 'number') && text !== '' && hasType(Number(text), type)) return Number(text);
    if (type === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
    if (type === 'array' || type === 'object') {
      const parsed = parseJson(text);
      if (hasType(parsed, type)) return parsed;
    }
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Then the text is only a text.
    return undefined;
  }
}

function allowsNull(schema: JsonSchema): boolean {
  return strings(schema.type).includes('null') || schema.anyOf !== undefined || schema.oneOf !== undefined;
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function typeName(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function named(where: string): string {
  return where === '' ? 'the arguments' : `"${where}"`;
}

function join(where: string, name: string): string {
  return where === '' ? name : `${where}.${name}`;
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
