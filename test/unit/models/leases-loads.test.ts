import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createModelLeases, type ModelLeases, type ModelLeasesOptions } from '../../../src/models/leases.js';
import type { Chosen } from '../../../src/models/model-selection.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import type { ModelProvider } from '../../../src/providers/provider.js';
import { Store } from '../../../src/store/store.js';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.js';
import { beginSession, choiceOn, deferred, modelsOf, withMethods } from '../../helpers/lease-rig.js';
import { type OllamaDouble, startOllamaDouble } from '../../helpers/ollama-double.js';
import { failure } from '../../helpers/provider-conformance.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const signal = new AbortController().signal;
const model = 'qwen2.5-coder:0.5b';
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

/** A provider whose next load is answered by the test; the server has done it when `arrives` is called. */
function withLoadOf(original: ModelProvider) {
  const asked = deferred();
  const answer = deferred();
  let report: (fraction: number) => void = () => undefined;
  const slow = withMethods(original, {
    load: (name, load, options) => {
      report = options.onProgress ?? report;
      asked.resolve();
      return new Promise((resolve, reject) => {
        options.signal.addEventListener('abort', () => reject(options.signal.reason));
        answer.promise.then(
          () => original.load(name, load, { signal, pin: options.pin }).then(resolve, reject),
          (error: unknown) => reject(error),
        );
      });
    },
  });
  return { slow, asked: asked.promise, arrives: () => answer.resolve(), report: () => report(0.5) };
}

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

