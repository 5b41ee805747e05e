/** Quantiles of measured times and the way a benchmark reports them. */

export interface Figures {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export function figuresOf(samplesMs: readonly number[]): Figures {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  const at = (quantile: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(quantile * sorted.length) - 1)] ?? Number.NaN;
  return { count: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}

export function figuresLine(name: string, figures: Figures): string {
  const { count, p50Ms, p95Ms, p99Ms, maxMs } = figures;
  const ms = (value: number): string => `${value.toFixed(1)} ms`;
  return `${name}: n=${count}  p50 ${ms(p50Ms)}  p95 ${ms(p95Ms)}  p99 ${ms(p99Ms)}  max ${ms(maxMs)}`;
}

/** Prints a goal with what was measured; a missed goal makes the process exit with 1. */
export function goal(text: string, measured: number, limit: number, unit: string): void {
  const met = measured <= limit;
  console.log(`${met ? 'met   ' : 'MISSED'} ${text}: ${measured.toFixed(2)} ${unit} (goal: at most ${limit} ${unit})`);
  if (!met) process.exitCode = 1;
}
