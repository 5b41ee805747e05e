import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { figuresOf } from './bench-figures.js';

const block = Buffer.alloc(4 * 1_048_576, 'noise');

/** How much the rest of the machine disturbs a measurement: the same computation, timed again and again. */
export class NoiseProbe {
  private readonly samplesMs: number[] = [];
  private readonly waiting: number[] = [];

  /** Computes for some ten milliseconds. To be called while nothing that is measured runs. */
  sample(): void {
    this.waiting.push(othersRunnable());
    const startedMs = performance.now();
    createHash('sha256').update(block).digest();
    this.samplesMs.push(performance.now() - startedMs);
  }

  /** On a machine that does nothing else both factors are close to 1. */
  text(): string {
    const { count, p50Ms, p95Ms } = figuresOf(this.samplesMs);
    const leastMs = Math.min(...this.samplesMs);
    const times = (ms: number): string => (ms / leastMs).toFixed(1);
    const others = figuresOf(this.waiting);
    return `noise of the machine: one computation took p50 ${times(p50Ms)}, p95 ${times(p95Ms)} times its least; threads of others that wanted a core: p50 ${others.p50Ms}, p95 ${others.p95Ms} (n=${count})`;
  }
}

/** Threads of other programs that run or wait for a core at this moment; 0 where the system does not tell. */
function othersRunnable(): number {
  try {
    const running = Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[3]?.split('/')[0] ?? 1);
    return Math.max(0, running - 1);
  } catch {
    return 0;
  }
}
