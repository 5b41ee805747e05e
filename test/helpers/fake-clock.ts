import type { Clock } from '../../src/clock.js';

export interface FakeClock extends Clock {
  /** Lets time pass: timers that are due run in their order. */
  advance(ms: number): void;
  /** Timers that are set and not cancelled. */
  pending(): number;
}

/** A clock that stands still until it is told to go on. */
export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  let nowMs = 0;
  let nextId = 0;
  const timers = new Map<number, { atMs: number; action: () => void }>();
  return {
    now: () => startMs + nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, action) {
      const id = nextId;
      nextId += 1;
      timers.set(id, { atMs: nowMs + delayMs, action });
      return { cancel: () => void timers.delete(id) };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const due = [...timers]
          .filter(([, timer]) => timer.atMs <= endMs)
          .sort((a, b) => a[1].atMs - b[1].atMs || a[0] - b[0]);
        const [first] = due;
        if (first === undefined) break;
        timers.delete(first[0]);
        nowMs = Math.max(nowMs, first[1].atMs);
        first[1].action();
      }
      nowMs = endMs;
    },
    pending: () => timers.size,
  };
}
