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
  const slips = editDistance(stemOf(wanted), stemOf(base));
  // A third of a short name is already another name.
  return slips <= Math.max(1, Math.floor(stemOf(wanted).length / 4)) ? slips : null;
}

/** Insertions, deletions, replacements and swaps of neighbours that make one text out of the other. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 200) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? Number.POSITIVE_INFINITY;
}
