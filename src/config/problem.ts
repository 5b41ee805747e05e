import { editDistance } from './edit-distance.js';
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
    const distance = boundedDistance(plain(word), plain(candidate));
    if (distance <= Math.max(1, Math.floor(candidate.length / 3)) && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Longer texts are no slip of one another. */
function boundedDistance(a: string, b: string): number {
  return a.length > 64 || b.length > 64 ? Number.POSITIVE_INFINITY : editDistance(a, b);
}
