import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadPause } from '../../../src/supervisor/load-pause.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

function rig() {
  const clock = createFakeClock();
  const told: string[] = [];
  const target = { stop: () => void told.push('stop'), go: () => void told.push('go') };
  return { clock, told, pause: new LoadPause(target, clock) };
}

describe('a worker that loads its model', () => {
  it('is stopped while a turn runs and goes on after it', () => {
    const { clock, told, pause } = rig();
    pause.hold();
    clock.advance(3_000);
    expect(told).toEqual(['stop']);
    pause.resume();
    expect(told).toEqual(['stop', 'go']);
    expect(clock.pending()).toBe(0);
  });

  it('goes on after ten seconds of stops, and is not stopped again', () => {
    const { clock, told, pause } = rig();
    pause.hold();
    clock.advance(4_000);
    pause.resume();
    pause.hold();
    clock.advance(5_999);
    expect(told).toEqual(['stop', 'go', 'stop']);
    clock.advance(1);
    expect(told).toEqual(['stop', 'go', 'stop', 'go']);
    pause.resume();
    pause.hold();
    expect(told).toHaveLength(4);
  });

  it('runs at once when it has its model, and is left alone then', () => {
    const { told, pause } = rig();
    pause.hold();
    pause.end();
    pause.hold();
    pause.end();
    expect(told).toEqual(['stop', 'go']);
  });

  it('is never left stopped, and never stopped for longer than its budget', () => {
    const steps = fc.array(fc.oneof(fc.constantFrom('hold' as const, 'resume' as const), fc.nat(5_000)));
    fc.assert(
      fc.property(steps, (list) => {
        const { clock, told, pause } = rig();
        let stoppedMs = 0;
        for (const step of list) {
          if (step === 'hold') pause.hold();
          else if (step === 'resume') pause.resume();
          else {
            // In small steps, so that the end of the budget falls between them.
            for (let ms = 0; ms < step; ms += 50) {
              clock.advance(50);
              if (told.at(-1) === 'stop') stoppedMs += 50;
            }
          }
        }
        pause.end();
        expect(told.at(-1) ?? 'go').toBe('go');
        expect(stoppedMs).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});
