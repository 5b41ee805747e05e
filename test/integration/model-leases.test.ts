import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { createModelLeases, type LeaseStore, type ModelLeases } from '../../src/models/leases.js';
import type { Chosen } from '../../src/models/model-selection.js';
import { createOllamaProvider } from '../../src/providers/ollama.js';
import { Store } from '../../src/store/store.js';
import { openStoreThread } from '../../src/store/store-thread.js';
import { beginSession, choiceOn, deferred } from '../helpers/lease-rig.js';
import { type MachineOptions, type OllamaDouble, startOllamaDouble } from '../helpers/ollama-double.js';
import { failure } from '../helpers/provider-conformance.js';
import { tempFolder } from '../helpers/temp-folder.js';

const never = new AbortController().signal;
const model = 'qwen2.5-coder:0.5b';

interface Wilson {
  readonly leases: ModelLeases;
  /** As after SIGKILL: its connections are closed, it says and hears nothing more. */
  kill(): Promise<void>;
  /** It is killed in the moment in which it would call this of the database. */
  killBefore(call: keyof LeaseStore): Promise<void>;
}

/** Several wilson processes on one database, each with a store thread of its own, and one Ollama. */
async function machine(options: MachineOptions = {}) {
  const folder = tempFolder();
  const double: OllamaDouble = await startOllamaDouble({ machine: options });
  const store = Store.open(folder, systemClock);
  const dead = new Set<string>();
  const closers: (() => Promise<void>)[] = [];
  onTestFinished(async () => {
    for (const close of closers) await close();
    store.close();
    await double.close();
  });

  async function wilson(id: string, more: { loadDeadlineMs?: number } = {}): Promise<Wilson> {
    beginSession(store, id);
    const thread = await openStoreThread(folder);
    const provider = createOllamaProvider({ baseUrl: double.url });
    const deadly = new Map<string, () => void>();
    const kill = async (): Promise<void> => {
      dead.add(id);
      await provider.close();
    };
    const mortal = new Proxy(thread.models as LeaseStore, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        return (...args: unknown[]) => {
          deadly.get(String(name))?.();
          if (dead.has(id)) return new Promise(() => undefined);
          return typeof method === 'function' ? (method.apply(target, args) as unknown) : undefined;
        };
      },
    });
    const leases = createModelLeases({
      sessionId: id,
      store: mortal,
      providerFor: () => provider,
      providerAt: () => provider,
      isSessionAlive: async (other) => !dead.has(other),
      clock: systemClock,
      ...more,
    });
    closers.push(async () => {
      if (!dead.has(id)) await leases.close();
      await provider.close();
      await thread.close();
    });
    return {
      leases,
      kill,
      killBefore: (call) => {
        const died = deferred();
        deadly.set(call, () => {
          deadly.delete(call);
          dead.add(id);
          provider.close().then(died.resolve, died.reject);
        });
        return died.promise;
      },
    };
  }
  const choice = (of: Partial<Chosen> = {}): Chosen => choiceOn(double.url, model, of);
  const happened = () => double.history().map(({ what }) => what);
  return { double, store, wilson, choice, happened };
}

const take = ({ leases }: Wilson, choice: Chosen, holder = 'TASK-001') =>
  leases.acquire(choice, holder, { signal: never, estimateMb: 600 });

