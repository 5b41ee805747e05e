import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { gapMs, type MemorySample, startMemorySampler } from '../../../src/supervisor/memory-sampler.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

describe('gapMs', () => {
  it('is the usual one, a longer one after a dear sample, and never so long that a worker grows unseen', () => {
    expect(gapMs(500, 2)).toBe(500);
    expect(gapMs(500, 40)).toBe(800);
    expect(gapMs(500, 300)).toBe(1_000);
    // Whoever wants fewer samples gets fewer.
    expect(gapMs(5_000, 300)).toBe(5_000);
  });
});

describe('startMemorySampler', () => {
  it('samples a process that is there, with all it started', async () => {
    const sample = await new Promise<MemorySample>((resolve, reject) => {
      const stop = startMemorySampler({
        pid: process.pid,
        clock: systemClock,
        everyMs: 10,
        onSample: (seen) => {
          stop();
          resolve(seen);
        },
        onFault: reject,
      });
    });
    expect(sample.rootMb).toBeGreaterThan(10);
    expect(sample.processMb).toBeGreaterThanOrEqual(sample.rootMb);
  });

  it('sets no timer once it is stopped', () => {
    const clock = createFakeClock();
    const stop = startMemorySampler({
      pid: process.pid,
      clock,
      everyMs: 500,
      onSample: () => undefined,
      onFault: () => undefined,
    });
    expect(clock.pending()).toBe(1);
    stop();
    expect(clock.pending()).toBe(0);
  });
});
