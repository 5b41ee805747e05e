import type { Clock, Timer } from '../clock.js';
import { treeMemory } from '../platform/process-memory.js';

export interface MemorySample {
  /** The worker and all it started. */
  readonly processMb: number;
  /** The worker's own process alone. */
  readonly rootMb: number;
  readonly kind: 'pss' | 'rss';
}

export interface MemorySamplerOptions {
  readonly pid: number;
  readonly clock: Clock;
  /** Time between two samples, unless they are dear. */
  readonly everyMs: number;
  onSample(sample: MemorySample): void;
  /** A probe that fails means "unknown"; it says nothing about the worker (facts, scenario 15). */
  onFault(error: unknown): void;
}

/** The kernel counts each page of a large process: sampling takes at most a twentieth of the time. */
const costShare = 20;
/** A worker that grows is stopped within two seconds: it is looked at in time, however long a look takes on a busy machine. */
const longestGapMs = 1_000;
const megabyte = 1_048_576;

/** Time until the next sample after one that took `costMs`. Pure. */
export function gapMs(everyMs: number, costMs: number): number {
  return Math.max(everyMs, Math.min(costMs * costShare, longestGapMs));
}

/** Samples the memory of a process tree until the returned function is called. */
export function startMemorySampler(options: MemorySamplerOptions): () => void {
  const { clock } = options;
  let timer: Timer | null = null;
  let stopped = false;
  const next = (delayMs: number): void => {
    if (!stopped) timer = clock.after(delayMs, () => void look());
  };
  const look = async (): Promise<void> => {
    const startedMs = clock.monotonicMs();
    try {
      const memory = await treeMemory(options.pid);
      if (memory !== null && !stopped) {
        options.onSample({
          processMb: Math.round(memory.bytes / megabyte),
          rootMb: Math.round(memory.rootBytes / megabyte),
          kind: memory.kind,
        });
      }
    } catch (error) {
      options.onFault(error);
    }
    next(gapMs(options.everyMs, clock.monotonicMs() - startedMs));
  };
  next(options.everyMs);
  return () => {
    stopped = true;
    timer?.cancel();
  };
}
