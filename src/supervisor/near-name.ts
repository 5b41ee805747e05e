import { editDistance } from '../config/edit-distance.js';

/**
 * The path among `candidates` that was most likely meant by `name`: the same name elsewhere, in other letters or with
 * another ending, one that only lacks its first words ("photo.png" for "my photo.png"), or one with a slip or two. Null
 * where none is near. Pure.
 */
export function nearestName(name: string, candidates: readonly string[]): string | null {
  const wanted = baseOf(name);
  let best: { path: string; distance: number } | null = null;
  for (const path of candidates) {
    const distance = distanceTo(wanted, baseOf(path));
    if (distance !== null && (best === null || distance < best.distance)) best = { path, distance };
  }
  return best?.path ?? null;
}

function baseOf(path: string): string {
  return (path.split('/').at(-1) ?? path).toLowerCase();
}

function stemOf(base: string): string {
  return base.replace(/\.[^.]*$/, '');
}

/** 0 for the same name; null for one that is too different. */
function distanceTo(wanted: string, base: string): number | null {
  if (base === wanted) return 0;
  if (stemOf(base) === stemOf(wanted)) return 0.5;
  if (base.endsWith(` ${wanted}`)) return 0.7;
  const slips = boundedDistance(stemOf(wanted), stemOf(base));
  // A third of a short name is already another name.
  return slips <= Math.max(1, Math.floor(stemOf(wanted).length / 4)) ? slips : null;
}

/** Texts of very different or great length are no slip of one another. */
function boundedDistance(a: string, b: string): number {
  const hopeless = Math.abs(a.length - b.length) > 8 || a.length > 200;
  return hopeless ? Number.POSITIVE_INFINITY : editDistance(a, b);
}
