import type { JsonSchema } from './provider.js';

const anything: JsonSchema = { type: ['string', 'number', 'boolean', 'null'] };

/** Keys that the grammar understands; others would be ignored or mean something else to it. */
const kept = new Set([
  'type',
  'enum',
  'const',
  'minLength',
  'maxLength',
  'format',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  '$ref',
]);
const formats = new Set(['date-time', 'time', 'date']);

/**
 * Rewrites a JSON Schema into the subset from which the grammar is made. The grammar always demands every property of an
 * object, in the order given; bounds on numbers and patterns are not enforced, so whoever asked still checks the answer.
 */
export function toGrammarSchema(schema: JsonSchema): JsonSchema {
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(alternatives)) return withDefinitions(schema, { oneOf: alternatives.map(toGrammarSchemaOf) });
  if (schema.type === undefined && schema.properties === undefined && !kept.has(firstKeptKey(schema))) return anything;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (kept.has(key) && (key !== 'format' || formats.has(String(value)))) result[key] = value;
  }
  if (schema.properties !== undefined) {
    result.type = 'object';
    result.properties = mapValues(schema.properties);
  }
  if (typeof schema.additionalProperties === 'object' && schema.additionalProperties !== null) {
    result.additionalProperties = toGrammarSchemaOf(schema.additionalProperties);
  } else if (schema.additionalProperties === true || (schema.type === 'object' && schema.properties === undefined)) {
    result.additionalProperties = anything;
  }
  if (schema.items !== undefined) result.items = toGrammarSchemaOf(schema.items);
  else if (schema.type === 'array' && schema.prefixItems === undefined) result.items = anything;
  if (Array.isArray(schema.prefixItems)) result.prefixItems = schema.prefixItems.map(toGrammarSchemaOf);
  return withDefinitions(schema, result);
}

function withDefinitions(schema: JsonSchema, result: JsonSchema): JsonSchema {
  return schema.$defs === undefined ? result : { ...result, $defs: mapValues(schema.$defs) };
}

function firstKeptKey(schema: JsonSchema): string {
  return Object.keys(schema).find((key) => kept.has(key)) ?? '';
}

function mapValues(value: unknown): Record<string, JsonSchema> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toGrammarSchemaOf(inner)]));
}

function toGrammarSchemaOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? toGrammarSchema(value as JsonSchema) : anything;
}
