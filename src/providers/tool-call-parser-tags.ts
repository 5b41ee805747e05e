import type { ToolSpec } from './provider.js';
import type { CallArguments } from './tool-call-parser-json.js';
import { parseLenientArguments, parseLenientJson } from './tool-call-parser-json.js';
import { callOfPython, callsOfValue, findTool, type WrittenCall } from './tool-call-parser-shapes.js';

/** An opening tag that starts a call. */
export interface Tag {
  /** `wrapper`: a call of any shape within; `function`: the tag names the tool; `attributes`: and has its arguments. */
  readonly kind: 'wrapper' | 'function' | 'attributes';
  /** Name of the tool where the tag has it. */
  readonly name: string;
  /** Index after the opening tag. */
  readonly bodyStart: number;
  /** What closes it; empty for a marker that nothing closes (`[TOOL_CALLS]`). */
  readonly close: string;
}

export type Tagged =
  | { readonly kind: 'calls'; readonly calls: readonly WrittenCall[]; readonly end: number }
  | { readonly kind: 'truncated' | 'invalid' }
  /** No call after all. */
  | { readonly kind: 'none' };

/** Tags within tags: `<function_calls><tool_call><function=…>` is the deepest seen. */
const maxDepth = 4;
const wrappers = new Set([
  'tool_call',
  'tool_calls',
  'function_call',
  'function_calls',
  'tools',
  'tool_use',
  'tool',
  'call',
]);
const markers = ['[TOOL_CALLS]', '<|tool_call|>', '<|python_tag|>', '<|tool_calls|>', 'functools'];

