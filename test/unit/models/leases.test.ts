import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { createModelLeases, type ModelLeases, type ModelLeasesOptions } from '../../../src/models/leases.js';
import type { Chosen } from '../../../src/models/model-selection.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import type { ModelProvider } from '../../../src/providers/provider.js';
import { createFakeClock } from '../../helpers/fake-clock.js';
import { type OllamaDouble, startOllamaDouble } from '../../helpers/ollama-double.js';
import { failure } from '../../helpers/provider-conformance.js';

const signal = new AbortController().signal;
const model = 'qwen2.5-coder:0.5b';
let double: OllamaDouble;
let provider: ModelProvider;
let leases: ModelLeases;

function choice(more: Partial<Chosen> = {}): Chosen {
  return {
    purpose: 'code',
    provider: 'ollama',
    model,
    server: double.url,
    usedFallback: false,
    fallbackReason: null,
    load: { numCtx: 4096, numThreads: null },
    temperature: 0,
    apiKeyEnv: null,
    ...more,
  };
}

function create(more: Partial<ModelLeasesOptions> = {}): ModelLeases {
  return createModelLeases({ providerFor: () => provider, clock: systemClock, ...more });
}

const loadsAsked = () =>
  double.requests.filter((each) => each.path === '/api/chat' && each.body.keep_alive !== 0).length;
const unloadsAsked = () => double.requests.filter((each) => each.body.keep_alive === 0).length;

beforeEach(async () => {
  double = await startOllamaDouble();
  provider = createOllamaProvider({ baseUrl: double.url });
  leases = create();
});
afterEach(async () => {
  await leases.close();
  await provider.close();
  await double.close();
});

describe('counting', () => {
  it('loads for the first holder and unloads after the last', async () => {
    const [first, second] = await Promise.all([
      leases.acquire(choice(), 'TASK-001', { signal }),
      leases.acquire(choice(), 'TASK-002', { signal }),
    ]);
    expect(first).toMatchObject({ holder: 'TASK-001', ours: true, memoryBytes: 577817803 });
    expect(leases.held()).toEqual([
      { server: double.url, model, holders: ['TASK-001', 'TASK-002'], ours: true, memoryBytes: 577817803 },
    ]);
    expect(double.counts(model)).toEqual({ loads: 1, reloads: 0 });
    await first.release();
    expect(double.isLoaded(model)).toBe(true);
    await second.release();
    expect(double.isLoaded(model)).toBe(false);
    expect(leases.held()).toEqual([]);
  });

  it('loads anew for a holder after the last was gone', async () => {
    await (await leases.acquire(choice(), 'a', { signal })).release();
    const again = await leases.acquire(choice(), 'b', { signal });
    expect(again.ours).toBe(true);
    expect(double.counts(model).loads).toBe(2);
    await again.release();
  });

  it('does not unload under a holder that comes during the unload', async () => {
    const first = await leases.acquire(choice(), 'a', { signal });
    const releasing = first.release();
    const second = await leases.acquire(choice(), 'b', { signal });
    await releasing;
    expect(double.isLoaded(model)).toBe(true);
    await second.release();
    expect(double.isLoaded(model)).toBe(false);
  });

  it('refuses a second release, and counts nothing for it', async () => {
    const [first, second] = [
      await leases.acquire(choice(), 'a', { signal }),
      await leases.acquire(choice(), 'b', { signal }),
    ];
    await first.release();
    expect((await failure(first.release())).code).toBe('LEASE_RELEASED');
    expect(double.isLoaded(model)).toBe(true);
    await second.release();
  });

  it('needs no server for an embedded model', async () => {
    const embedded = choice({ provider: 'llamacpp', server: 'embedded' });
    const lease = await leases.acquire(embedded, 'a', { signal });
    await lease.release();
    expect((await failure(lease.release())).code).toBe('LEASE_RELEASED');
    expect(double.requests).toEqual([]);
  });
});