describe('a load that does not come', () => {
  it('ends at its deadline, holds nothing, and is forgotten when it did not come after all', async () => {
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const acquiring = failure(leases.acquire(choice(), 'a', { signal, estimateMb: 640 }));
    const request = await double.nextRequest('/api/chat');
    clock.advance(30_000);
    const error = await acquiring;
    expect([error.code, error.message]).toEqual(['LOAD_TIMED_OUT', expect.stringContaining('within 30 s')]);
    expect(error.hint).not.toBe('');
    expect(await request.closed).toEqual({ byClient: true });
    expect(store.models.list()).toMatchObject([{ holders: 0, ours: true, state: 'loading', memoryMb: 0 }]);
    clock.advance(2_000);
    await leases.close();
    expect([store.models.list(), clock.pending()]).toEqual([[], 0]);
  });

  it('has the time that the configuration gives it', async () => {
    leases = create({ loadDeadlineMs: 5_000 });
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const acquiring = failure(leases.acquire(choice(), 'a', { signal }));
    await double.nextRequest('/api/chat');
    clock.advance(5_000);
    expect((await acquiring).code).toBe('LOAD_TIMED_OUT');
  });

  it('has more time while it reports progress', async () => {
    const { slow, asked, arrives, report } = withLoadOf(provider);
    leases = create({ providerFor: () => slow });
    const acquiring = leases.acquire(choice(), 'a', { signal });
    await asked;
    clock.advance(29_000);
    report();
    clock.advance(29_000);
    arrives();
    await (await acquiring).release();
    expect(store.models.list()).toEqual([]);
  });

  it('goes on for whoever still waits, and leaves the next a load of his own', async () => {
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers', times: 2 });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = failure(leases.acquire(choice(), 'a', { signal: one.signal, estimateMb: 640 }));
    const request = await double.nextRequest('/api/chat');
    const second = failure(leases.acquire(choice(), 'b', { signal: two.signal, estimateMb: 640 }));
    await double.nextRequest('/api/chat');
    one.abort();
    expect((await first).code).toBe('ABORTED');
    expect(await request.closed).toEqual({ byClient: true });
    expect(store.models.list()).toMatchObject([{ holders: 1, state: 'loading', memoryMb: 640 }]);
    two.abort();
    expect((await second).code).toBe('ABORTED');
    const lease = await leases.acquire(choice(), 'c', { signal });
    expect(double.counts(model)).toEqual({ loads: 1, reloads: 0 });
    await lease.release();
  });

  it('does not begin for a holder who has gone already', async () => {
    const gone = new AbortController();
    gone.abort();
    expect((await failure(leases.acquire(choice(), 'a', { signal: gone.signal }))).code).toBe('ABORTED');
    expect([double.requests, store.models.list()]).toEqual([[], []]);
  });

  it('fails for all who wait, with the reason of the server', async () => {
    const missing = choice({ model: 'mixtral:latest' });
    const both = [failure(leases.acquire(missing, 'a', { signal })), failure(leases.acquire(missing, 'b', { signal }))];
    expect((await Promise.all(both)).map((error) => error.code)).toEqual(['MODEL_MISSING', 'MODEL_MISSING']);
    expect(store.models.list()[0]?.holders).toBe(0);
    clock.advance(2_000);
    await leases.close();
    expect(store.models.list()).toEqual([]);
  });

  it('leaves the chat its own try where that of a task fails', async () => {
    double.script({ when: { path: '/api/chat' }, fault: 'busy' });
    const task = failure(leases.acquire(choice(), 'TASK-001', { signal }));
    const chat = leases.acquire(choice({ purpose: 'chat', keepAlive: true }), 'chat', { signal });
    const both = await Promise.allSettled([chat, task]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect((await task).code).toBe('SERVER_BUSY');
    await (await chat).release();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });
});

describe('a load that comes after it was given up', () => {
  it.each([0, 300])('is taken away a moment later, also with an idle time of %i s', async (idleTimeoutS) => {
    const { slow, asked } = withLoadOf(provider);
    leases = create({ providerFor: () => slow });
    const acquiring = failure(leases.acquire(choice({ idleTimeoutS }), 'a', { signal }));
    await asked;
    clock.advance(30_000);
    expect((await acquiring).code).toBe('LOAD_TIMED_OUT');
    double.loadBehindOurBack(model);
    clock.advance(2_000);
    await double.until('unloaded', model);
    await leases.close();
    expect(store.models.list()).toEqual([]);
  });

  it('is still awaited when another wilson looks first', async () => {
    const { slow, asked } = withLoadOf(provider);
    leases = create({ providerFor: () => slow });
    const acquiring = failure(leases.acquire(choice(), 'a', { signal }));
    await asked;
    clock.advance(30_000);
    await acquiring;
    const other = create({ sessionId: 's2' });
    await other.sweep();
    await other.sweep();
    expect(await other.makeRoom()).toBe(0);
    double.loadBehindOurBack(model);
    clock.advance(2_000);
    await double.until('unloaded', model);
    await other.close();
  });

  it('serves whoever wants it then, and counts as ours', async () => {
    const { slow, asked } = withLoadOf(provider);
    leases = create({ providerFor: () => slow });
    const acquiring = failure(leases.acquire(choice(), 'a', { signal }));
    await asked;
    clock.advance(30_000);
    await acquiring;
    await provider.load(model, choice().load, { signal, pin: false });
    const next = create();
    const lease = await next.acquire(choice(), 'b', { signal });
    expect([lease.ours, double.counts(model)]).toEqual([true, { loads: 1, reloads: 0 }]);
    clock.advance(2_000);
    expect(double.isLoaded(model)).toBe(true);
    await lease.release();
    expect(double.isLoaded(model)).toBe(false);
    await next.close();
  });
});

describe('the end during a load', () => {
  it('waits until nothing is held', async () => {
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const acquiring = failure(leases.acquire(choice(), 'a', { signal }));
    const request = await double.nextRequest('/api/chat');
    await leases.close();
    expect(await request.closed).toEqual({ byClient: true });
    expect(store.models.list()).toMatchObject([{ holders: 0 }]);
    expect((await acquiring).code).toBe('ABORTED');
  });

  it('takes away what had come when it was to be given up', async () => {
    const atEnd = deferred();
    const listed = deferred();
    let looks = 0;
    const late = withMethods(provider, {
      loaded: async (each) => {
        const found = await provider.loaded(signal);
        looks += 1;
        if (looks === 2) {
          listed.resolve();
          await atEnd.promise;
        }
        return each.aborted && looks !== 2 ? [] : found;
      },
    });
    leases = create({ providerFor: () => late });
    const acquiring = leases.acquire(choice(), 'a', { signal });
    await listed.promise;
    const closing = leases.close();
    atEnd.resolve();
    const lease = await acquiring;
    await closing;
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
    await lease.release();
  });

  it('takes away what a purpose would keep', async () => {
    const acquiring = leases.acquire(choice({ keepAlive: true }), 'a', { signal });
    acquiring.catch(() => undefined);
    await double.until('loaded', model);
    await leases.close();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });
});
