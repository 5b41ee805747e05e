import type { ToolSpec } from './provider.js';
import { type CallArguments, parseLenientJson } from './tool-call-parser-json.js';
import { parameterNames } from './tool-call-parser-schema.js';

/** A call as the model wrote it; neither the name nor the arguments are checked. */
export interface WrittenCall {
  readonly name: string;
  readonly arguments: unknown;
}

const nameKeys = ['name', 'tool', 'tool_name', 'toolName', 'function_name', 'function', 'action'];
const argumentKeys = [
  'arguments',
  'args',
  'parameters',
  'params',
  'input',
  'action_input',
  'actionInput',
  'tool_input',
  'kwargs',
];
const wrapperKeys = ['tool_calls', 'tool_call', 'function_call', 'function_calls', 'calls'];
/** Keys beside the arguments of a call without an object of its own for them that are none. */
const surroundingKeys = new Set([...nameKeys, 'type', 'id', 'call_id', 'thought', 'reasoning', 'explanation']);

/** The tool that a name means: as written, else without regard to case, dashes and a prefix like `functions.`. */
export function findTool(name: string, tools: readonly ToolSpec[]): ToolSpec | null {
  const exact = tools.find((tool) => tool.name === name);
  if (exact) return exact;
  const wanted = canonical(name.slice(name.lastIndexOf('.') + 1));
  const matches = tools.filter((tool) => canonical(tool.name) === wanted);
  return matches.length === 1 ? (matches[0] ?? null) : null;
}

/** The calls that a value is; null when it is something else, such as data that merely has a `name`. */
export function callsOfValue(value: unknown, tools: readonly ToolSpec[], depth = 0): WrittenCall[] | null {
  if (depth > 4) return null;
  if (Array.isArray(value)) {
    if (value.length === 0) return null;
    const each = value.map((item) => callsOfValue(item, tools, depth + 1));
    return each.includes(null) ? null : each.flatMap((calls) => calls ?? []);
  }
  if (!isRecord(value)) return null;
  for (const key of wrapperKeys) if (key in value) return callsOfValue(value[key], tools, depth + 1);
  if (isRecord(value.function)) return callsOfValue(value.function, tools, depth + 1);
  const call = callOfRecord(value, tools);
  return call === null ? null : [call];
}

/** A call written like one of Python; arguments without a name are those of the schema, in its order. */
export function callOfPython(name: string, written: CallArguments, tools: readonly ToolSpec[]): WrittenCall {
  const [first] = written.positional;
  if (written.positional.length === 1 && Object.keys(written.named).length === 0 && isRecord(first)) {
    return { name, arguments: first };
  }
  const tool = findTool(name, tools);
  const names = tool === null ? [] : parameterNames(tool);
  const positional = written.positional.map((value, index): [string, unknown] => [
    names[index] ?? `#${index + 1}`,
    value,
  ]);
  return { name, arguments: { ...Object.fromEntries(positional), ...written.named } };
}

function callOfRecord(value: Readonly<Record<string, unknown>>, tools: readonly ToolSpec[]): WrittenCall | null {
  const nameKey = nameKeys.find((key) => typeof value[key] === 'string');
  if (nameKey === undefined) return callByKey(value, tools);
  const name = String(value[nameKey]);
  const tool = findTool(name, tools);
  const argumentKey = argumentKeys.find((key) => key in value && value[key] !== null);
  if (argumentKey !== undefined && (tool !== null || isArgumentLike(value[argumentKey]))) {
    const takesKeyItself = tool !== null && parameterNames(tool).includes(argumentKey);
    if (!takesKeyItself || isRecord(value[argumentKey])) {
      return { name, arguments: readArguments(value[argumentKey], tool) };
    }
  }
  // Without an object of arguments only a tool that exists makes it a call: people's data has names too.
  if (tool === null) return null;
  const parameters = parameterNames(tool);
  const flat = Object.entries(value).filter(
    ([key]) =>
      key !== nameKey && (parameters.includes(key) || !(surroundingKeys.has(key) || argumentKeys.includes(key))),
  );
  return { name, arguments: Object.fromEntries(flat) };
}

/** `{"write_file": {"path": …}}` */
function callByKey(value: Readonly<Record<string, unknown>>, tools: readonly ToolSpec[]): WrittenCall | null {
  const [entry, ...others] = Object.entries(value);
  if (entry === undefined || others.length > 0 || !isRecord(entry[1])) return null;
  return tools.some((tool) => tool.name === entry[0]) ? { name: entry[0], arguments: entry[1] } : null;
}

function readArguments(value: unknown, tool: ToolSpec | null): unknown {
  if (typeof value !== 'string') return value;
  const parsed = parseLenientJson(value);
  if (parsed.kind === 'value' && isRecord(parsed.value) && value.slice(parsed.end).trim() === '') return parsed.value;
  // A text in place of the arguments of a tool that takes one thing is that thing.
  const [only, ...others] = tool === null ? [] : parameterNames(tool);
  return only !== undefined && others.length === 0 ? { [only]: value } : value;
}

function isArgumentLike(value: unknown): boolean {
  return isRecord(value) || (typeof value === 'string' && value.trim().startsWith('{'));
}

function canonical(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