describe('what others loaded', () => {
  it('stays loaded', async () => {
    double.loadBehindOurBack(model);
    const lease = await leases.acquire(choice(), 'a', { signal });
    expect(lease.ours).toBe(false);
    await lease.release();
    await leases.close();
    expect(double.isLoaded(model)).toBe(true);
    expect(unloadsAsked()).toBe(0);
  });

  it('stays loaded where the chat pinned it after us', async () => {
    const lease = await leases.acquire(choice(), 'a', { signal });
    await provider.load(model, choice().load, { signal, pin: true });
    await lease.release();
    expect(double.isLoaded(model)).toBe(true);
  });

  it('is not asked for again when it is gone already', async () => {
    const lease = await leases.acquire(choice(), 'a', { signal });
    double.unloadBehindOurBack(model);
    await lease.release();
    expect(unloadsAsked()).toBe(0);
  });
});

describe('after the last holder', () => {
  it('waits for the idle time, and starts it anew for each last holder', async () => {
    const clock = createFakeClock();
    leases = create({ clock });
    const idle = choice({ idleTimeoutS: 60 });
    await (await leases.acquire(idle, 'a', { signal })).release();
    clock.advance(59_000);
    const again = await leases.acquire(idle, 'b', { signal });
    expect(double.counts(model).loads).toBe(1);
    clock.advance(120_000);
    expect(double.isLoaded(model)).toBe(true);
    await again.release();
    clock.advance(60_000);
    await double.nextRequest('/api/ps');
    await leases.close();
    expect(double.isLoaded(model)).toBe(false);
    expect(clock.pending()).toBe(0);
  });

  it('keeps a pinned model until the end', async () => {
    const pinned = choice({ keepAlive: true });
    await (await leases.acquire(pinned, 'a', { signal })).release();
    expect((await provider.loaded(signal))[0]).toMatchObject({ name: model, expiresAt: null });
    await leases.close();
    expect(double.isLoaded(model)).toBe(false);
  });

  it('pins for the chat what a task loaded first, and still gives it back at the end', async () => {
    const task = await leases.acquire(choice(), 'TASK-001', { signal });
    expect((await provider.loaded(signal))[0]?.expiresAt).not.toBeNull();
    const chat = await leases.acquire(choice({ purpose: 'chat', keepAlive: true, idleTimeoutS: 300 }), 'chat', {
      signal,
    });
    expect((await provider.loaded(signal))[0]?.expiresAt).toBeNull();
    expect([chat.ours, double.counts(model)]).toEqual([true, { loads: 1, reloads: 0 }]);
    await task.release();
    expect(double.isLoaded(model)).toBe(true);
    await chat.release();
    expect(double.isLoaded(model)).toBe(false);
  });

  it('pins once the load is over where the chat comes during it', async () => {
    const both = await Promise.all([
      leases.acquire(choice(), 'TASK-001', { signal }),
      leases.acquire(choice({ purpose: 'chat', keepAlive: true }), 'chat', { signal }),
    ]);
    expect(both.map((lease) => lease.ours)).toEqual([true, true]);
    expect((await provider.loaded(signal))[0]?.expiresAt).toBeNull();
    for (const lease of both) await lease.release();
    expect(double.isLoaded(model)).toBe(false);
  });

  it('tries for the chat by itself where the load of a task fails', async () => {
    double.script({ when: { path: '/api/chat' }, fault: 'busy' });
    const task = failure(leases.acquire(choice(), 'TASK-001', { signal }));
    const chat = leases.acquire(choice({ purpose: 'chat', keepAlive: true }), 'chat', { signal });
    expect((await task).code).toBe('SERVER_BUSY');
    expect(await (await chat).release()).toBeUndefined();
  });

  it('gives back what is still held at the end; a release after that is no error', async () => {
    const lease = await leases.acquire(choice(), 'a', { signal });
    await leases.close();
    expect(double.isLoaded(model)).toBe(false);
    await lease.release();
  });

  it('takes a server that is gone for one that holds nothing', async () => {
    const failures: unknown[] = [];
    leases = create({ onUnloadFailed: (_choice, error) => failures.push(error) });
    const lease = await leases.acquire(choice(), 'a', { signal });
    await double.die();
    await lease.release();
    expect(failures).toEqual([]);
  });

  it('tells when a model cannot be unloaded, and does not fail the task over it', async () => {
    const failures: unknown[] = [];
    leases = create({ onUnloadFailed: (_choice, error) => failures.push(error) });
    const lease = await leases.acquire(choice(), 'a', { signal });
    double.script({ when: { path: '/api/chat' }, fault: 'busy' });
    await lease.release();
    expect(failures).toMatchObject([{ code: 'SERVER_BUSY' }]);
    double.unloadBehindOurBack(model);
  });
});

