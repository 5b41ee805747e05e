import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFakeClock } from '../helpers/fake-clock.js';
import { History } from '../helpers/ollama-double-history.js';
import { Machine, type MachineOptions } from '../helpers/ollama-double-machine.js';
import { loadedBytes, ModelShelf } from '../helpers/ollama-double-models.js';
import { Scheduler, type Turn } from '../helpers/ollama-double-schedule.js';

const names = ['a:1b', 'b:1b', 'c:1b', 'd:1b'];

type Action =
  | { readonly do: 'ask'; readonly model: number; readonly keepAliveMs: number | null; readonly numCtx: number }
  | { readonly do: 'load'; readonly model: number; readonly keepAliveMs: number | null; readonly numCtx: number }
  | { readonly do: 'leave' | 'end'; readonly which: number }
  | { readonly do: 'unload'; readonly model: number }
  | { readonly do: 'wait'; readonly ms: number };

const model = fc.nat(names.length - 1);
const keepAliveMs = fc.constantFrom(null, 50, 500, Number.POSITIVE_INFINITY);
const numCtx = fc.constantFrom(2048, 8192);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constantFrom('ask' as const, 'load' as const), model, keepAliveMs, numCtx }),
  fc.record({ do: fc.constantFrom('leave' as const, 'end' as const), which: fc.nat(9) }),
  fc.record({ do: fc.constant('unload' as const), model }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(120) }),
);
const machines: fc.Arbitrary<MachineOptions> = fc.record(
  {
    ramMb: fc.constantFrom(700, 1300, 2000),
    maxLoaded: fc.integer({ min: 1, max: 3 }),
    parallel: fc.integer({ min: 1, max: 2 }),
    loadMs: fc.constantFrom(0, 30, 100),
    unloadMs: fc.constantFrom(0, 40),
    loseUnloads: fc.nat(2),
    stuckBehindPinned: fc.boolean(),
  },
  { requiredKeys: [] },
);

interface Asked {
  readonly model: string;
  readonly generates: boolean;
  readonly controller: AbortController;
  state: Turn | 'waiting' | 'full' | 'left' | 'over';
}

/** A server without HTTP, on a clock that stands still. */
function start(options: MachineOptions) {
  const clock = createFakeClock();
  const machine = new Machine(options);
  const shelf = new ModelShelf(names, true, (name) => machine.sizeMb(name));
  const history = new History();
  const scheduler = new Scheduler(machine, clock, (entry) => history.add(entry));
  const all: Asked[] = [];
  const find = (index: number) => {
    const found = shelf.find(names[index] ?? '');
    if (found === null) throw new Error(`no model ${index}`);
    return found;
  };

  async function act(one: Action): Promise<void> {
    if (one.do === 'wait') clock.advance(one.ms);
    else if (one.do === 'unload') scheduler.unload(find(one.model).name);
    else if (one.do === 'ask' || one.do === 'load') {
      const controller = new AbortController();
      const generates = one.do === 'ask';
      const asked: Asked = { model: find(one.model).name, generates, controller, state: 'waiting' };
      all.push(asked);
      const { signal } = controller;
      const request = { model: find(one.model), keepAliveMs: one.keepAliveMs, generates, signal };
      scheduler.run({ ...request, options: { num_ctx: one.numCtx } }).then(
        (state) => {
          asked.state = state;
          // A load is answered as soon as it is over.
          if (typeof state === 'object' && !generates) finish(asked);
        },
        (thrown: unknown) => {
          throw thrown;
        },
      );
    } else if (one.do === 'end') {
      const asked = all.filter((each) => typeof each.state === 'object')[one.which];
      if (asked !== undefined) finish(asked);
    } else {
      const asked = all.filter((each) => typeof each.state === 'object' || each.state === 'waiting')[one.which];
      asked?.controller.abort();
      if (typeof asked?.state === 'object') asked.state = 'left';
    }
    // The answer to a load gives its model back in a promise of its own.
    for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
  }

  function finish(asked: Asked): void {
    if (typeof asked.state !== 'object') return;
    asked.state.end();
    asked.state = 'over';
  }

  return { clock, machine, history, scheduler, all, act, finish };
}

