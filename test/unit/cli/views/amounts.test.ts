import { describe, expect, it } from 'vitest';
import {
  ageText,
  countText,
  durationText,
  memoryText,
  percentText,
  plural,
  sizeText,
} from '../../../../src/cli/views/amounts.js';

describe('amounts', () => {
  it.each([
    [92, '92 MB'],
    [999.4, '999 MB'],
    [999.6, '1.0 GB'],
    [1_000, '1.0 GB'],
    [8_294, '8.1 GB'],
    [0, '0 MB'],
    [null, '-'],
  ])('%s MB is %s', (megabytes, text) => {
    expect(memoryText(megabytes)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [312, '312 B'],
    [4_096, '4.0 KB'],
    [491_400_064, '469 MB'],
    [4_661_224_676, '4.3 GB'],
    [null, '-'],
  ])('%s bytes are %s', (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [340, '340 ms'],
    [8_123, '8.1 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [125_000, '2 min 5 s'],
    [11_400_000, '3 h 10 min'],
    [187_200_000, '2 d 4 h'],
    [-5, '0 ms'],
    [null, '-'],
  ])('%s ms are %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    [-1, 'now'],
    [4_000, 'now'],
    [12_000, '12 s ago'],
    [200_000, '3 min ago'],
    [18_000_000, '5 h ago'],
    [345_600_000, '4 d ago'],
  ])('%s ms ago is %s', (ms, text) => {
    expect(ageText(ms)).toBe(text);
  });

  it('says 100% only of what is whole', () => {
    expect([0, 0.6, 0.999, 1, null].map(percentText)).toEqual(['0%', '60%', '99%', '100%', '-']);
  });

  it('counts', () => {
    expect([countText(1_234_567), countText(999), plural(1, 'task'), plural(0, 'task')]).toEqual([
      '1,234,567',
      '999',
      '1 task',
      '0 tasks',
    ]);
  });
});
