import { describe, expect, it } from 'vitest';
import type { MemoryUse } from '../../../src/store/memory-use.js';
import { admit, keepFreeMb, type MemoryLimits } from '../../../src/supervisor/admission.js';
import type { TaskNeed } from '../../../src/supervisor/port.js';
import { needOf } from '../../helpers/stand-in-model.js';

const nothing: MemoryUse = { chatsMb: 0, workersMb: 0, models: [], promisedMb: 0 };
const limits: MemoryLimits = { maxMemoryMb: 16_384, permanent: nothing, availableMb: null, totalMb: 32_000 };
const coder: TaskNeed = {
  processMb: 200,
  model: { key: 'coder', memoryMb: 9_310 },
  parts: 'worker 200 MB + qwen2.5-coder:14b 9,310 MB',
  basis: 'metadata',
};

describe('admit', () => {
  it('lets in what just fits, and not one megabyte more', () => {
    const use = { ...nothing, workersMb: 16_384 - 9_510 };
    expect(admit(use, coder, limits)).toEqual({ fits: true });
    expect(admit({ ...use, chatsMb: 1 }, coder, limits)).toEqual({
      fits: false,
      never: false,
      detail: 'needs 9,510 MB (worker 200 MB + qwen2.5-coder:14b 9,310 MB); 6,875 MB of 16,384 MB are taken',
      sum: { needMb: 9_510, takenMb: 6_875, ceilingMb: 16_384, availableMb: null },
    });
  });

  it('counts a model that others have as theirs, and the part by which it is larger for this task', () => {
    const use = { ...nothing, workersMb: 7_000, models: [{ key: 'coder', memoryMb: 9_000 }] };
    const admission = admit(use, coder, limits);
    expect(admission).toMatchObject({ fits: false, sum: { needMb: 200 + 310, takenMb: 16_000 } });
    expect(admit({ ...use, workersMb: 6_874 }, coder, limits)).toEqual({ fits: true });
  });

  it('says what the machine has left in steps of 128 MB, after the promises and what is kept free', () => {
    const use = { ...nothing, workersMb: 900, promisedMb: 700 };
    const at = (availableMb: number) => admit(use, needOf(600), { ...limits, availableMb });
    expect(at(700 + keepFreeMb + 600)).toEqual({ fits: true });
    expect(at(700 + keepFreeMb + 599)).toEqual({
      fits: false,
      never: false,
      detail: 'needs 600 MB (worker 600 MB); the machine has only about 512 MB left beside what runs',
      sum: { needMb: 600, takenMb: 900, ceilingMb: 16_384, availableMb: 512 },
    });
    // A machine that breathes is no news.
    expect(at(700 + keepFreeMb + 520)).toEqual(at(700 + keepFreeMb + 599));
    expect(at(10)).toMatchObject({ detail: expect.stringContaining('only about 0 MB left'), sum: { availableMb: 0 } });
  });

  it('says never where the ceiling is too low for it alone, and what the chat keeps of it', () => {
    expect(admit(nothing, needOf(17_000), limits)).toMatchObject({
      never: true,
      detail: 'needs 17,000 MB (worker 17,000 MB); Wilson may take 16,384 MB',
    });
    const permanent = { ...nothing, chatsMb: 1_384 };
    expect(admit(permanent, needOf(15_001), { ...limits, permanent })).toMatchObject({
      never: true,
      detail: 'needs 15,001 MB (worker 15,001 MB); Wilson may take 16,384 MB and the chat keeps 1,384 MB',
    });
    expect(admit(permanent, needOf(15_000), { ...limits, permanent })).toEqual({ fits: true });
  });

  it('says never where the machine is too small for it', () => {
    expect(admit(nothing, needOf(9_000), { ...limits, totalMb: 8_000 })).toMatchObject({
      never: true,
      detail: 'needs 9,000 MB (worker 9,000 MB); this machine has 8,000 MB',
    });
  });

  it('shares the model of the chat, which costs a task nothing more', () => {
    const permanent = { ...nothing, models: [{ key: 'coder', memoryMb: 9_310 }] };
    const tight = { ...limits, permanent, maxMemoryMb: 9_510 };
    expect(admit(permanent, coder, tight)).toEqual({ fits: true });
    expect(admit(permanent, { ...coder, processMb: 201 }, tight)).toMatchObject({ never: true });
  });

  it('lets a worker of another session be in the way, but never for good', () => {
    expect(admit({ ...nothing, workersMb: 16_000 }, needOf(16_000), limits)).toMatchObject({ never: false });
  });
});
