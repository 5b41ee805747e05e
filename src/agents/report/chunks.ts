import type { Source } from './pick-sources.js';

/** A stretch of whole lines of one file. */
export interface Chunk {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  /** Lines of the whole file. */
  readonly of: number;
  readonly text: string;
}

/** Cuts sources into chunks of at most `limitChars`, at blank lines where one is near; a longer line is cut. Pure. */
export function chunksOf(sources: readonly Source[], limitChars: number): Chunk[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n');
    const chunks: Chunk[] = [];
    let from = 0;
    while (from < lines.length) {
      const to = endOf(lines, from, limitChars);
      const part = lines.slice(from, to).join('\n').slice(0, limitChars);
      if (part.trim() !== '') chunks.push({ path, from: from + 1, to, of: lines.length, text: part });
      from = to;
    }
    return chunks;
  });
}

/** Index after the last line that fits; at least one line. */
function endOf(lines: readonly string[], from: number, limit: number): number {
  let size = 0;
  let to = from;
  let blank = -1;
  while (to < lines.length && size + (lines[to]?.length ?? 0) + 1 <= limit) {
    size += (lines[to]?.length ?? 0) + 1;
    if (lines[to]?.trim() === '' && size > limit / 2) blank = to + 1;
    to += 1;
  }
  if (to === lines.length) return to;
  return Math.max(from + 1, blank > from ? blank : to);
}

/** As many chunks, in their order, as fit into `limitChars` together. Pure. */
export function fitting(chunks: readonly Chunk[], limitChars: number): readonly Chunk[] {
  let room = limitChars;
  const taken: Chunk[] = [];
  for (const chunk of chunks) {
    room -= sizeOf(chunk);
    if (room < 0) break;
    taken.push(chunk);
  }
  return taken;
}

export function sizeOf(chunk: Chunk): number {
  return chunk.text.length + chunk.path.length + 40;
}

/** A chunk as a model reads it, with its place. */
export function shownChunk({ path, from, to, of, text }: Chunk): string {
  const part = from === 1 && to === of ? '' : ` (lines ${from}-${to} of ${of})`;
  return `--- ${path}${part}\n${text}`;
}

/** What was read of each file: `todo.py, lines 1-40 and 80-120 of 300`. Pure. */
export function readRanges(chunks: readonly Chunk[]): string[] {
  const byPath = new Map<string, Chunk[]>();
  for (const chunk of chunks) byPath.set(chunk.path, [...(byPath.get(chunk.path) ?? []), chunk]);
  return [...byPath].map(([path, parts]) => {
    const of = parts[0]?.of ?? 0;
    const merged: [number, number][] = [];
    for (const { from, to } of [...parts].sort((a, b) => a.from - b.from)) {
      const last = merged.at(-1);
      if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
      else merged.push([from, to]);
    }
    const [only] = merged;
    const isWhole = merged.length === 1 && only?.[0] === 1 && only[1] === of;
    const ranges = merged.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(' and ');
    return isWhole ? `${path}, all ${of} lines` : `${path}, lines ${ranges} of ${of}`;
  });
}