describe('a load that does not come', () => {
  it('ends at its deadline and holds nothing', async () => {
    const clock = createFakeClock();
    leases = create({ clock });
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const acquiring = failure(leases.acquire(choice(), 'a', { signal }));
    const request = await double.nextRequest('/api/chat');
    clock.advance(30_000);
    const error = await acquiring;
    expect([error.code, error.message]).toEqual(['LOAD_TIMED_OUT', expect.stringContaining('within 30 s')]);
    expect(await request.closed).toEqual({ byClient: true });
    expect([leases.held(), clock.pending()]).toEqual([[], 0]);
    await (await leases.acquire(choice(), 'b', { signal })).release();
  });

  it('has more time while it reports progress', async () => {
    const clock = createFakeClock();
    let report: (fraction: number) => void = () => undefined;
    let finish: () => void = () => undefined;
    const slow: ModelProvider = {
      ...withMethods(provider),
      load: (_model, _load, { onProgress }) =>
        new Promise((resolve) => {
          report = onProgress ?? report;
          finish = () => resolve({ loadMs: 1 });
          started();
        }),
    };
    let started: () => void = () => undefined;
    const loading = new Promise<void>((resolve) => {
      started = resolve;
    });
    leases = createModelLeases({ providerFor: () => slow, clock });
    const acquiring = leases.acquire(choice(), 'a', { signal });
    await loading;
    clock.advance(29_000);
    report(0.5);
    clock.advance(29_000);
    finish();
    await (await acquiring).release();
  });

  it('goes on for whoever still waits, and is aborted when nobody does', async () => {
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = failure(leases.acquire(choice(), 'a', { signal: one.signal }));
    const second = failure(leases.acquire(choice(), 'b', { signal: two.signal }));
    const request = await double.nextRequest('/api/chat');
    one.abort();
    expect((await first).code).toBe('ABORTED');
    let closed = false;
    void request.closed.then(() => {
      closed = true;
    });
    await provider.health(signal);
    expect(closed).toBe(false);
    two.abort();
    expect((await second).code).toBe('ABORTED');
    expect(await request.closed).toEqual({ byClient: true });
    // Who comes next gets a load of his own, not the aborted one.
    const lease = await leases.acquire(choice(), 'c', { signal });
    expect(loadsAsked()).toBe(2);
    await lease.release();
  });

  it('fails for all who wait, with the reason of the server', async () => {
    const both = [
      failure(leases.acquire(choice({ model: 'mixtral:latest' }), 'a', { signal })),
      failure(leases.acquire(choice({ model: 'mixtral:latest' }), 'b', { signal })),
    ];
    expect((await Promise.all(both)).map((error) => error.code)).toEqual(['MODEL_MISSING', 'MODEL_MISSING']);
    expect(leases.held()).toEqual([]);
  });
});

/** The provider's methods as properties, so that one of them can be replaced. */
function withMethods(original: ModelProvider): ModelProvider {
  return {
    id: original.id,
    server: original.server,
    health: (s) => original.health(s),
    list: (s) => original.list(s),
    capabilities: (m, s) => original.capabilities(m, s),
    estimate: (m, l, s) => original.estimate(m, l, s),
    load: (m, l, o) => original.load(m, l, o),
    unload: (m, o) => original.unload(m, o),
    loaded: (s) => original.loaded(s),
    chat: (r) => original.chat(r),
    close: () => original.close(),
  };
}
