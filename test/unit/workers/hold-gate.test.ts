import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldGate } from '../../../workers/hold-gate.js';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.js';

const limits = { longestHoldMs: 20_000, leastRunMs: 10_000 };
const never = new AbortController().signal;

function gateAt(clock: FakeClock): HoldGate {
  return new HoldGate(clock, limits);
}

/** Lets what waits for the gate have its turn. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a gate', () => {
  it('is open until it is told to hold, and again after', async () => {
    const gate = gateAt(createFakeClock());
    await gate.passage(never);
    gate.hold();
    let passed = false;
    const passing = gate.passage(never).then(() => {
      passed = true;
    });
    await turn();
    expect(passed).toBe(false);
    gate.resume();
    await passing;
    expect(gate.isHeld).toBe(false);
  });

  it('holds no longer than its bound, and then lets run for its share before it holds again', () => {
    const clock = createFakeClock();
    const gate = gateAt(clock);
    gate.hold();
    clock.advance(19_999);
    expect(gate.isHeld).toBe(true);
    clock.advance(1);
    expect(gate.isHeld).toBe(false);
    clock.advance(9_999);
    expect(gate.isHeld).toBe(false);
    clock.advance(1);
    expect(gate.isHeld).toBe(true);
    expect(gate.heldMs()).toBe(20_000);
  });

  it('takes turns with hardly a pause between them for one', () => {
    const clock = createFakeClock();
    const gate = gateAt(clock);
    let heldMs = 0;
    for (let turns = 0; turns < 100 && !(gate.isHeld === false && heldMs > 0); turns += 1) {
      gate.hold();
      clock.advance(1_900);
      if (!gate.isHeld) break;
      heldMs += 1_900;
      gate.resume();
      clock.advance(100);
      gate.hold();
    }
    expect(heldMs).toBeGreaterThan(18_000);
    expect(heldMs).toBeLessThanOrEqual(24_000);
    gate.resume();
    gate.hold();
    expect(gate.isHeld).toBe(false);
  });

  it('forgets a short hold after a short while', () => {
    const clock = createFakeClock();
    const gate = gateAt(clock);
    for (let turns = 0; turns < 50; turns += 1) {
      gate.hold();
      clock.advance(6_000);
      expect(gate.isHeld).toBe(true);
      gate.resume();
      clock.advance(3_000);
    }
    expect(gate.heldMs()).toBe(300_000);
  });

  it('lets nobody pass whose work was stopped, held or not', async () => {
    const gate = gateAt(createFakeClock());
    const work = new AbortController();
    gate.hold();
    const passing = gate.passage(work.signal);
    work.abort('SIGTERM');
    await expect(passing).rejects.toMatchObject({ code: 'ABORTED' });
    gate.resume();
    await expect(gate.passage(work.signal)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('tells that it closes, each time, and at once where it is closed', () => {
    const gate = gateAt(createFakeClock());
    let closings = 0;
    const stop = gate.onClose(() => {
      closings += 1;
    });
    gate.hold();
    gate.hold();
    gate.resume();
    gate.hold();
    expect(closings).toBe(2);
    gate.onClose(() => {
      closings += 10;
    });
    expect(closings).toBe(12);
    gate.resume();
    stop();
    gate.hold();
    expect(closings).toBe(22);
  });

  it('stays open for a request that runs through, and closes after it', () => {
    const clock = createFakeClock();
    const gate = gateAt(clock);
    gate.hold();
    const end = gate.runThrough();
    expect(gate.isHeld).toBe(false);
    gate.resume();
    gate.hold();
    clock.advance(60_000);
    expect(gate.isHeld).toBe(false);
    end();
    expect(gate.isHeld).toBe(true);
    gate.resume();
    gate.runThrough()();
    expect(gate.isHeld).toBe(false);
  });

  it('whatever the chat does, holds never longer than its bound and lets the worker run a third of the time', () => {
    const step = fc.record({ hold: fc.boolean(), forMs: fc.oneof(fc.nat(200), fc.nat(5_000), fc.nat(60_000)) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const clock = createFakeClock();
        const gate = gateAt(clock);
        let stillMs = 0;
        let totalMs = 0;
        for (const { hold, forMs } of steps) {
          if (hold) gate.hold();
          else gate.resume();
          if (!hold) expect(gate.isHeld).toBe(false);
          for (let left = forMs; left > 0; ) {
            const wasHeld = gate.isHeld;
            const ms = Math.min(left, 50);
            clock.advance(ms);
            left -= ms;
            totalMs += ms;
            stillMs = wasHeld && gate.isHeld ? stillMs + ms : 0;
            expect(stillMs).toBeLessThanOrEqual(limits.longestHoldMs);
          }
        }
        expect(gate.heldMs()).toBeLessThanOrEqual((totalMs * 2) / 3 + limits.longestHoldMs);
        // And a chat that never ends: it runs within the bound from now.
        gate.hold();
        let waitedMs = 0;
        for (; gate.isHeld; waitedMs += 50) clock.advance(50);
        expect(waitedMs).toBeLessThanOrEqual(limits.longestHoldMs);
      }),
    );
  });
});
