import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatPriority, isPriorityOff } from '../../../src/supervisor/chat-priority.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

const embedded = { provider: 'llamacpp' as const, server: null, apiKeyEnv: null };
const local = { provider: 'ollama' as const, server: 'http://127.0.0.1:11434', apiKeyEnv: null };
const remote = { provider: 'ollama' as const, server: 'http://gpu.lan:11434', apiKeyEnv: null };
const hosted = { provider: 'openai' as const, server: 'https://api.example.com', apiKeyEnv: 'KEY' };
const never = new AbortController().signal;
/** Longer than a turn is kept after its end. */
const afterLingerMs = 1_000;

function worker() {
  const told: string[] = [];
  return { told, hold: () => void told.push('hold'), resume: () => void told.push('continue') };
}

function rig(off = false) {
  const clock = createFakeClock();
  const turns: (string | null)[] = [];
  const priority = new ChatPriority({ clock, off, onTurns: (place) => turns.push(place) });
  return { clock, priority, turns };
}

describe('a chat turn', () => {
  it('holds every worker beside it, and lets them go a moment after its end', () => {
    const { clock, priority } = rig();
    const [a, b] = [worker(), worker()];
    priority.register(a).modelAt(embedded);
    priority.register(b).modelAt(local);
    const end = priority.turn(embedded);
    expect([a.told, b.told]).toEqual([['hold'], ['hold']]);
    end();
    clock.advance(100);
    expect(a.told).toEqual(['hold']);
    clock.advance(afterLingerMs);
    expect([a.told, b.told]).toEqual([
      ['hold', 'continue'],
      ['hold', 'continue'],
    ]);
  });

  it('that routes and then answers is one hold', () => {
    const { clock, priority, turns } = rig();
    const one = worker();
    priority.register(one).modelAt(local);
    priority.turn(local)();
    clock.advance(50);
    const answered = priority.turn(local);
    clock.advance(5_000);
    answered();
    answered();
    clock.advance(afterLingerMs);
    expect(one.told).toEqual(['hold', 'continue']);
    expect(turns.at(-1)).toBeNull();
    expect(turns.filter((place) => place === null)).toHaveLength(1);
  });

  it('holds a worker that comes during it as soon as its model is known', () => {
    const { priority } = rig();
    const one = worker();
    priority.turn(embedded);
    const registration = priority.register(one);
    expect(one.told).toEqual([]);
    registration.modelAt(local);
    expect(one.told).toEqual(['hold']);
  });

  it.each([
    ['elsewhere', local, remote],
    ['here, the chat elsewhere', remote, local],
    ['of a hosted service', hosted, hosted],
  ])('leaves alone a worker whose model runs %s', (_, chat, used) => {
    const { priority } = rig();
    const one = worker();
    priority.register(one).modelAt(used);
    priority.turn(chat);
    expect(one.told).toEqual([]);
  });

  it('holds the worker on the same remote machine', () => {
    const { priority } = rig();
    const one = worker();
    priority.register(one).modelAt(remote);
    priority.turn({ ...remote, server: 'http://gpu.lan:8080' });
    expect(one.told).toEqual(['hold']);
  });

  it('says nothing to a worker that is gone, and knows how long it was held', () => {
    const { clock, priority } = rig();
    const one = worker();
    const registration = priority.register(one);
    registration.modelAt(local);
    const end = priority.turn(local);
    clock.advance(3_000);
    expect(registration.heldMs()).toBe(3_000);
    registration.end();
    registration.end();
    end();
    clock.advance(afterLingerMs);
    expect(one.told).toEqual(['hold']);
    expect(registration.heldMs()).toBe(3_000);
  });

  it('holds nobody where the priority is switched off', async () => {
    const { priority, turns } = rig(true);
    const one = worker();
    priority.register(one).modelAt(local);
    priority.turn(local);
    priority.holdFor('other', 'this machine', 1_000);
    await priority.quiet(1_000_000, never);
    expect(one.told).toEqual([]);
    expect(turns).toEqual([]);
    expect(isPriorityOff({ WILSON_CHAT_PRIORITY: 'off' })).toBe(true);
    expect(isPriorityOff({})).toBe(false);
  });
});

