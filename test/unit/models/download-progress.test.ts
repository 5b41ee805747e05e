import { describe, expect, it } from 'vitest';
import { type DownloadProgress, RateMeter, renderProgress } from '../../../src/models/download-progress.js';

const at = (more: Partial<DownloadProgress>): string =>
  renderProgress({
    phase: 'downloading',
    receivedBytes: 221_400_000,
    totalBytes: 491_400_064,
    bytesPerSecond: 12_300_000,
    secondsLeft: 22.4,
    source: 'Hugging Face',
    ...more,
  });

describe('the progress line', () => {
  it('shows share, bytes, rate and time left', () => {
    expect(at({})).toBe('[#####     ] 45% 221 of 491 MB, 12 MB/s, 22 s left');
  });

  it('leaves out what is not known', () => {
    expect(at({ bytesPerSecond: null, secondsLeft: null })).toBe('[#####     ] 45% 221 of 491 MB');
    expect(at({ phase: 'connecting', receivedBytes: 0 })).toBe('[          ] 0% connecting to Hugging Face');
    expect(at({ phase: 'verifying' })).toBe('[#####     ] 45% checking 221 of 491 MB');
  });

  it('keeps its form at the ends', () => {
    expect(at({ receivedBytes: 491_400_064 })).toMatch(/^\[#{10}\] 100% /);
    expect(at({ receivedBytes: 491_400_063 })).toMatch(/^\[#{9} \] 99% /);
    expect(at({ receivedBytes: 600_000_000 })).toMatch(/^\[#{10}\] 100% /);
    expect(at({ totalBytes: 0, receivedBytes: 0 })).toMatch(/^\[ {10}\] 0% /);
    expect(at({ bytesPerSecond: 450_000, secondsLeft: 600 })).toMatch(/0\.5 MB\/s, 10 min left$/);
    expect(at({ secondsLeft: 7_200 })).toMatch(/2\.0 h left$/);
  });
});

describe('the rate', () => {
  it('is unknown at first, then that of the last seconds', () => {
    const meter = new RateMeter(5_000);
    meter.add(0, 0);
    expect([meter.bytesPerSecond, meter.secondsLeft(100)]).toEqual([null, null]);
    for (let second = 1; second <= 20; second++) meter.add(second * 1_000, second * 1_000);
    expect(meter.bytesPerSecond).toBe(1_000);
    for (let second = 21; second <= 30; second++) meter.add(second * 1_000, 20_000 + (second - 20) * 4_000);
    expect(meter.bytesPerSecond).toBe(4_000);
    expect(meter.secondsLeft(100_000)).toBe(10);
  });

  it('starts anew when bytes were thrown away, and names no time while nothing comes', () => {
    const meter = new RateMeter();
    meter.add(0, 0);
    meter.add(1_000, 9_000);
    meter.add(1_100, 100);
    expect(meter.bytesPerSecond).toBeNull();
    meter.add(2_100, 100);
    expect([meter.bytesPerSecond, meter.secondsLeft(1_000)]).toEqual([0, null]);
  });
});
