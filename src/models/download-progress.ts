/** How far the fetch of a model is. */
export interface DownloadProgress {
  readonly phase: 'connecting' | 'downloading' | 'verifying';
  readonly receivedBytes: number;
  readonly totalBytes: number;
  /** Over the last seconds; null until there is something to measure. */
  readonly bytesPerSecond: number | null;
  readonly secondsLeft: number | null;
  /** Where the bytes come from, for people: `Hugging Face`, `pip`, `another wilson (process 4711)`. */
  readonly source: string;
}

const barCells = 10;

/**
 * One line without colours or a line end: `[#####     ] 45% 221 of 491 MB, 12 MB/s, 22 s left`. Megabytes are 10^6
 * bytes, as hubs count them.
 */
export function renderProgress(progress: DownloadProgress): string {
  const { receivedBytes, totalBytes } = progress;
  const fraction = totalBytes <= 0 ? 0 : Math.min(1, receivedBytes / totalBytes);
  const filled = scaled(fraction, barCells);
  const bar = `[${'#'.repeat(filled)}${' '.repeat(barCells - filled)}] ${scaled(fraction, 100)}%`;
  if (progress.phase === 'connecting') return `${bar} connecting to ${progress.source}`;
  const amount = `${megabytes(receivedBytes)} of ${megabytes(totalBytes)} MB`;
  if (progress.phase === 'verifying') return `${bar} checking ${amount}`;
  const rate = progress.bytesPerSecond === null ? '' : `, ${rateText(progress.bytesPerSecond)}`;
  const left = progress.secondsLeft === null ? '' : `, ${durationText(progress.secondsLeft)} left`;
  return `${bar} ${amount}${rate}${left}`;
}

/** Rounded, but full only when nothing is missing. */
function scaled(fraction: number, most: number): number {
  return fraction >= 1 ? most : Math.min(most - 1, Math.round(fraction * most));
}

function megabytes(bytes: number): string {
  return String(Math.round(bytes / 1e6));
}

function rateText(bytesPerSecond: number): string {
  const rate = bytesPerSecond / 1e6;
  return rate >= 10 ? `${Math.round(rate)} MB/s` : `${rate.toFixed(1)} MB/s`;
}

function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

/** Computes the rate over a sliding window, so that a pause or a resumed part does not distort it. */
export class RateMeter {
  readonly #samples: { atMs: number; bytes: number }[] = [];

  constructor(private readonly windowMs = 5_000) {}

  /** Notes the bytes received in all at a monotonic time in milliseconds. */
  add(atMs: number, bytes: number): void {
    const last = this.#samples.at(-1);
    // Fewer bytes than before: the source was changed or the part thrown away, so what was measured is void.
    if (last !== undefined && bytes < last.bytes) this.#samples.length = 0;
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= this.windowMs) this.#samples.shift();
  }

  /** Bytes per second, or null while less than half a second has been seen. */
  get bytesPerSecond(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.atMs - first.atMs < 500) return null;
    return ((last.bytes - first.bytes) * 1_000) / (last.atMs - first.atMs);
  }

  /** Seconds until `totalBytes`, or null where the rate is unknown or zero. */
  secondsLeft(totalBytes: number): number | null {
    const rate = this.bytesPerSecond;
    const last = this.#samples.at(-1);
    if (rate === null || rate <= 0 || last === undefined) return null;
    return Math.max(0, (totalBytes - last.bytes) / rate);
  }
}
