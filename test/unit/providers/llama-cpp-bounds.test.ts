import { describe, expect, it } from 'vitest';
import { type EvaluationGate, requestBounds } from '../../../src/providers/llama-cpp-bounds.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

const limits = { firstTokenMs: 1_000, stallMs: 500, totalMs: 3_000 };
const never = new AbortController().signal;

/** A gate that is closed until it is opened, once. */
function closedGate(): EvaluationGate & { open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    isHeld: true,
    passage: (signal) =>
      Promise.race([
        opened,
        new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ]),
    open: () => open(),
  };
}

describe('bounds of a request', () => {
  it('stand still while the gate is closed, and go on with what was left', async () => {
    const clock = createFakeClock();
    const gate = closedGate();
    const bounds = requestBounds(never, limits, clock, gate);
    bounds.promptStarted();
    bounds.tokenArrived();
    clock.advance(400);
    const passing = bounds.pass();
    clock.advance(60_000);
    gate.open();
    await passing;
    expect(bounds.heldMs()).toBe(60_000);
    clock.advance(99);
    bounds.check();
    clock.advance(1);
    expect(() => bounds.check()).toThrow(/gave no further word/);
  });

  it('end as a whole after their time, held time not counted', async () => {
    const clock = createFakeClock();
    const gate = closedGate();
    const bounds = requestBounds(never, limits, clock, gate);
    const passing = bounds.pass();
    clock.advance(60_000);
    gate.open();
    await passing;
    clock.advance(2_999);
    bounds.check();
    clock.advance(1);
    expect(() => bounds.check()).toThrow(/did not finish/);
  });

  it('let nobody pass whose caller gave up, however closed the gate is', async () => {
    const caller = new AbortController();
    const bounds = requestBounds(caller.signal, limits, createFakeClock(), closedGate());
    const passing = bounds.pass();
    caller.abort();
    await expect(passing).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('leave no timer behind', async () => {
    const clock = createFakeClock();
    const gate = closedGate();
    const bounds = requestBounds(never, limits, clock, gate);
    bounds.promptStarted();
    const passing = bounds.pass();
    bounds.stop();
    gate.open();
    await passing;
    expect(clock.pending()).toBe(0);
  });
});
