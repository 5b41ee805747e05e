import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { profileNames } from '../../../src/config/profiles.js';
import { packageFolder } from '../../../src/config/source.js';
import { hasRoomFor, profileMemory, suggestProfile } from '../../../src/config/suggest-profile.js';

describe('the table of profiles', () => {
  it('has each packaged profile with its own max_memory_mb, smallest first', () => {
    expect(profileMemory.map(({ name }) => name).sort()).toEqual(profileNames());
    for (const { name, maxMemoryMb } of profileMemory) {
      const file = join(packageFolder(), `config-${name}.yaml`);
      expect([name, parseConfig(readFileSync(file, 'utf8'), file).resources.maxMemoryMb]).toEqual([name, maxMemoryMb]);
    }
    const sizes = profileMemory.map(({ maxMemoryMb }) => maxMemoryMb);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  });
});

describe('suggestProfile', () => {
  it.each([
    [3_900, null],
    [7_372, null],
    // What machines sold with 8, 16, 24, 32 and 64 GB show.
    [7_850, 'lowend'],
    [8_192, 'lowend'],
    [15_660, 'midrange'],
    [16_384, 'midrange'],
    [23_500, 'midrange'],
    [31_900, 'highend'],
    [64_200, 'cloud'],
    [257_000, 'cloud'],
  ])('of a machine that shows %i MB is %s', (totalMb, name) => {
    expect(suggestProfile(totalMb)?.name ?? null).toBe(name);
  });

  it('never needs more than the machine was sold with, and never is smaller than one that would fit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (totalMb) => {
        const chosenMb = suggestProfile(totalMb)?.maxMemoryMb ?? 0;
        expect(chosenMb).toBeLessThanOrEqual(totalMb / 0.9);
        for (const { maxMemoryMb } of profileMemory) {
          if (hasRoomFor(maxMemoryMb, totalMb)) expect(chosenMb).toBeGreaterThanOrEqual(maxMemoryMb);
        }
      }),
    );
  });
});
