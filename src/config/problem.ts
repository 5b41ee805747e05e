/** A place inside a configuration: the keys from the top down. */
export type KeyPath = readonly (string | number)[];

/** One thing that is wrong in a configuration, before it is known on which line. */
export interface Problem {
  readonly path: KeyPath;
  /** Without the key and the file, e.g. `found 0; allowed: a whole number from 1 to 64`. */
  readonly text: string;
  /** True where the key itself is wrong and not its value. */
  readonly aboutKey?: boolean;
}

/** `llms.chat.model`; the top itself is `(top)`. */
export function keyText(path: KeyPath): string {
  return path.length === 0 ? '(top)' : path.join('.');
}

/** A value as it is quoted in an error: short, on one line, without control codes. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return String(value);
  const quoted = JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
  // JSON leaves DEL and the C1 codes as they are; some terminals act on them.
  return quoted.replace(/[\u007f-\u009f]/g, '?');
}

/** The candidate that was probably meant, or null when nothing is near. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(plain(word), plain(candidate));
    if (distance <= Math.max(1, Math.floor(candidate.length / 3)) && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Single-character insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return Number.POSITIVE_INFINITY;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforePrevious[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
