import { describe, expect, it } from 'vitest';
import { requestBounds } from '../../../src/providers/llama-cpp-bounds.js';
import { chooseSlot, commonPrefix } from '../../../src/providers/llama-cpp-slots.js';
import { planThreads, ThreadGovernor } from '../../../src/providers/llama-cpp-threads.js';
import { Turns } from '../../../src/providers/llama-cpp-turns.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

describe('turns', () => {
  it('come one at a time, in order', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const leave = await turns.enter(null);
    const others = ['b', 'c'].map(async (name) => {
      const done = await turns.enter(new AbortController().signal);
      order.push(name);
      done();
    });
    order.push('a');
    leave();
    await Promise.all(others);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('pass over whoever gave up waiting', async () => {
    const turns = new Turns();
    const leave = await turns.enter(null);
    const controller = new AbortController();
    const impatient = turns.enter(controller.signal);
    const patient = turns.enter(null);
    controller.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    leave();
    (await patient)();
    await expect(turns.enter(controller.signal)).rejects.toThrow('enough');
    (await turns.enter(null))();
  });
});

describe('the slot of a prompt', () => {
  const long = Array.from({ length: 500 }, (_, index) => index);

  it('is the one that holds its start', () => {
    const slots = [
      { tokens: [1, 2, 3], lastUsed: 2 },
      { tokens: long, lastUsed: 1 },
    ];
    expect(chooseSlot(slots, [...long, 7])).toBe(1);
  });

  it('is another one where a long conversation would be lost for a few equal words', () => {
    const slots = [
      { tokens: long, lastUsed: 1 },
      { tokens: [], lastUsed: 0 },
    ];
    expect(chooseSlot(slots, [0, 1, 2, 3, 999, 998])).toBe(1);
  });

  it('is the oldest of equals', () => {
    const slots = [4, 2, 3].map((lastUsed) => ({ tokens: [], lastUsed }));
    expect(chooseSlot(slots, [1])).toBe(1);
  });

  it('counts equal tokens from the start', () => {
    expect([commonPrefix([1, 2, 3], [1, 2, 4]), commonPrefix([], [1]), commonPrefix([1], [1, 2])]).toEqual([2, 0, 1]);
  });
});

describe('threads', () => {
  it('leave a core free while an answer is written on two cores, unless the user says otherwise', () => {
    expect(planThreads(null, 2, 2)).toEqual({ prompt: 2, generate: 1 });
    expect(planThreads(null, 2, 16)).toEqual({ prompt: 2, generate: 2 });
    expect(planThreads(null, 2, 1)).toEqual({ prompt: 1, generate: 1 });
    expect(planThreads(6, 2, 2)).toEqual({ prompt: 6, generate: 6 });
  });

  it('go down to one where the cores are taken, for longer each time, and come back', () => {
    const governor = new ThreadGovernor({ prompt: 2, generate: 1 }, false);
    governor.observe({ threads: 2, wallMs: 100, cpuMs: 195 }, 0);
    expect(governor.promptThreads(0)).toBe(2);
    governor.observe({ threads: 2, wallMs: 100, cpuMs: 120 }, 1_000);
    expect([governor.promptThreads(5_999), governor.promptThreads(6_000)]).toEqual([1, 2]);
    governor.observe({ threads: 2, wallMs: 100, cpuMs: 120 }, 6_000);
    expect([governor.promptThreads(15_999), governor.promptThreads(16_000)]).toEqual([1, 2]);
    governor.observe({ threads: 2, wallMs: 100, cpuMs: 195 }, 16_000);
    governor.observe({ threads: 2, wallMs: 100, cpuMs: 120 }, 17_000);
    expect(governor.promptThreads(22_000)).toBe(2);
  });

  it('do not go down for a moment too short to judge by, nor against the user', () => {
    const governor = new ThreadGovernor({ prompt: 2, generate: 1 }, false);
    governor.observe({ threads: 2, wallMs: 5, cpuMs: 1 }, 0);
    expect(governor.promptThreads(1)).toBe(2);
    const fixed = new ThreadGovernor({ prompt: 4, generate: 4 }, true);
    fixed.observe({ threads: 4, wallMs: 1_000, cpuMs: 10 }, 0);
    expect(fixed.promptThreads(1)).toBe(4);
  });
});

describe('the bounds of a request', () => {
  const limits = { firstTokenMs: 100, stallMs: 50, totalMs: 1_000 };
  const codeOf = (signal: AbortSignal): unknown => (signal.reason as { code?: unknown } | undefined)?.code;

  it('end it when a stage takes too long, each with its own limit', () => {
    const clock = createFakeClock();
    const bounds = requestBounds(new AbortController().signal, limits, clock);
    clock.advance(500);
    bounds.promptStarted();
    clock.advance(99);
    bounds.tokenArrived();
    clock.advance(49);
    bounds.tokenArrived();
    clock.advance(49);
    expect(bounds.signal.aborted).toBe(false);
    clock.advance(1);
    expect(codeOf(bounds.signal)).toBe('TIMED_OUT');
    expect(() => bounds.check()).toThrow(/no further word/);
  });

  it('end it as a whole, and by the caller', () => {
    const clock = createFakeClock();
    const whole = requestBounds(new AbortController().signal, limits, clock);
    clock.advance(1_000);
    expect(codeOf(whole.signal)).toBe('TIMED_OUT');
    const controller = new AbortController();
    const stopped = requestBounds(controller.signal, limits, clock);
    controller.abort();
    expect(codeOf(stopped.signal)).toBe('ABORTED');
    expect(codeOf(requestBounds(controller.signal, limits, clock).signal)).toBe('ABORTED');
  });

  it('leave no timer behind', () => {
    const clock = createFakeClock();
    const bounds = requestBounds(new AbortController().signal, limits, clock);
    bounds.promptStarted();
    bounds.tokenArrived();
    bounds.stop();
    expect(clock.pending()).toBe(0);
  });
});
