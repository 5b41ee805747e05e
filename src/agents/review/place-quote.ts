import type { DiffFile } from './parse-diff.js';

export interface QuotePlace {
  readonly file: string;
  /** Null for a line that was removed. */
  readonly line: number | null;
}

/** Shorter quotes, such as `}` or `else:`, are found anywhere and prove nothing. */
const leastQuote = 4;
/** Share of letter pairs that a quote and a line must have in common when the quote is not exact. */
const leastLikeness = 0.8;

/**
 * Where a line that a model copied stands in a diff; null when no line of it is like that. Added lines win over the others,
 * exact ones over ones that hold the quote, those over similar ones. `near` is a line number that the model named, which
 * decides between equal ones. Pure.
 */
export function placeQuote(
  files: readonly DiffFile[],
  quote: string,
  hint: { readonly file?: string; readonly near?: number } = {},
): QuotePlace | null {
  const wanted = squeeze(firstLine(quote));
  if (wanted.length < leastQuote) return null;
  const named = files.filter(({ path }) => hint.file !== undefined && samePath(path, hint.file));
  let best: { place: QuotePlace; score: number; distance: number } | null = null;
  for (const file of named.length > 0 ? named : files) {
    for (const { kind, text, line } of file.hunks.flat()) {
      const likeness = likenessOf(wanted, squeeze(text));
      if (likeness === 0) continue;
      const score = likeness + (kind === 'added' ? 0.15 : kind === 'context' ? 0.05 : 0);
      const distance = hint.near === undefined || line === null ? Number.POSITIVE_INFINITY : Math.abs(line - hint.near);
      if (best === null || score > best.score || (score === best.score && distance < best.distance)) {
        best = { place: { file: file.path, line }, score, distance };
      }
    }
  }
  return best?.place ?? null;
}

/** Whether a name that a model wrote means this path. */
export function samePath(path: string, named: string): boolean {
  const plain = named.replace(/^(?:\.\/|[ab]\/)/, '');
  return path === plain || path.endsWith(`/${plain}`);
}

function likenessOf(wanted: string, line: string): number {
  if (line.length < leastQuote) return 0;
  if (line === wanted) return 1;
  if (wanted.length >= 8 && line.includes(wanted)) return 0.95;
  // Models copy a line with what follows it, or with a word before it.
  if (line.length >= 8 && wanted.includes(line)) return 0.9;
  const likeness = dice(pairs(wanted), pairs(line));
  return likeness >= leastLikeness ? likeness * 0.9 : 0;
}

function dice(one: readonly string[], other: readonly string[]): number {
  const left = new Map<string, number>();
  for (const pair of other) left.set(pair, (left.get(pair) ?? 0) + 1);
  let common = 0;
  for (const pair of one) {
    const count = left.get(pair) ?? 0;
    if (count === 0) continue;
    left.set(pair, count - 1);
    common += 1;
  }
  return (2 * common) / (one.length + other.length);
}

function pairs(text: string): string[] {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2));
}

/** Without the marks that a copy of a diff or of a code fence carries. */
function firstLine(quote: string): string {
  const lines = quote.split('\n').map((line) => line.trim().replace(/^[+`]+\s?|`+$/g, ''));
  return lines.find((line) => line.trim().length >= leastQuote) ?? '';
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
