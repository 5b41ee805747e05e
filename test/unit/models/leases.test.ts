import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { createModelLeases, type ModelLeases, type ModelLeasesOptions } from '../../../src/models/leases.js';
import type { Chosen } from '../../../src/models/model-selection.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import type { ModelProvider } from '../../../src/providers/provider.js';
import { Store } from '../../../src/store/store.js';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.js';
import { beginSession, choiceOn, modelsOf } from '../../helpers/lease-rig.js';
import { type OllamaDouble, startOllamaDouble } from '../../helpers/ollama-double.js';
import { failure } from '../../helpers/provider-conformance.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const signal = new AbortController().signal;
const model = 'qwen2.5-coder:0.5b';
const modelMb = 551;
let clock: FakeClock;
let double: OllamaDouble;
let provider: ModelProvider;
let store: Store;
let leases: ModelLeases;

const choice = (more: Partial<Chosen> = {}): Chosen => choiceOn(double.url, model, more);

function create(more: Partial<ModelLeasesOptions> = {}): ModelLeases {
  return createModelLeases({
    sessionId: 's1',
    store: modelsOf(store),
    providerFor: () => provider,
    providerAt: () => provider,
    isSessionAlive: async () => true,
    clock,
    ...more,
  });
}

const unloadsAsked = () => double.requests.filter((each) => each.body.keep_alive === 0).length;
const expiry = async () => (await provider.loaded(signal))[0]?.expiresAt;

beforeEach(async () => {
  clock = createFakeClock();
  double = await startOllamaDouble();
  provider = createOllamaProvider({ baseUrl: double.url });
  store = Store.open(tempFolder(), clock);
  beginSession(store, 's1');
  leases = create();
});
afterEach(async () => {
  await leases.close();
  store.close();
  await provider.close();
  await double.close();
});

