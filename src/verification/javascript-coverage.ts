import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasErrno } from '../errors.js';
import type { FileLines } from './line-coverage.js';
import { codeLines } from './source-lines.js';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** One script in a report of V8; `ranges` of a function are its own span, then the blocks in it with another count. */
interface Script {
  readonly url: string;
  readonly functions: readonly { readonly functionName: string; readonly ranges: readonly Range[] }[];
}

export interface JavascriptCoverage {
  /** Files with at least one function called, or without any function but loaded. */
  readonly called: readonly string[];
  /** The lines that were run, of each file that was loaded. */
  readonly lines: ReadonlyMap<string, FileLines>;
}

/**
 * Reads what V8 itself left in the folder of NODE_V8_COVERAGE: one report a process, those of programs that the tests
 * started too. `sourceOf` gives the text of a file of the tree as it was before the tests, null for what is not measured.
 * A report whose spans do not fit that text counts for nothing.
 */
export async function readJavascriptCoverage(
  folder: string,
  tree: string,
  sourceOf: (file: string) => Promise<string | null>,
): Promise<JavascriptCoverage> {
  const called = new Set<string>();
  const lines = new Map<string, FileLines>();
  for (const name of await namesIn(folder)) {
    if (!/^coverage-\d+-\d+-\d+\.json$/.test(name)) continue;
    for (const script of await scriptsOf(path.join(folder, name))) {
      if (!script.url.startsWith('file://')) continue;
      const absolute = fileURLToPath(script.url);
      if (!absolute.startsWith(tree + path.sep)) continue;
      const file = path.relative(tree, absolute).split(path.sep).join('/');
      const functions = script.functions.filter((one) => one.functionName !== '');
      const wasCalled = functions.length === 0 || functions.some((one) => (one.ranges[0]?.count ?? 0) > 0);
      if (wasCalled) called.add(file);
      const source = await sourceOf(file);
      if (source === null) continue;
      const known = lines.get(file) ?? { code: codeLines(source), run: [] };
      const seen = new Set([...known.run, ...runLines(source, script)]);
      lines.set(file, { code: known.code, run: known.code.filter((line) => seen.has(line)) });
    }
  }
  return { called: [...called].sort(), lines };
}

/** Lines of a script that were run: those of which a part lies in a span with a count. */
export function runLines(source: string, script: Pick<Script, 'functions'>): number[] {
  const text = source.replace(/^\uFEFF/, '');
  const ranges = script.functions.flatMap((one) => one.ranges);
  const whole = ranges.find((range) => range.startOffset === 0);
  if (whole?.endOffset !== text.length) return [];
  // Spans are nested: the outer ones first, so that the inner ones have the last word.
  const nested = [...ranges].sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const run: number[] = [];
  const spans = lineSpans(text);
  const counts = spans.map(() => 0);
  for (const { startOffset, endOffset, count } of nested) {
    for (let index = firstFrom(spans, startOffset); index < spans.length; index += 1) {
      const span = spans[index];
      if (span === undefined || span.end > endOffset) break;
      counts[index] = count;
    }
  }
  for (const [index, count] of counts.entries()) if (count > 0) run.push(index + 1);
  return run;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Each line from its first to its last character that is no space. */
function lineSpans(text: string): Span[] {
  let offset = 0;
  return text.split('\n').map((line) => {
    const start = offset + (line.length - line.trimStart().length);
    const end = Math.max(start, offset + line.trimEnd().length);
    offset += line.length + 1;
    return { start, end };
  });
}

/** Index of the first line that begins at `offset` or after it. */
function firstFrom(spans: readonly Span[], offset: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.start ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function scriptsOf(file: string): Promise<readonly Script[]> {
  try {
    const { result } = JSON.parse(await readFile(file, 'utf8')) as { result?: readonly Script[] };
    return result ?? [];
  } catch (error) {
    // Cut off with its process.
    if (error instanceof SyntaxError || hasErrno(error, 'EISDIR')) return [];
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
