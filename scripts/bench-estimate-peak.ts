import { readFileSync } from 'node:fs';
import { systemClock } from '../src/clock.js';
import { readPss } from '../src/platform/process-memory.js';

/** The most memory that a process has had, in MB. */
export interface Peak {
  /** The kernel's own high-water mark, which no sampling can miss. Counts shared pages in full, as if alone. */
  readonly residentMb: number;
  /** Of PSS, read every 100 ms: smaller where other processes use the same file or program. */
  readonly sampledMb: number;
}

const everyMs = 100;
const kilobytesPerMb = 1_024;

/** Watches a process until `stop`, which must come before it ends. */
export function watchPeak(pid: number): { stop(): Peak } {
  let sampledMb = 0;
  let stopped = false;
  const sample = async (): Promise<void> => {
    const bytes = await readPss(pid);
    if (bytes !== null) sampledMb = Math.max(sampledMb, bytes / 1_048_576);
    if (!stopped) systemClock.after(everyMs, () => void sample());
  };
  void sample();
  return {
    stop: () => {
      stopped = true;
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const highWater = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      if (highWater === undefined) throw new Error(`The kernel does not tell the peak of process ${pid}`);
      return { residentMb: Number(highWater) / kilobytesPerMb, sampledMb };
    },
  };
}
