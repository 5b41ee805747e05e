import type { ToolSpec } from './provider.js';
import {
  type CallArguments,
  type LenientResult,
  parseLenientArguments,
  parseLenientJson,
} from './tool-call-parser-json.js';
import { callOfPython, callsOfValue, findTool, type WrittenCall } from './tool-call-parser-shapes.js';
import { parseTagged, tagAt } from './tool-call-parser-tags.js';

/** A part of a text that stands alone on its lines and is one call or several, or a call that went wrong. */
export interface CallBlock {
  readonly start: number;
  readonly end: number;
  readonly calls: readonly WrittenCall[];
  /** Set when it was meant as a call and cannot be read; then `calls` is empty. */
  readonly fault: 'truncated' | 'invalid' | null;
}

/** Bounds the work for a text full of openings that lead nowhere. */
const maxAttempts = 500;
/** Languages of a code block that can hold a call; a block of any other is left alone with all that is in it. */
const callLanguages = new Set([
  '',
  'json',
  'jsonc',
  'json5',
  'tool_call',
  'tool',
  'tool_code',
  'function',
  'xml',
  'text',
  'txt',
]);
const scriptLanguages = new Set(['python', 'py', 'javascript', 'js', 'typescript', 'ts', 'plaintext']);
/** A call that is introduced like this is shown, not made. */
const mention =
  /\b(for example|for instance|examples?|e\.g\.|such as|instead of|do not|don't|never|would have|previously|sample)\b/i;
const namedTool = /["'`](?:name|tool|tool_name|function|function_name|action)["'`]\s*:\s*["'`]([\w.-]+)["'`]/;

/** Finds the blocks of a text, in order. Prose, inline code and code in other languages are never blocks. Pure. */
export function findCallBlocks(text: string, tools: readonly ToolSpec[]): CallBlock[] {
  const blocks: CallBlock[] = [];
  let at = 0;
  let attempts = 0;
  let before = '';
  while (at < text.length) {
    const start = at + (/^[ \t]*/.exec(text.slice(at, at + 256))?.[0].length ?? 0);
    const lineEnd = endOfLine(text, at);
    if (mayOpen(text, start)) attempts += 1;
    const found = attempts <= maxAttempts && mayOpen(text, start) ? readBlock(text, start, tools) : null;
    if (found !== null && found.kind === 'block' && !mention.test(before)) {
      blocks.push(found.block);
      at = Math.max(found.block.end, start + 1);
      before = '';
      continue;
    }
    if (found !== null) {
      at = Math.max(found.kind === 'block' ? found.block.end : found.end, lineEnd + 1);
      continue;
    }
    const line = text.slice(at, lineEnd).trim();
    if (line !== '') before = line;
    at = lineEnd + 1;
  }
  return blocks;
}

type Found = { readonly kind: 'block'; readonly block: CallBlock } | { readonly kind: 'other'; readonly end: number };

function mayOpen(text: string, start: number): boolean {
  return /^([`~{[<]|[A-Za-z_][\w.]*[([])/.test(text.slice(start, start + 64));
}

function readBlock(text: string, start: number, tools: readonly ToolSpec[]): Found | null {
  const fence = /^(`{3,}|~{3,})[ \t]*([\w+-]*)/.exec(text.slice(start, start + 64));
  if (fence) return readFence(text, start, fence[0].length, fence[1] ?? '```', (fence[2] ?? '').toLowerCase(), tools);
  const char = text[start];
  if (char === '{' || char === '[') {
    const tagged = char === '[' ? tagAt(text, start, tools) : null;
    return tagged === null ? readJson(text, start, tools) : readTag(text, start, tools);
  }
  if (char === '<' || text.startsWith('functools[', start)) return readTag(text, start, tools);
  return readPython(text, start, tools);
}

function readTag(text: string, start: number, tools: readonly ToolSpec[]): Found | null {
  const tag = tagAt(text, start, tools);
  if (tag === null) return null;
  const parsed = parseTagged(text, tag, tools);
  if (parsed.kind === 'none') return null;
  if (parsed.kind !== 'calls') return fault(start, text.length, parsed.kind);
  const end = endIfAlone(text, parsed.end);
  return end === null ? null : block(start, end, parsed.calls);
}

/** Values of JSON one after another, as far as each is a call; it has to end with its line. */
function readJson(text: string, start: number, tools: readonly ToolSpec[]): Found | null {
  const calls: WrittenCall[] = [];
  let end = start;
  for (let at = start; ; ) {
    const parsed = parseLenientJson(text, at);
    if (parsed.kind !== 'value') return calls.length > 0 ? null : faultIfCall(text, start, text.length, parsed, tools);
    const found = callsOfValue(parsed.value, tools);
    if (found === null) return calls.length > 0 ? block(start, end, calls) : { kind: 'other', end: parsed.end };
    const alone = endIfAlone(text, parsed.end);
    if (alone === null) return null;
    calls.push(...found);
    end = alone;
    const next = /^[\s,;]*(?=[{[])/.exec(text.slice(end, end + 64));
    if (next === null) return block(start, end, calls);
    at = end + next[0].length;
  }
}

function readFence(
  text: string,
  start: number,
  openingLength: number,
  marker: string,
  language: string,
  tools: readonly ToolSpec[],
): Found {
  const bodyStart = start + openingLength;
  const close = closingFence(text, bodyStart, marker);
  const otherEnd = close?.end ?? text.length;
  const other: Found = { kind: 'other', end: otherEnd };
  if (!callLanguages.has(language) && !scriptLanguages.has(language)) return other;
  const first = bodyStart + (/^\s*/.exec(text.slice(bodyStart))?.[0].length ?? 0);
  const body = text.slice(0, close?.start ?? text.length);
  const inner =
    text[first] === '{' || text[first] === '[' ? readJsonInFence(text, first, tools) : readInner(body, first, tools);
  if (inner === null || inner.kind !== 'block') return other;
  if (inner.block.fault !== null) return fault(start, otherEnd, inner.block.fault);
  // The text of a file may hold a fence of its own: what ends the block is the first fence after the call.
  const after = closingFence(text, inner.block.end, marker);
  const between = text.slice(inner.block.end, after?.start ?? text.length);
  return between.trim() === '' ? block(start, after?.end ?? text.length, inner.block.calls) : other;
}

function readJsonInFence(text: string, first: number, tools: readonly ToolSpec[]): Found | null {
  const tagged = tagAt(text, first, tools);
  if (tagged !== null) return readTag(text, first, tools);
  const found = readJson(text, first, tools);
  if (found !== null) return found;
  // `…} ```` on one line: the fence ends what the line did not.
  const parsed = parseLenientJson(text, first);
  if (parsed.kind !== 'value' || !/^\s*(`{3,}|~{3,})/.test(text.slice(parsed.end))) return null;
  const calls = callsOfValue(parsed.value, tools);
  return calls === null ? null : block(first, parsed.end, calls);
}

/** Tags or lines like Python's, several of them and nothing else, within a fence. */
function readInner(body: string, first: number, tools: readonly ToolSpec[]): Found | null {
  const calls: WrittenCall[] = [];
  let at = first;
  while (at < body.length) {
    const found = body[at] === '<' ? readTag(body, at, tools) : readPython(body, at, tools);
    if (found === null || found.kind !== 'block') return null;
    if (found.block.fault !== null) return found;
    calls.push(...found.block.calls);
    at = found.block.end;
    at += /^\s*/.exec(body.slice(at))?.[0].length ?? 0;
  }
  return calls.length === 0 ? null : block(first, body.length, calls);
}

/** `write_file(path="a.py", content="…")`, alone on its lines, of a tool that exists. */
function readPython(text: string, start: number, tools: readonly ToolSpec[]): Found | null {
  const head = /^([A-Za-z_][\w.]*)\(/.exec(text.slice(start, start + 128));
  const name = head?.[1];
  if (head === null || name === undefined || findTool(name, tools) === null) return null;
  const parsed = parseLenientArguments(text, start + head[0].length);
  if (parsed.kind === 'truncated') return fault(start, text.length, 'truncated');
  if (parsed.kind === 'invalid') return null;
  const end = endIfAlone(text, parsed.end);
  return end === null ? null : block(start, end, [callOfPython(name, parsed.value as CallArguments, tools)]);
}

function faultIfCall(
  text: string,
  start: number,
  end: number,
  parsed: Exclude<LenientResult, { kind: 'value' }>,
  tools: readonly ToolSpec[],
): Found | null {
  const name = namedTool.exec(text.slice(start, start + 2_000))?.[1];
  return name === undefined || findTool(name, tools) === null ? null : fault(start, end, parsed.kind);
}

/** The index after what may follow a call on its line (stray closing brackets); null when anything else follows. */
function endIfAlone(text: string, end: number): number | null {
  const match = /^[ \t]*[}\])]{0,2}[ \t]*[;,]?[ \t]*\r?(?=\n|$)/.exec(text.slice(end, end + 256));
  return match === null ? null : end + match[0].length;
}

function closingFence(text: string, from: number, marker: string): { start: number; end: number } | null {
  const fence = new RegExp(
    `(?:^|\\n)[ \\t]*${marker[0] === '~' ? '~' : '`'}{${marker.length},}[ \\t]*\\r?(?=\\n|$)`,
    'g',
  );
  fence.lastIndex = from;
  const sameLine = /^[ \t]*(`{3,}|~{3,})[ \t]*(?=\r?\n|$)/.exec(text.slice(from));
  if (sameLine) return { start: from, end: from + sameLine[0].length };
  const match = fence.exec(text);
  return match === null ? null : { start: match.index, end: match.index + match[0].length };
}

function endOfLine(text: string, from: number): number {
  const index = text.indexOf('\n', from);
  return index === -1 ? text.length : index;
}

function block(start: number, end: number, calls: readonly WrittenCall[]): Found {
  return { kind: 'block', block: { start, end, calls, fault: null } };
}

function fault(start: number, end: number, kind: 'truncated' | 'invalid'): Found {
  return { kind: 'block', block: { start, end, calls: [], fault: kind } };
}