describe('whatever is asked, left, ended and unloaded in whatever order', () => {
  it('memory, slots and the order of loads are kept', async () => {
    await fc.assert(
      fc.asyncProperty(machines, fc.array(action, { maxLength: 40 }), async (options, actions) => {
        const { machine, history, scheduler, all, act } = start(options);
        for (const one of actions) {
          await act(one);
          const rows = scheduler.loaded.rows();
          expect(rows.length).toBeLessThanOrEqual(machine.maxLoaded);
          const bytes = rows.reduce((sum, row) => sum + row.size, 0);
          if (rows.length > 1) expect(bytes).toBeLessThanOrEqual(machine.ramBytes);
          for (const name of names) {
            const running = all.filter((each) => each.model === name && typeof each.state === 'object');
            expect(running.length).toBeLessThanOrEqual(machine.parallel);
            // What is in use is loaded.
            if (running.length > 0) expect(scheduler.loaded.find(name)).toBeDefined();
          }
        }
        let loading: string | null = null;
        for (const { what, model: name } of history.all()) {
          if (what === 'loading' || what === 'reloading') {
            expect(loading).toBeNull();
            loading = name;
          } else if (what === 'loaded' || what === 'load-killed') {
            expect(loading).toBe(name);
            loading = null;
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('everybody gets what he waits for once those before him are done, where nothing is stuck', async () => {
    await fc.assert(
      fc.asyncProperty(machines, fc.array(action, { maxLength: 30 }), async (options, actions) => {
        const { all, act, history } = start({ ...options, stuckBehindPinned: false });
        for (const one of actions) await act(one);
        for (let round = 0; round < 3 * actions.length + 3; round += 1) {
          await act({ do: 'end', which: 0 });
          await act({ do: 'wait', ms: 200 });
        }
        expect(all.filter((each) => typeof each.state === 'object' || each.state === 'waiting')).toEqual([]);
        expect(history.all().filter(({ what }) => what === 'stuck')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('everything is unloaded in the end, but what is pinned', async () => {
    await fc.assert(
      fc.asyncProperty(machines, fc.array(action, { maxLength: 30 }), async (options, actions) => {
        const { all, act, clock, scheduler, history } = start(options);
        for (const one of actions) await act(one);
        for (const asked of all) asked.controller.abort();
        await act({ do: 'wait', ms: 1000 });
        clock.advance(400_000);
        expect(scheduler.loaded.all().every((runner) => runner.isPinned && !runner.isBusy)).toBe(true);
        const came = history.all().filter(({ what }) => what === 'loaded').length;
        const went = history
          .all()
          .filter(({ what }) => ['unloaded', 'evicted', 'expired', 'restarting'].includes(what)).length;
        expect(came - went).toBe(scheduler.loaded.all().length);
      }),
      { numRuns: 300 },
    );
  });
});

it('a request calls off the end of the keep-alive, and its own end starts it anew', async () => {
  const { act, scheduler } = start({});
  const isLoaded = () => scheduler.loaded.find('a:1b') !== undefined;
  await act({ do: 'load', model: 0, keepAliveMs: 50, numCtx: 2048 });
  await act({ do: 'wait', ms: 49 });
  await act({ do: 'ask', model: 0, keepAliveMs: null, numCtx: 2048 });
  await act({ do: 'wait', ms: 1000 });
  expect(isLoaded()).toBe(true);
  await act({ do: 'end', which: 0 });
  await act({ do: 'wait', ms: 49 });
  expect(isLoaded()).toBe(true);
  await act({ do: 'wait', ms: 1 });
  expect(isLoaded()).toBe(false);
});

it('the memory of a model grows with its file, its context and the answers at once', () => {
  const shelf = (sizeMb: number) => new ModelShelf(['a:1b'], true, () => sizeMb).find('a:1b');
  fc.assert(
    fc.property(fc.integer({ min: 50, max: 30_000 }), fc.integer({ min: 512, max: 32_768 }), (sizeMb, context) => {
      const small = shelf(sizeMb);
      if (small === null) throw new Error('no model');
      const bytes = loadedBytes(small, context, 1);
      expect(bytes).toBeGreaterThan(sizeMb * 1_048_576);
      expect(loadedBytes(small, context + 1, 1)).toBeGreaterThan(bytes);
      expect(loadedBytes(small, context, 2)).toBe(loadedBytes(small, 2 * context, 1));
    }),
  );
});
