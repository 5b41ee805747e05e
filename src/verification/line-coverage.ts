/** Lines of one file that hold code, and those of them that were run; sorted, from 1. */
export interface FileLines {
  readonly code: readonly number[];
  readonly run: readonly number[];
}

export type LinesByFile = ReadonlyMap<string, FileLines>;

/** A file, or a sum of files, in which nothing can be run has no coverage. */
export function percentOf(files: Iterable<FileLines>): number | null {
  let [run, code] = [0, 0];
  for (const lines of files) {
    run += lines.run.length;
    code += lines.code.length;
  }
  // Downwards: what is shown is never more than what was seen.
  return code === 0 ? null : Math.floor((run * 1_000) / code) / 10;
}

/** Whether at least `percent` of the lines were run, without rounding. */
export function reaches(percent: number, files: Iterable<FileLines>): boolean {
  let [run, code] = [0, 0];
  for (const lines of files) {
    run += lines.run.length;
    code += lines.code.length;
  }
  return code > 0 && run * 100 >= percent * code;
}

/** `todo.py 87.5% (35 of 40 lines; not run: 12-15, 22)` */
export function fileText(name: string, lines: FileLines): string {
  const percent = percentOf([lines]);
  if (percent === null) return `${name}: no code`;
  const seen = new Set(lines.run);
  const missing = lines.code.filter((line) => !seen.has(line));
  const counts = `${lines.run.length} of ${lines.code.length} lines`;
  if (missing.length === 0) return `${name} ${percent}% (${counts})`;
  return `${name} ${percent}% (${counts}; not run: ${rangesText(missing, lines.code)})`;
}

const rangesLimit = 20;

/** Lines as ranges; those between which no code lies run together. */
function rangesText(missing: readonly number[], code: readonly number[]): string {
  const position = new Map(code.map((line, index) => [line, index]));
  const ranges: [number, number][] = [];
  for (const line of missing) {
    const last = ranges.at(-1);
    if (last !== undefined && position.get(last[1]) === (position.get(line) ?? 0) - 1) last[1] = line;
    else ranges.push([line, line]);
  }
  const texts = ranges.slice(0, rangesLimit).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  return ranges.length > rangesLimit ? `${texts.join(', ')} and more` : texts.join(', ');
}

/** The union of what several runs saw; a line is code where any of them says so. */
export function mergeLines(maps: readonly LinesByFile[]): Map<string, FileLines> {
  const merged = new Map<string, FileLines>();
  for (const map of maps) {
    for (const [name, lines] of map) {
      const known = merged.get(name);
      merged.set(
        name,
        known === undefined ? lines : { code: union(known.code, lines.code), run: union(known.run, lines.run) },
      );
    }
  }
  return merged;
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((one, other) => one - other);
}
