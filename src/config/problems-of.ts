import type { z } from 'zod';
import { type KeyPath, nearest, type Problem, valueText } from './problem.js';
import { configSchema, providerNames } from './schema.js';

/** What zod found, in words for people: the key, what was found, what is allowed, and what was probably meant. */
export function problemsOf(error: z.ZodError, document: unknown): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
    return [{ path, text: `found ${found(path, document)}; allowed: ${issue.message}${meant(path, document)}` }];
  });
}

/** All keys that the schema knows, each as its path. Built from the schema, so that it cannot fall behind. */
export const knownKeys: readonly KeyPath[] = keysOf(configSchema, []);

function keysOf(schema: unknown, path: KeyPath): KeyPath[] {
  const inner = unwrap(schema);
  if (!hasShape(inner)) return [];
  return Object.entries(inner.shape).flatMap(([key, value]) => [[...path, key], ...keysOf(value, [...path, key])]);
}

function unwrap(schema: unknown): unknown {
  let current = schema;
  while (typeof current === 'object' && current !== null && 'unwrap' in current) {
    if (typeof current.unwrap !== 'function') break;
    current = current.unwrap();
  }
  return current;
}

function hasShape(schema: unknown): schema is { shape: Record<string, unknown> } {
  return typeof schema === 'object' && schema !== null && 'shape' in schema;
}

function unknownKey(path: KeyPath, key: string): Problem {
  const parent = path.join('.');
  const siblings = knownKeys.filter((known) => known.slice(0, -1).join('.') === parent).map((known) => last(known));
  const problem = (text: string): Problem => ({ path: [...path, key], text, aboutKey: true });
  const near = nearest(key, siblings);
  if (near !== null) return problem(`unknown key; did you mean ${near}?`);
  const elsewhere = knownKeys.find((known) => last(known) === key);
  if (elsewhere) return problem(`unknown key here; it belongs in ${elsewhere.slice(0, -1).join('.') || 'the top'}`);
  return problem(`unknown key; allowed here: ${siblings.join(', ')}`);
}

function last(path: KeyPath): string {
  return String(path[path.length - 1] ?? '');
}

function found(path: KeyPath, document: unknown): string {
  const value = valueAt(path, document);
  // Someone may have put the key itself there, and errors end up in logs and bug reports.
  if (last(path) === 'api_key_env' && typeof value === 'string') return 'something else';
  if (last(path) === 'host' && typeof value === 'string' && value.includes('@')) return 'an address with a password';
  return valueText(value);
}

function meant(path: KeyPath, document: unknown): string {
  const value = valueAt(path, document);
  if (typeof value !== 'string') return '';
  if (/^(yes|on|no|off)$/i.test(value)) return ` (YAML 1.2 takes ${value} for text)`;
  const near = last(path) === 'provider' ? nearest(value, providerNames) : null;
  return near === null ? '' : `; did you mean ${near}?`;
}

function valueAt(path: KeyPath, document: unknown): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