describe('the chat of another wilson', () => {
  it('holds our workers until it says that it is over', () => {
    const { priority, turns } = rig();
    const one = worker();
    priority.register(one).modelAt(embedded);
    priority.holdFor('other', 'this machine', 6_000);
    priority.releaseFor('other');
    priority.releaseFor('other');
    expect(one.told).toEqual(['hold', 'continue']);
    // Not handed on: only the one whose turn it is tells others.
    expect(turns).toEqual([]);
  });

  it('that dies is forgotten; one that goes on is not', () => {
    const { clock, priority } = rig();
    const one = worker();
    priority.register(one).modelAt(embedded);
    priority.holdFor('other', 'this machine', 6_000);
    clock.advance(5_000);
    priority.holdFor('other', 'this machine', 6_000);
    clock.advance(5_000);
    expect(one.told).toEqual(['hold']);
    clock.advance(1_000);
    expect(one.told).toEqual(['hold', 'continue']);
  });

  it('and ours count together', () => {
    const { clock, priority } = rig();
    const one = worker();
    priority.register(one).modelAt(embedded);
    const end = priority.turn(embedded);
    priority.holdFor('other', 'this machine', 60_000);
    end();
    clock.advance(afterLingerMs);
    expect(one.told).toEqual(['hold']);
    priority.releaseFor('other');
    expect(one.told).toEqual(['hold', 'continue']);
  });
});

describe('quiet', () => {
  it('is at once where no turn runs', async () => {
    await rig().priority.quiet(1_000, never);
  });

  it('comes with the end of the turn, or when the wait has been long enough', async () => {
    const { clock, priority } = rig();
    const end = priority.turn(local);
    const impatient = priority.quiet(3_000, never);
    clock.advance(3_000);
    await impatient;
    const patient = priority.quiet(60_000, never);
    end();
    clock.advance(afterLingerMs);
    await patient;
    expect(clock.pending()).toBe(0);
  });

  it('ends with the signal, with its reason', async () => {
    const { clock, priority } = rig();
    priority.turn(local);
    const controller = new AbortController();
    const waiting = priority.quiet(60_000, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(clock.pending()).toBe(0);
  });
});

it('whatever comes and goes, a worker is held exactly while somebody has a turn', () => {
  const step = fc.oneof(
    fc.constant('begin' as const),
    fc.constant('end' as const),
    fc.constant('foreign' as const),
    fc.constant('released' as const),
    fc.constant('time' as const),
    fc.constant('newcomer' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { clock, priority } = rig();
      const workers = [worker()];
      priority.register(workers[0] as HeldDouble).modelAt(local);
      const ends: (() => void)[] = [];
      for (const what of steps) {
        if (what === 'begin') ends.push(priority.turn(embedded));
        else if (what === 'end') ends.pop()?.();
        else if (what === 'foreign') priority.holdFor('other', 'this machine', 5_000);
        else if (what === 'released') priority.releaseFor('other');
        else if (what === 'time') clock.advance(afterLingerMs);
        else {
          const one = worker();
          workers.push(one);
          priority.register(one).modelAt(embedded);
        }
        if (ends.length > 0) for (const { told } of workers) expect(told.at(-1)).toBe('hold');
      }
      for (const end of ends) end();
      clock.advance(10_000);
      for (const { told } of workers) {
        expect(told.at(-1) ?? 'continue').toBe('continue');
        // Alternating: nobody is told the same thing twice in a row.
        expect(told).toEqual(told.map((_, index) => (index % 2 === 0 ? 'hold' : 'continue')));
      }
      expect(clock.pending()).toBe(0);
    }),
  );
});

type HeldDouble = ReturnType<typeof worker>;
