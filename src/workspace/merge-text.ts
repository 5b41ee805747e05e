import { detectFormat, type Encoding, swapped } from './text-file.js';

/** Lines of a file, counted from 1, both ends included; `last` is `first - 1` for a place between two lines. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

export type MergeResult =
  | { readonly kind: 'merged'; readonly bytes: Buffer }
  /** Both sides changed the same or touching lines, and not in the same way. */
  | { readonly kind: 'overlap'; readonly places: readonly { readonly ours: LineRange; readonly theirs: LineRange }[] }
  | { readonly kind: 'unmergeable'; readonly reason: string };

/** A bigger file is not merged. */
export const mergeLimitBytes = 1024 * 1024;
/** How long one comparison may take. */
const compareTimeoutMs = 500;

/**
 * Brings two changes of one text together as git does: line by line, and only where no line that one side changed lies in
 * or beside lines that the other changed. Every byte of the result is one of `ours` or `theirs`; marks, encodings and
 * line endings are never converted, so files written in different ways are not merged. Pure, besides loading `diff`.
 */
export async function mergeText(base: Buffer, ours: Buffer, theirs: Buffer): Promise<MergeResult> {
  const sides = [base, ours, theirs];
  if (sides.some((bytes) => bytes.length > mergeLimitBytes)) return unmergeable('it is too big to be merged');
  const formats = sides.map(detectFormat);
  if (formats.some((format) => format === null)) return unmergeable('it is no text');
  // Plain ASCII is the same in all but UTF-16.
  const encodings = new Set(formats.flatMap((format) => (format === null || format.isAscii ? [] : [format.encoding])));
  const encoding = [...encodings][0] ?? 'utf8';
  const wide = isWide(encoding);
  if (encodings.size > 1 || (wide && formats.some((format) => format?.isAscii))) {
    return unmergeable('the two are written in different encodings');
  }

  const baseLines = linesOf(base, encoding);
  const ourLines = linesOf(ours, encoding);
  const theirLines = linesOf(theirs, encoding);
  const ourHunks = await hunksOf(baseLines, ourLines);
  const theirHunks = await hunksOf(baseLines, theirLines);
  if (ourHunks === null || theirHunks === null) return unmergeable('it was changed too much to be merged');
  const groups = groupsOf(ourHunks, theirHunks);
  const places: { ours: LineRange; theirs: LineRange }[] = [];
  const merged: string[] = [];
  let done = 0;
  for (const group of groups) {
    const inOurs = spanOf(group, ourHunks);
    const inTheirs = spanOf(group, theirHunks);
    const ourText = ourLines.slice(inOurs.from, inOurs.to);
    const theirText = theirLines.slice(inTheirs.from, inTheirs.to);
    merged.push(...baseLines.slice(done, group.from));
    done = group.to;
    if (!group.inTheirs) merged.push(...ourText);
    else if (!group.inOurs || sameLines(ourText, theirText)) merged.push(...theirText);
    else places.push({ ours: rangeOf(inOurs), theirs: rangeOf(inTheirs) });
  }
  merged.push(...baseLines.slice(done));
  if (places.length === 0) return { kind: 'merged', bytes: bytesOf(merged, encoding) };
  const newlines = new Set(formats.map((format) => format?.newline));
  if (newlines.size > 1) return unmergeable('the two have different line endings');
  return { kind: 'overlap', places };
}

/** What one side changed: lines `from` to `to` (exclusive) of the base became `sideFrom` to `sideTo` of the side. */
interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly sideFrom: number;
  readonly sideTo: number;
}

/** Lines of the base that are changed by one side, or by both in one another's reach. */
interface Group {
  readonly from: number;
  to: number;
  inOurs: boolean;
  inTheirs: boolean;
}

/** Null when the comparison takes too long. */
async function hunksOf(base: string[], side: string[]): Promise<Hunk[] | null> {
  const { diffArrays } = await import('diff');
  const parts = diffArrays(base, side, { timeout: compareTimeoutMs });
  if (parts === undefined) return null;
  const hunks: Hunk[] = [];
  let [at, sideAt] = [0, 0];
  for (const part of parts) {
    const count = part.value.length;
    if (!part.added && !part.removed) {
      at += count;
      sideAt += count;
      continue;
    }
    const next = { from: at, to: at, sideFrom: sideAt, sideTo: sideAt };
    if (part.removed) at = next.to = at + count;
    else sideAt = next.sideTo = sideAt + count;
    const last = hunks.at(-1);
    // A replacement comes as a removal and an addition.
    if (last !== undefined && last.to === next.from && last.sideTo === next.sideFrom) {
      hunks[hunks.length - 1] = { ...last, to: next.to, sideTo: next.sideTo };
    } else hunks.push(next);
  }
  return hunks;
}

function groupsOf(ours: readonly Hunk[], theirs: readonly Hunk[]): Group[] {
  const all = [
    ...ours.map((hunk) => ({ hunk, isOurs: true })),
    ...theirs.map((hunk) => ({ hunk, isOurs: false })),
  ].sort((a, b) => a.hunk.from - b.hunk.from || a.hunk.to - b.hunk.to);
  const groups: Group[] = [];
  for (const { hunk, isOurs } of all) {
    const last = groups.at(-1);
    if (last !== undefined && hunk.from <= last.to) {
      last.to = Math.max(last.to, hunk.to);
      last.inOurs ||= isOurs;
      last.inTheirs ||= !isOurs;
    } else groups.push({ from: hunk.from, to: hunk.to, inOurs: isOurs, inTheirs: !isOurs });
  }
  return groups;
}

/** Where the lines of a group lie in one side. */
function spanOf(group: Group, hunks: readonly Hunk[]): { from: number; to: number } {
  const shiftAt = (line: number, inclusive: boolean): number => {
    let shift = 0;
    for (const hunk of hunks) {
      if (inclusive ? hunk.to > line || hunk.from > line : hunk.from >= line) break;
      shift = hunk.sideTo - hunk.to;
    }
    return shift;
  };
  return { from: group.from + shiftAt(group.from, false), to: group.to + shiftAt(group.to, true) };
}

function rangeOf(span: { from: number; to: number }): LineRange {
  return { first: span.from + 1, last: span.to };
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

/** Lines with their endings and marks. What is not UTF-16 is cut byte by byte, so that nothing in it can be lost. */
function linesOf(bytes: Buffer, encoding: Encoding): string[] {
  const inOrder = encoding === 'utf16be' ? swapped(bytes) : bytes;
  return inOrder.toString(isWide(encoding) ? 'utf16le' : 'latin1').split(/(?<=\n)/);
}

function bytesOf(lines: readonly string[], encoding: Encoding): Buffer {
  const bytes = Buffer.from(lines.join(''), isWide(encoding) ? 'utf16le' : 'latin1');
  return encoding === 'utf16be' ? swapped(bytes) : bytes;
}

function isWide(encoding: Encoding): boolean {
  return encoding === 'utf16le' || encoding === 'utf16be';
}

function unmergeable(reason: string): MergeResult {
  return { kind: 'unmergeable', reason };
}