/** The tag of a call that opens at `start`, in the dialects of Qwen, Hermes, Llama, Mistral, Phi and of XML-like prompts. */
export function tagAt(text: string, start: number, tools: readonly ToolSpec[]): Tag | null {
  const head = text.slice(start, start + 200);
  const marker = markers.find((each) => head.startsWith(each) && (each !== 'functools' || head[each.length] === '['));
  if (marker !== undefined) return { kind: 'wrapper', name: '', bodyStart: start + marker.length, close: '' };
  const named =
    /^<(function|tool|tool_call)=["']?([\w.-]+)["']?\s*>/.exec(head) ??
    /^<(function|invoke|tool|tool_call|function_call)\s+name=["']([\w.-]+)["']\s*>/.exec(head);
  if (named?.[1] !== undefined && named[2] !== undefined) {
    return { kind: 'function', name: named[2], bodyStart: start + named[0].length, close: `</${named[1]}>` };
  }
  // `<{"name": …}>`, as Qwen 0.5B writes when it forgets the word.
  if (/^<\s*\{/.test(head)) return { kind: 'wrapper', name: '', bodyStart: start + 1, close: '>' };
  const attributes = /^<([A-Za-z_][\w.-]*)\s+(?=[A-Za-z_]\w*\s*=)/.exec(head);
  if (attributes?.[1] !== undefined && tools.some((tool) => tool.name === attributes[1])) {
    const [, name] = attributes;
    return { kind: 'attributes', name, bodyStart: start + attributes[0].length, close: `</${name}>` };
  }
  const plain = /^<([A-Za-z_][\w.-]*)\s*>/.exec(head);
  if (plain?.[1] === undefined) return null;
  const bodyStart = start + plain[0].length;
  if (wrappers.has(plain[1])) return { kind: 'wrapper', name: '', bodyStart, close: `</${plain[1]}>` };
  if (!tools.some((tool) => tool.name === plain[1])) return null;
  return { kind: 'function', name: plain[1], bodyStart, close: `</${plain[1]}>` };
}

/** Reads the call or calls after an opening tag. */
export function parseTagged(text: string, tag: Tag, tools: readonly ToolSpec[], depth = 0): Tagged {
  if (depth > maxDepth) return { kind: 'none' };
  if (tag.kind === 'attributes') return parseAttributes(text, tag);
  return tag.kind === 'function' ? parseFunction(text, tag) : parseWrapper(text, tag, tools, depth);
}

/** `<read_file path="a.py" />`, `<read_file arguments={"path": "a.py"}></read_file>` */
function parseAttributes(text: string, tag: Tag): Tagged {
  const values = new Map<string, unknown>();
  for (let at = tag.bodyStart; ; ) {
    const rest = text.slice(at, at + 200);
    const end = /^\s*\/?>/.exec(rest);
    if (end) {
      const closed = skipSpace(text, at + end[0].length);
      const call = { name: tag.name, arguments: soleObject(values) ?? Object.fromEntries(values) };
      const after = text.startsWith(tag.close, closed) ? closed + tag.close.length : at + end[0].length;
      return { kind: 'calls', calls: [call], end: after };
    }
    const name = /^\s*([A-Za-z_]\w*)\s*=\s*/.exec(rest);
    if (name?.[1] === undefined) return { kind: rest.trim() === '' ? 'truncated' : 'invalid' };
    const value = parseLenientJson(text, at + name[0].length);
    if (value.kind !== 'value') return { kind: value.kind };
    values.set(name[1], value.value);
    at = value.end;
  }
}

function soleObject(values: ReadonlyMap<string, unknown>): unknown {
  if (values.size !== 1) return null;
  const value = values.get('arguments') ?? values.get('parameters');
  return typeof value === 'object' ? value : null;
}

function parseWrapper(text: string, tag: Tag, tools: readonly ToolSpec[], depth: number): Tagged {
  const calls: WrittenCall[] = [];
  let at = skipSpace(text, tag.bodyStart);
  for (;;) {
    const parsed = parseOne(text, at, tools, depth);
    if (parsed.kind !== 'calls') {
      // A tag with prose in it, or one that stands for itself, is no call; one that had a call in it is a broken one.
      return parsed;
    }
    calls.push(...parsed.calls);
    at = skipSpace(text, parsed.end);
    if (tag.close !== '' && text.startsWith(tag.close, at)) return { kind: 'calls', calls, end: at + tag.close.length };
    const reopened = reopening(text, at);
    if (reopened !== null) return { kind: 'calls', calls, end: reopened };
    if (/^[\s,]*[{[<]/.test(text.slice(at, at + 16)) && tag.close !== '' && !text.startsWith('</', at)) {
      at = skipSpace(text, text[at] === ',' ? at + 1 : at);
      continue;
    }
    // Small models leave the closing tag out, or close with the opening one; the call itself was whole.
    const stray = /^<\/?[\w|]+>/.exec(text.slice(at, at + 64));
    return { kind: 'calls', calls, end: stray === null ? parsed.end : at + stray[0].length };
  }
}

/** The end of an opening tag that stands where the closing one should: nothing that could be a call follows it. */
function reopening(text: string, at: number): number | null {
  const opening = /^<([A-Za-z_]\w*)>/.exec(text.slice(at, at + 64));
  if (opening?.[1] === undefined || !wrappers.has(opening[1])) return null;
  const end = at + opening[0].length;
  return /^\s*[{[<`]/.test(text.slice(end, end + 256)) ? null : end;
}

function parseOne(text: string, at: number, tools: readonly ToolSpec[], depth: number): Tagged {
  const char = text[at];
  if (char === undefined) return { kind: 'truncated' };
  if (char === '{' || char === '[') {
    const parsed = parseLenientJson(text, at);
    if (parsed.kind !== 'value') return { kind: parsed.kind };
    const calls = callsOfValue(parsed.value, tools);
    return calls === null ? { kind: 'none' } : { kind: 'calls', calls, end: afterStrayBrackets(text, parsed.end) };
  }
  if (char === '<') {
    const inner = tagAt(text, at, tools);
    return inner === null ? { kind: 'none' } : parseTagged(text, inner, tools, depth + 1);
  }
  // A fence within the tag: ```json … ```
  const fence = /^`{3}\w*\s*(?=[{[])/.exec(text.slice(at, at + 32));
  if (fence) {
    const parsed = parseOne(text, at + fence[0].length, tools, depth + 1);
    if (parsed.kind !== 'calls') return parsed;
    const close = /^\s*`{3}/.exec(text.slice(parsed.end));
    return close === null ? parsed : { ...parsed, end: parsed.end + close[0].length };
  }
  const head = /^([A-Za-z_][\w.]*)(\(|\s*(?=\{))/.exec(text.slice(at, at + 128));
  const name = head?.[1];
  if (head === null || name === undefined || findTool(name, tools) === null) return { kind: 'none' };
  const python = head[2] === '(';
  const parsed = python
    ? parseLenientArguments(text, at + head[0].length)
    : parseLenientJson(text, at + head[0].length);
  if (parsed.kind !== 'value') return { kind: parsed.kind };
  const call = python ? callOfPython(name, parsed.value as CallArguments, tools) : { name, arguments: parsed.value };
  return { kind: 'calls', calls: [call], end: parsed.end };
}

function parseFunction(text: string, tag: Tag): Tagged {
  const at = skipSpace(text, tag.bodyStart);
  if (text[at] === '{') {
    const parsed = parseLenientJson(text, at);
    if (parsed.kind !== 'value') return { kind: parsed.kind };
    const end = skipSpace(text, parsed.end);
    if (!text.startsWith(tag.close, end)) return { kind: end >= text.length ? 'truncated' : 'invalid' };
    return { kind: 'calls', calls: [{ name: tag.name, arguments: parsed.value }], end: end + tag.close.length };
  }
  return parseParameters(text, tag, at);
}

/** `<parameter=path>a.py</parameter>`, `<parameter name="path">…`, `<path>…</path>`, one after another. */
function parseParameters(text: string, tag: Tag, start: number): Tagged {
  const values = new Map<string, string>();
  for (let at = start; ; ) {
    if (text.startsWith(tag.close, at)) {
      const calls = [{ name: tag.name, arguments: Object.fromEntries(values) }];
      return { kind: 'calls', calls, end: at + tag.close.length };
    }
    if (at >= text.length) return { kind: 'truncated' };
    const head = text.slice(at, at + 200);
    const open =
      /^<(parameter|arg|argument|param)(?:=|\s+name=)["']?([\w.-]+)["']?\s*>/.exec(head) ?? /^<(([\w.-]+))>/.exec(head);
    if (open?.[1] === undefined || open[2] === undefined)
      return { kind: head.startsWith('<') ? 'truncated' : 'invalid' };
    const close = `</${open[1]}>`;
    const valueStart = at + open[0].length;
    const end = text.indexOf(close, valueStart);
    if (end === -1) return { kind: 'truncated' };
    values.set(open[2], withoutOuterNewlines(text.slice(valueStart, end)));
    at = skipSpace(text, end + close.length);
  }
}

function afterStrayBrackets(text: string, at: number): number {
  const stray = /^\s*[}\]]{1,2}(?=\s*(<|$))/.exec(text.slice(at, at + 32));
  return stray === null ? at : at + stray[0].length;
}

function withoutOuterNewlines(text: string): string {
  return text.replace(/^\r?\n/, '').replace(/\r?\n$/, '');
}

function skipSpace(text: string, from: number): number {
  return from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
}
