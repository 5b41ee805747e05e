import { describe, expect, it } from 'vitest';
import { WilsonError } from '../../../src/errors.js';
import { RunningTask } from '../../../src/supervisor/running-task.js';
import { sampleTask } from '../cli/sample-task.js';

const tooMuch = new WilsonError('MEMORY_EXCEEDED', 'The worker grew.');
const running = () => new RunningTask(sampleTask({ attempt: 2 }), 200, () => undefined);

describe('RunningTask', () => {
  it('is ended once, for the first reason', () => {
    const one = running();
    one.outgrew(tooMuch);
    one.stop('cancelled');
    expect(one.signal.reason).toBe(tooMuch);
    const other = running();
    other.stop('shutdown');
    other.outgrew(tooMuch);
    expect(other.signal.reason).toBe('shutdown');
  });

  it('keeps the result of a worker that grew at its very end, and can still be cancelled', () => {
    const one = running();
    one.delivers();
    one.outgrew(tooMuch);
    expect(one.signal.aborted).toBe(false);
    one.stop('cancelled');
    expect(one.signal.reason).toBe('cancelled');
  });

  it('has reserved something else when that was granted, and only then', async () => {
    const one = running();
    expect(one.reservedMb).toBe(200);
    expect(await one.resizes({ processMb: 900 }, Promise.resolve(false))).toBe(false);
    expect(one.reservedMb).toBe(200);
    expect(await one.resizes({ processMb: 900 }, Promise.resolve(true))).toBe(true);
    expect(one.reservedMb).toBe(900);
  });

  it('remembers the most that its worker took', () => {
    const one = running();
    for (const processMb of [100, 300, 200]) one.setMemory({ processMb });
    expect(one.peakMb).toBe(300);
    expect(one.view().memoryMb).toBe(200);
    one.workerGone();
    expect(one.view().memoryMb).toBeNull();
    expect(one.peakMb).toBe(300);
  });
});