describe('counting', () => {
  it('loads for the first holder and unloads after the last', async () => {
    const [first, second] = await Promise.all([
      leases.acquire(choice(), 'TASK-001', { signal, estimateMb: 600 }),
      leases.acquire(choice(), 'TASK-002', { signal, estimateMb: 600 }),
    ]);
    expect(first).toMatchObject({ holder: 'TASK-001', ours: true, memoryMb: modelMb, load: choice().load });
    expect(store.models.list()).toMatchObject([
      { server: double.url, model, state: 'loaded', ours: true, local: true, holders: 2, memoryMb: modelMb },
    ]);
    expect(double.counts(model)).toEqual({ loads: 1, reloads: 0 });
    await first.release();
    expect([double.isLoaded(model), store.models.list()[0]?.holders]).toEqual([true, 1]);
    await second.release();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('counts a model for its estimate until the server says what it takes', async () => {
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const stop = new AbortController();
    const acquiring = failure(leases.acquire(choice(), 'a', { signal: stop.signal, estimateMb: 640 }));
    await double.nextRequest('/api/chat');
    expect(store.models.list()).toMatchObject([{ state: 'loading', memoryMb: 640, memoryMeasured: false }]);
    stop.abort();
    await acquiring;
    const lease = await leases.acquire(choice(), 'b', { signal, estimateMb: 640 });
    expect(store.models.list()).toMatchObject([{ state: 'loaded', memoryMb: modelMb, memoryMeasured: true }]);
    await lease.release();
  });

  it('loads anew for a holder after the last was gone', async () => {
    await (await leases.acquire(choice(), 'a', { signal })).release();
    const again = await leases.acquire(choice(), 'b', { signal });
    expect([again.ours, double.counts(model).loads]).toEqual([true, 2]);
    await again.release();
  });

  it('keeps the options of the first holder, so that nobody makes the server load it anew', async () => {
    const first = await leases.acquire(choice(), 'a', { signal });
    const larger = choice({ load: { numCtx: 8192, numThreads: 4 } });
    const second = await leases.acquire(larger, 'b', { signal });
    expect(second.load).toEqual(first.load);
    expect(double.counts(model)).toEqual({ loads: 1, reloads: 0 });
    await first.release();
    await second.release();
  });

  it('makes a holder wait who comes during the unload, and loads for him', async () => {
    double.setMachine({ unloadMs: 200 });
    leases = create({ clock: systemClock });
    const first = await leases.acquire(choice(), 'a', { signal });
    const releasing = first.release();
    await double.nextRequest('/api/chat');
    await double.nextRequest('/api/chat');
    const second = await leases.acquire(choice(), 'b', { signal });
    await releasing;
    expect([second.ours, double.isLoaded(model)]).toEqual([true, true]);
    expect(double.history().map(({ what }) => what)).toEqual(['loading', 'loaded', 'unloaded', 'loading', 'loaded']);
    await second.release();
    expect(double.isLoaded(model)).toBe(false);
  });

  it('refuses a second release, and counts nothing for it', async () => {
    const first = await leases.acquire(choice(), 'a', { signal });
    const second = await leases.acquire(choice(), 'b', { signal });
    await first.release();
    expect((await failure(first.release())).code).toBe('LEASE_RELEASED');
    expect(double.isLoaded(model)).toBe(true);
    await second.release();
  });

  it('remembers what the model cost', async () => {
    await (await leases.acquire(choice(), 'a', { signal })).release();
    expect(store.models.facts()).toEqual([
      {
        provider: 'ollama',
        model,
        numCtx: 4096,
        memoryMb: modelMb,
        loadMs: expect.any(Number),
        unloadMs: expect.any(Number),
      },
    ]);
  });
});

describe('what others loaded', () => {
  it('stays loaded, and is nothing of ours', async () => {
    double.loadBehindOurBack(model);
    const lease = await leases.acquire(choice(), 'a', { signal });
    expect([lease.ours, store.models.list()[0]?.ours]).toEqual([false, false]);
    await lease.release();
    await leases.close();
    expect([double.isLoaded(model), unloadsAsked(), store.models.list()]).toEqual([true, 0, []]);
  });

  it('serves us with its larger context as it is', async () => {
    await provider.load(model, { numCtx: 16_384, numThreads: null }, { signal, pin: false });
    const lease = await leases.acquire(choice(), 'a', { signal });
    expect(lease.load).toEqual({ numCtx: 16_384, numThreads: null });
    expect(double.counts(model)).toEqual({ loads: 1, reloads: 0 });
    const second = await leases.acquire(choice(), 'b', { signal });
    expect(second.load.numCtx).toBe(16_384);
    await lease.release();
    await second.release();
    expect(double.isLoaded(model)).toBe(true);
  });

  it('that the chat pinned goes by the usual rule of its server again', async () => {
    double.loadBehindOurBack(model);
    const chat = await leases.acquire(choice({ purpose: 'chat', keepAlive: true }), 'chat', { signal });
    expect([chat.ours, await expiry()]).toEqual([false, null]);
    await chat.release();
    expect(double.isLoaded(model)).toBe(true);
    expect(await expiry()).not.toBeNull();
  });

  it('stays loaded where somebody pinned it after us', async () => {
    const lease = await leases.acquire(choice(), 'a', { signal });
    await provider.load(model, choice().load, { signal, pin: true });
    await lease.release();
    expect([double.isLoaded(model), store.models.list()]).toEqual([true, []]);
  });

  it('is not asked for again when it is gone already', async () => {
    const lease = await leases.acquire(choice(), 'a', { signal });
    double.unloadBehindOurBack(model);
    await lease.release();
    expect([unloadsAsked(), store.models.list()]).toEqual([0, []]);
  });

  it('becomes ours when it was gone and our load brought it back', async () => {
    double.loadBehindOurBack(model);
    const first = await leases.acquire(choice(), 'a', { signal });
    double.unloadBehindOurBack(model);
    const second = await leases.acquire(choice(), 'b', { signal });
    expect([first.ours, second.ours]).toEqual([false, true]);
    await first.release();
    await second.release();
    expect(double.isLoaded(model)).toBe(false);
  });
});

describe('after the last holder', () => {
  it('waits for the idle time, and starts it anew for each last holder', async () => {
    const idle = choice({ idleTimeoutS: 60 });
    await (await leases.acquire(idle, 'a', { signal })).release();
    clock.advance(59_000);
    const again = await leases.acquire(idle, 'b', { signal });
    clock.advance(120_000);
    await leases.sweep();
    expect([double.isLoaded(model), double.counts(model).loads]).toEqual([true, 1]);
    await again.release();
    clock.advance(59_000);
    await leases.sweep();
    expect(double.isLoaded(model)).toBe(true);
    clock.advance(1_000);
    await double.until('unloaded', model);
    await leases.close();
    expect([store.models.list(), clock.pending()]).toEqual([[], 0]);
  });

  it('ends the idle time at once to make room, and says how many went', async () => {
    await (await leases.acquire(choice({ idleTimeoutS: 60 }), 'a', { signal })).release();
    expect([await leases.makeRoom(), double.isLoaded(model), await leases.makeRoom()]).toEqual([1, false, 0]);
    await (await leases.acquire(choice({ idleTimeoutS: 60 }), 'a', { signal })).release();
    double.script({ when: { path: '/api/chat' }, fault: 'busy' });
    expect([await leases.makeRoom(), double.isLoaded(model)]).toEqual([0, true]);
  });

  it('keeps a model of a purpose that is configured so until the end', async () => {
    const pinned = choice({ keepAlive: true });
    await (await leases.acquire(pinned, 'a', { signal })).release();
    expect(await expiry()).toBeNull();
    await leases.sweep();
    expect(await leases.makeRoom()).toBe(0);
    expect(store.models.list()).toMatchObject([{ pinned: true, holders: 1 }]);
    await leases.close();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('pins for the chat what a task loaded first, and still gives it back at the end', async () => {
    const task = await leases.acquire(choice(), 'TASK-001', { signal });
    expect(await expiry()).not.toBeNull();
    const chat = await leases.acquire(choice({ purpose: 'chat', keepAlive: true }), 'chat', { signal });
    expect(await expiry()).toBeNull();
    expect([chat.ours, double.counts(model)]).toEqual([true, { loads: 1, reloads: 0 }]);
    await task.release();
    expect(double.isLoaded(model)).toBe(true);
    await chat.release();
    expect(double.isLoaded(model)).toBe(false);
  });
});

describe('the end', () => {
  it('gives back what is still held; a release after that is no error', async () => {
    const lease = await leases.acquire(choice(), 'a', { signal });
    await leases.close();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
    await lease.release();
    await leases.close();
    expect((await failure(leases.acquire(choice(), 'b', { signal }))).code).toBe('ABORTED');
  });

  it('takes a server that is gone for one that holds nothing', async () => {
    const failures: unknown[] = [];
    leases = create({ onUnloadFailed: (_model, error) => failures.push(error) });
    const lease = await leases.acquire(choice(), 'a', { signal });
    await double.die();
    await lease.release();
    expect([failures, store.models.list()]).toEqual([[], []]);
  });

  it('tells when a model cannot be unloaded, fails no task over it, and the next sweep takes it', async () => {
    const failures: unknown[] = [];
    const gone: string[] = [];
    leases = create({
      onUnloadFailed: (_model, error) => failures.push(error),
      onUnloaded: (each) => gone.push(each.model),
    });
    const lease = await leases.acquire(choice({ idleTimeoutS: 300 }), 'a', { signal });
    await lease.release();
    double.script({ when: { path: '/api/chat' }, fault: 'busy' });
    clock.advance(300_000);
    await double.nextRequest('/api/chat');
    await double.nextRequest('/api/chat');
    await leases.close();
    expect([failures, gone]).toMatchObject([[{ code: 'SERVER_BUSY' }], []]);
    expect(store.models.list()).toMatchObject([{ state: 'loaded', holders: 0, ours: true }]);
    const next = create({ sessionId: 's2' });
    await next.sweep();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });
});
