import { createHash } from 'node:crypto';
import { figuresOf } from './bench-figures.js';

const block = Buffer.alloc(4 * 1_048_576, 'noise');

/** How much the rest of the machine disturbs a measurement: the same computation, timed again and again. */
export class NoiseProbe {
  private readonly samplesMs: number[] = [];

  /** Computes for some ten milliseconds. */
  sample(): void {
    const startedMs = performance.now();
    createHash('sha256').update(block).digest();
    this.samplesMs.push(performance.now() - startedMs);
  }

  /** On a machine that does nothing else both factors are close to 1. */
  text(): string {
    const { count, p50Ms, p95Ms } = figuresOf(this.samplesMs);
    const leastMs = Math.min(...this.samplesMs);
    const times = (ms: number): string => (ms / leastMs).toFixed(1);
    return `noise of the machine: one computation took p50 ${times(p50Ms)}, p95 ${times(p95Ms)} times its least (n=${count})`;
  }
}
