/** Lowest to highest. */
const blocks = '▁▂▃▄▅▆▇█';
const ascii = '.:-=+*#@';

export interface PlotOptions {
  /** What a full column stands for; an empty one stands for nothing at all. */
  readonly topMb: number;
  /** Steps are put together, each column the highest of its steps, until so many are left. */
  readonly columns: number;
  readonly ascii: boolean;
}

/**
 * Memory over time in one line of at most `columns` characters. Between two samples the last one counts; before the first
 * there is nothing to draw. Empty where there was none. Pure.
 */
export function memoryPlot(steps: readonly (number | null)[], { topMb, columns, ascii: plain }: PlotOptions): string {
  const levels = plain ? ascii : blocks;
  const amounts = drawable(steps);
  const count = Math.min(amounts.length, Math.max(1, columns));
  return Array.from({ length: count }, (_, column) => {
    const first = Math.floor((column * amounts.length) / count);
    const end = Math.floor(((column + 1) * amounts.length) / count);
    const share = topMb > 0 ? Math.max(...amounts.slice(first, end)) / topMb : 0;
    return levels[Math.min(levels.length, Math.max(1, Math.ceil(share * levels.length))) - 1];
  }).join('');
}

/** The highest of all samples in MB; null where there was none. Pure. */
export function peakOf(steps: readonly (number | null)[]): number | null {
  const amounts = steps.filter((amount) => amount !== null);
  return amounts.length === 0 ? null : Math.max(...amounts);
}

function drawable(steps: readonly (number | null)[]): number[] {
  const amounts: number[] = [];
  for (const step of steps) {
    const amount = step ?? amounts.at(-1);
    if (amount !== undefined) amounts.push(amount);
  }
  return amounts;
}
