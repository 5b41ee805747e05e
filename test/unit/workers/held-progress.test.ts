import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../src/task/task.js';
import { HeldProgress } from '../../../workers/held-progress.js';
import { HoldGate } from '../../../workers/hold-gate.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

const writing = { fraction: 0.6, basis: '3 of 5 steps', message: 'writing a.py' };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function rig() {
  const clock = createFakeClock();
  const gate = new HoldGate(clock);
  const sent: Progress[] = [];
  const shown = new HeldProgress(gate, clock, (progress) => sent.push(progress));
  return { clock, gate, sent, shown };
}

describe('what a held worker shows', () => {
  it('is its work while the hold is short', async () => {
    const { clock, gate, sent, shown } = rig();
    shown.show(writing);
    for (let turns = 0; turns < 3; turns += 1) {
      gate.hold();
      clock.advance(1_900);
      gate.resume();
      await turn();
    }
    expect(sent).toEqual([writing]);
  });

  it('is that it waits, with its fraction, and its work again after', async () => {
    const { clock, gate, sent, shown } = rig();
    shown.show(writing);
    gate.hold();
    clock.advance(2_000);
    expect(sent.at(-1)).toEqual({ ...writing, message: 'waits for the chat' });
    const testing = { ...writing, fraction: 0.8, message: 'testing' };
    shown.show(testing);
    expect(sent.at(-1)).toEqual({ ...testing, message: 'waits for the chat' });
    gate.resume();
    await turn();
    expect(sent.at(-1)).toEqual(testing);
  });

  it('is nothing more once the work is over', async () => {
    const { clock, gate, sent, shown } = rig();
    gate.hold();
    shown.stop();
    await turn();
    clock.advance(60_000);
    expect(sent).toEqual([]);
  });
});