describe('three wilson processes that want one model', () => {
  it('load it once and unload it after the last of all', async () => {
    const { double, store, wilson, choice, happened } = await machine({ loadMs: 150 });
    const all = await Promise.all([wilson('s1'), wilson('s2'), wilson('s3')]);
    const leases = await Promise.all(all.map((each) => take(each, choice())));
    expect(leases.map((lease) => lease.ours)).toEqual([true, true, true]);
    expect(double.counts(model)).toEqual({ loads: 1, reloads: 0 });
    expect(store.models.list()).toMatchObject([{ holders: 3, state: 'loaded', ours: true }]);
    // All have it, and it is in memory once.
    expect(store.workers.memoryUse().models).toEqual([{ key: store.models.list()[0]?.key, memoryMb: 551 }]);
    const [last, ...others] = leases;
    await Promise.all(others.map((lease) => lease.release()));
    expect(double.isLoaded(model)).toBe(true);
    await last?.release();
    expect([double.isLoaded(model), store.models.list(), store.workers.memoryUse().models]).toEqual([false, [], []]);
    expect(happened()).toEqual(['loading', 'loaded', 'unloaded']);
  });

  it('use it with the options of the first, so that it is never loaded anew', async () => {
    const { double, wilson, choice } = await machine();
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    const first = await take(one, choice({ load: { numCtx: 2048, numThreads: 2 } }));
    const second = await take(two, choice({ load: { numCtx: 8192, numThreads: null } }));
    expect(second.load).toEqual(first.load);
    await first.release();
    const third = await take(one, choice({ load: { numCtx: 16_384, numThreads: 4 } }));
    expect(third.load).toEqual({ numCtx: 2048, numThreads: 2 });
    expect(double.counts(model)).toEqual({ loads: 1, reloads: 0 });
    await second.release();
    await third.release();
    expect(double.isLoaded(model)).toBe(false);
  });

  it('leave somebody else’s with its larger context as it is, and where it is', async () => {
    const { double, wilson, choice } = await machine();
    const other = createOllamaProvider({ baseUrl: double.url });
    await other.load(model, { numCtx: 16_384, numThreads: null }, { signal: never, pin: false });
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    const leases = await Promise.all([take(one, choice()), take(two, choice())]);
    expect(leases.map((lease) => [lease.ours, lease.load.numCtx])).toEqual([
      [false, 16_384],
      [false, 16_384],
    ]);
    for (const lease of leases) await lease.release();
    expect([double.counts(model), double.isLoaded(model)]).toEqual([{ loads: 1, reloads: 0 }, true]);
    await other.close();
  });

  it('hand it over when one comes while another takes it away', async () => {
    const { double, wilson, choice, happened } = await machine({ unloadMs: 200 });
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    const releasing = (await take(one, choice())).release();
    const second = await take(two, choice());
    await releasing;
    expect(double.isLoaded(model)).toBe(true);
    await second.release();
    expect(double.isLoaded(model)).toBe(false);
    expect(happened().filter((what) => what === 'reloading')).toEqual([]);
  });

  it('take it away though the first unload was lost', async () => {
    const { double, store, wilson, choice } = await machine({ loseUnloads: 1 });
    const lease = await take(await wilson('s1'), choice());
    await lease.release();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('lose nothing when the server dies and comes back', async () => {
    const { double, store, wilson, choice } = await machine();
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    const before = await Promise.all([take(one, choice()), take(two, choice())]);
    await double.die();
    expect((await failure(take(one, choice(), 'TASK-009'))).code).toBe('SERVER_UNREACHABLE');
    await double.comeBack();
    const after = await take(two, choice(), 'TASK-002');
    expect(after.ours).toBe(true);
    for (const lease of [...before, after]) await lease.release();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });
});

describe('a wilson that is killed', () => {
  it('while it holds a model: the next sweep takes it away', async () => {
    const { double, store, wilson, choice } = await machine();
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    await take(one, choice({ keepAlive: true, idleTimeoutS: 300 }));
    await one.kill();
    await two.leases.sweep();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('while another holds it too: it stays for that one', async () => {
    const { double, wilson, choice } = await machine();
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    await take(one, choice());
    const second = await take(two, choice());
    await one.kill();
    await two.leases.sweep();
    expect(double.isLoaded(model)).toBe(true);
    await second.release();
    expect(double.isLoaded(model)).toBe(false);
  });

  it('while it loads: the server ends the load, and nothing is in the way of the next', async () => {
    const { double, store, wilson, choice } = await machine({ loadMs: 60_000 });
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    void take(one, choice()).catch(() => undefined);
    await double.until('loading', model);
    await one.kill();
    await double.until('load-killed', model);
    await two.leases.sweep();
    expect(store.models.list()).toMatchObject([{ holders: 0, ours: true }]);
    double.setMachine({ loadMs: 0 });
    const lease = await take(two, choice());
    expect(lease.ours).toBe(true);
    await lease.release();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('when its load has come and before it could note that: the model goes all the same', async () => {
    const { double, store, wilson, choice } = await machine();
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    const died = one.killBefore('loaded');
    void take(one, choice({ purpose: 'chat', keepAlive: true })).catch(() => undefined);
    await died;
    expect(double.isLoaded(model)).toBe(true);
    await two.leases.sweep();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('while it unloads: who wants the model gets it, and it goes after him', async () => {
    const { double, store, wilson, choice } = await machine({ loseUnloads: 1 });
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    const lease = await take(one, choice());
    void lease.release().catch(() => undefined);
    await double.until('unload-lost', model);
    await one.kill();
    expect(store.models.list()).toMatchObject([{ state: 'unloading', holders: 0 }]);
    const second = await take(two, choice());
    expect([second.ours, double.isLoaded(model)]).toEqual([true, true]);
    await second.release();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('when its unload is done and before it could note that: the model is not looked for any more', async () => {
    const { double, store, wilson, choice } = await machine();
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    const lease = await take(one, choice());
    const died = one.killBefore('unloaded');
    void lease.release().catch(() => undefined);
    await died;
    expect(double.isLoaded(model)).toBe(false);
    await two.leases.sweep();
    const again = await take(two, choice());
    await again.release();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('leaves no holder of which nobody would know', async () => {
    const { store, wilson, choice } = await machine();
    const [one, two] = [await wilson('s1'), await wilson('s2')];
    const died = one.killBefore('release');
    void (await take(one, choice())).release().catch(() => undefined);
    await died;
    expect(store.models.sessions()).toEqual(['s1']);
    await two.leases.sweep();
    expect(store.models.sessions()).toEqual([]);
  });
});

describe('a load that hangs', () => {
  it('is given up at its deadline by whoever asked for it; the others go by their own', async () => {
    const { double, store, wilson, choice } = await machine({ hangLoads: [model] });
    const [one, two] = [await wilson('s1', { loadDeadlineMs: 300 }), await wilson('s2', { loadDeadlineMs: 30_000 })];
    const second = new AbortController();
    const waiting = failure(two.leases.acquire(choice(), 'TASK-002', { signal: second.signal, estimateMb: 600 }));
    await double.until('stuck', model);
    expect((await failure(take(one, choice()))).code).toBe('LOAD_TIMED_OUT');
    expect(store.models.list()).toMatchObject([{ holders: 1, state: 'loading', memoryMb: 600 }]);
    second.abort();
    expect((await waiting).code).toBe('ABORTED');
    expect(store.models.list()).toMatchObject([{ holders: 0 }]);
  });
});
