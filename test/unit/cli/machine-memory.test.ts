import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { machineMemoryMb, memoryWithinLimit } from '../../../src/cli/machine-memory.js';

const gigabyte = 1024 ** 3;

it.each([
  ['no limit is known', undefined, 16_384],
  ['the limit is 0', 0, 16_384],
  ['the limit is that of an unlimited cgroup', 18_446_744_073_709_552_000, 16_384],
  ['a container limits it', 4 * gigabyte, 4_096],
])('counts the machine when %s', (_when, limitBytes, expectedMb) => {
  expect(memoryWithinLimit(16 * gigabyte, limitBytes)).toBe(expectedMb);
});

it('is more than nothing and at most what the machine has', () => {
  expect(machineMemoryMb()).toBeGreaterThan(256);
  expect(machineMemoryMb()).toBeLessThanOrEqual(totalmem() / 1024 ** 2);
});
