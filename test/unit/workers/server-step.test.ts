import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldGate } from '../../../workers/hold-gate.js';
import { ServerStep } from '../../../workers/server-step.js';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A request that takes `takesMs` of the clock, and ends at once when it is aborted. */
function request(clock: FakeClock, takesMs: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(takesMs, () => resolve('answer'));
    const onAbort = (): void => {
      timer.cancel();
      reject(new Error('aborted'));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function rig(takesMs: number) {
  const clock = createFakeClock();
  const gate = new HoldGate(clock);
  const work = new AbortController();
  const seen = { begun: 0, aborted: 0, yields: 0, begunWhileHeld: 0 };
  const step = new ServerStep(gate, work.signal, () => {
    seen.yields += 1;
  });
  const run = () =>
    step.run(async (signal) => {
      seen.begun += 1;
      if (gate.isHeld) seen.begunWhileHeld += 1;
      signal.addEventListener('abort', () => {
        seen.aborted += 1;
      });
      return request(clock, takesMs, signal);
    });
  return { clock, gate, work, seen, run };
}

describe('a step on a server', () => {
  it('is asked once where the chat is silent', async () => {
    const { clock, seen, run } = rig(5_000);
    const answer = run();
    await turn();
    clock.advance(5_000);
    expect(await answer).toBe('answer');
    expect(seen).toEqual({ begun: 1, aborted: 0, yields: 0, begunWhileHeld: 0 });
  });

  it('does not begin while a turn runs', async () => {
    const { gate, seen, run, work } = rig(5_000);
    gate.hold();
    const answer = run();
    await turn();
    expect(seen.begun).toBe(0);
    work.abort();
    await expect(answer).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('makes room twice and runs through the third time, and holds count again after it', async () => {
    const { clock, gate, seen, run } = rig(5_000);
    const answer = run();
    for (let turns = 0; turns < 3; turns += 1) {
      await turn();
      clock.advance(1_000);
      gate.hold();
      await turn();
      clock.advance(2_000);
      gate.resume();
    }
    await turn();
    clock.advance(2_000);
    gate.hold();
    expect(gate.isHeld).toBe(false);
    clock.advance(1_000);
    expect(await answer).toBe('answer');
    expect(seen).toEqual({ begun: 3, aborted: 2, yields: 1, begunWhileHeld: 0 });
    await turn();
    expect(gate.isHeld).toBe(true);
  });

  it('fails as its request fails', async () => {
    const clock = createFakeClock();
    const step = new ServerStep(new HoldGate(clock), new AbortController().signal, () => undefined);
    await expect(step.run(() => Promise.reject(new Error('no server')))).rejects.toThrow('no server');
  });

  it('ends with the work, and is not asked again', async () => {
    const { gate, seen, run, work } = rig(5_000);
    const answer = run();
    await turn();
    gate.hold();
    work.abort();
    await expect(answer).rejects.toThrow();
    await turn();
    expect(seen.begun).toBe(1);
  });

  it('whatever the chat does, is aborted at most twice, begins only in silence, and comes to its end', async () => {
    const action = fc.record({ hold: fc.boolean(), forMs: fc.integer({ min: 1, max: 8_000 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 25 }),
        fc.integer({ min: 1, max: 30_000 }),
        async (actions, takesMs) => {
          const { clock, gate, seen, run } = rig(takesMs);
          const answer = run();
          for (const { hold, forMs } of actions) {
            await turn();
            if (hold) gate.hold();
            else gate.resume();
            await turn();
            clock.advance(forMs);
          }
          // From now on the chat never stops.
          gate.hold();
          for (let waitedMs = 0; waitedMs < 3 * 30_000 + 30_000; waitedMs += 1_000) {
            await turn();
            clock.advance(1_000);
          }
          expect(await answer).toBe('answer');
          expect(seen.aborted).toBeLessThanOrEqual(2);
          expect(seen.begunWhileHeld).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
