import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryTimeline } from '../../../src/supervisor/memory-timeline.js';

describe('MemoryTimeline', () => {
  it('keeps the highest sample of each half second, and says where there was none', () => {
    const timeline = new MemoryTimeline(10_000);
    for (const [atMs, mb] of [
      [10_000, 50],
      [10_499, 40],
      [10_500, 60],
      [11_700, 70],
    ] as const) {
      timeline.add(atMs, mb);
    }
    expect(timeline.record()).toEqual({ stepMs: 500, mb: [50, 60, null, 70] });
  });

  it('makes each two steps one when they are full', () => {
    const timeline = new MemoryTimeline(0);
    for (let step = 0; step <= 60; step += 1) timeline.add(step * 500, step);
    const { stepMs, mb } = timeline.record();
    expect(stepMs).toBe(1_000);
    expect(mb).toHaveLength(31);
    expect(mb.slice(0, 3)).toEqual([1, 3, 5]);
    expect(mb.at(-1)).toBe(60);
  });

  it('gives a record that later samples do not change', () => {
    const timeline = new MemoryTimeline(0);
    timeline.add(0, 1);
    const before = timeline.record();
    timeline.add(100, 2);
    expect(before.mb).toEqual([1]);
  });

  it('takes a sample from before the start, of a clock that was read too late, for one of the start', () => {
    const timeline = new MemoryTimeline(1_000);
    timeline.add(990, 5);
    expect(timeline.record().mb).toEqual([5]);
  });

  it('loses no peak and takes at most sixty steps, for a second as for a day', () => {
    const gapMs = fc.oneof(
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: 60_000, max: 3_600_000 }),
      fc.constant(500),
    );
    const samples = fc.array(fc.tuple(gapMs, fc.integer({ min: 0, max: 100_000 })), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(samples, (list) => {
        const timeline = new MemoryTimeline(0);
        const taken: { atMs: number; mb: number }[] = [];
        let atMs = 0;
        for (const [delayMs, mb] of list) {
          atMs += delayMs;
          taken.push({ atMs, mb });
          timeline.add(atMs, mb);
        }
        const { stepMs, mb } = timeline.record();
        expect(mb.length).toBeLessThanOrEqual(60);
        expect(mb).toHaveLength(Math.floor(atMs / stepMs) + 1);
        // No step is longer than it had to be: half of it would not have been enough.
        if (stepMs > 500) expect(Math.floor(atMs / (stepMs / 2))).toBeGreaterThanOrEqual(60);
        // Each step is the highest of the samples of its time, and of no others.
        const expected: (number | null)[] = mb.map(() => null);
        for (const sample of taken) {
          const step = Math.floor(sample.atMs / stepMs);
          expected[step] = Math.max(expected[step] ?? 0, sample.mb);
        }
        expect(mb).toEqual(expected);
      }),
    );
  });
});
