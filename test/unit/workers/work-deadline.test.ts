import { describe, expect, it } from 'vitest';
import { HoldGate } from '../../../workers/hold-gate.js';
import { workDeadline } from '../../../workers/work-deadline.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

describe('the deadline of work', () => {
  it('is kept to the millisecond where nothing was held', () => {
    const clock = createFakeClock();
    const { signal } = workDeadline(60_000, new HoldGate(clock), clock);
    clock.advance(59_999);
    expect(signal.aborted).toBe(false);
    clock.advance(1);
    expect(signal.aborted).toBe(true);
  });

  it('does not count the time for which the chat held it', () => {
    const clock = createFakeClock();
    const gate = new HoldGate(clock);
    const { signal } = workDeadline(60_000, gate, clock);
    gate.hold();
    clock.advance(15_000);
    gate.resume();
    clock.advance(59_999);
    expect(signal.aborted).toBe(false);
    clock.advance(1);
    expect(signal.aborted).toBe(true);
  });

  it('comes at three times its length at the latest, with a chat that never ends', () => {
    const clock = createFakeClock();
    const gate = new HoldGate(clock);
    const { signal } = workDeadline(60_000, gate, clock);
    gate.hold();
    clock.advance(150_000);
    expect(signal.aborted).toBe(false);
    clock.advance(31_000);
    expect(signal.aborted).toBe(true);
  });

  it('says what is left, without the time that was held', () => {
    const clock = createFakeClock();
    const gate = new HoldGate(clock);
    const { leftMs } = workDeadline(60_000, gate, clock);
    clock.advance(10_000);
    expect(leftMs()).toBe(50_000);
    gate.hold();
    clock.advance(15_000);
    gate.resume();
    expect(leftMs()).toBe(50_000);
    clock.advance(70_000);
    expect(leftMs()).toBe(0);
  });

  it('leaves no timer when the work is over', () => {
    const clock = createFakeClock();
    workDeadline(60_000, new HoldGate(clock), clock).stop();
    expect(clock.pending()).toBe(0);
  });
});
