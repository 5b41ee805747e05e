import { describe, expect, it, onTestFinished } from 'vitest';
import { WilsonError } from '../../../src/errors.js';
import { chatEngineMb, embeddedWorkerMb } from '../../../src/models/embedded-memory.js';
import { keyOf } from '../../../src/models/leases.js';
import { createModelNeeds, workerShareMb } from '../../../src/models/model-needs.js';
import type { Chosen } from '../../../src/models/model-selection.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import { Store } from '../../../src/store/store.js';
import { createFakeClock } from '../../helpers/fake-clock.js';
import { beginSession, choiceOn, modelsOf, withMethods } from '../../helpers/lease-rig.js';
import { startOllamaDouble } from '../../helpers/ollama-double.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const model = 'qwen2.5-coder:0.5b';

async function start() {
  const clock = createFakeClock();
  const double = await startOllamaDouble();
  const provider = createOllamaProvider({ baseUrl: double.url });
  const store = Store.open(tempFolder(), clock);
  beginSession(store, 's1');
  onTestFinished(async () => {
    store.close();
    await provider.close();
    await double.close();
  });
  const base = {
    providerFor: () => provider,
    store: modelsOf(store),
    clock,
    env: { WILSON_MODELS: tempFolder() },
    embeddedThreads: () => 1,
  };
  const choice = (more: Partial<Chosen> = {}): Chosen => choiceOn(double.url, model, more);
  const holds = (state: 'loading' | 'loaded', ours: boolean, memoryMb: number | null = null) => {
    const { provider: id, server, purpose } = choice();
    const request = { provider: id, server, model, purpose, keepAlive: false, idleTimeoutS: 0, local: true };
    store.models.acquire({ ...request, sessionId: 's1', holder: 'h', numCtx: 4096, numThreads: null, memoryMb: 640 });
    if (ours) store.models.expect(keyOf(choice()));
    if (state === 'loaded') store.models.loaded(keyOf(choice()), { ours, memoryMb, numCtx: 4096, loadMs: null });
  };
  const fact = (memoryMb: number, more: { provider?: 'ollama' | 'llamacpp'; numCtx?: number } = {}) =>
    store.models.noteFact({ provider: 'ollama', model, numCtx: 4096, loadMs: null, unloadMs: null, memoryMb, ...more });
  return { clock, double, provider, store, base, needs: createModelNeeds(base), choice, holds, fact };
}

describe('a model on a server of this machine', () => {
  it('is estimated from its metadata until it was measured', async () => {
    const { needs, choice, double } = await start();
    const need = await needs.needOf(choice());
    expect(need).toMatchObject({ processMb: workerShareMb, basis: 'metadata', model: { key: keyOf(choice()) } });
    // Within a tenth of what the server will say that it takes, and never less.
    const really = double.memoryMb(model);
    expect(need.model?.memoryMb).toBeGreaterThanOrEqual(Math.floor(really));
    expect(need.model?.memoryMb).toBeLessThan(really * 1.1);
    expect(need.parts).toBe(`worker ${workerShareMb} MB + ${model} ${need.model?.memoryMb} MB`);
  });

  it('takes more with a longer context', async () => {
    const { needs, choice } = await start();
    const short = await needs.needOf(choice());
    const long = await needs.needOf(choice({ load: { numCtx: 32_768, numThreads: null } }));
    expect((long.model?.memoryMb ?? 0) - (short.model?.memoryMb ?? 0)).toBeGreaterThan(300);
  });

  it('takes what was measured with the same context, above or below the estimate', async () => {
    const { needs, choice, fact, clock } = await start();
    fact(2_345);
    fact(9_999, { numCtx: 8192 });
    const need = { model: { key: keyOf(choice()), memoryMb: 2_345 }, basis: 'measured' };
    expect(await needs.needOf(choice())).toEqual({
      ...need,
      processMb: workerShareMb,
      parts: `worker ${workerShareMb} MB + ${model} 2,345 MB`,
    });
    fact(12);
    clock.advance(10_000);
    expect(await needs.needOf(choice())).toMatchObject({ model: { memoryMb: 12 }, basis: 'measured' });
  });

  it('costs nothing where somebody else has loaded it, known to us or not', async () => {
    const { needs, choice, double, holds, clock } = await start();
    double.loadBehindOurBack(model);
    const nothing = {
      processMb: workerShareMb,
      model: null,
      parts: `worker ${workerShareMb} MB, ${model} is loaded already`,
    };
    expect(await needs.needOf(choice())).toMatchObject(nothing);
    holds('loaded', false);
    clock.advance(10_000);
    expect(await needs.needOf(choice())).toMatchObject(nothing);
    double.unloadBehindOurBack(model);
    clock.advance(10_000);
    expect((await needs.needOf(choice())).model).not.toBeNull();
  });

  it('is named where it is ours, so that the sum counts it once', async () => {
    const { needs, choice, double, holds, clock } = await start();
    holds('loading', true);
    double.loadBehindOurBack(model);
    expect((await needs.needOf(choice())).model?.key).toBe(keyOf(choice()));
    holds('loaded', true, 777);
    clock.advance(10_000);
    expect(await needs.needOf(choice())).toMatchObject({ model: { memoryMb: 777 }, basis: 'measured' });
  });
});

describe('a model elsewhere', () => {
  it('takes nothing of this machine, and its server is not asked', async () => {
    const { needs, choice, double } = await start();
    expect(await needs.needOf(choice({ server: 'http://192.0.2.7:11434' }))).toEqual({
      processMb: workerShareMb,
      model: null,
      parts: `worker ${workerShareMb} MB, ${model} elsewhere`,
      basis: 'metadata',
    });
    expect(double.requests).toEqual([]);
  });
});

describe('an embedded model', () => {
  const embedded = { provider: 'llamacpp', server: 'embedded' } as const;

  it('is in the worker, with its context and the commands that it runs', async () => {
    const { needs, choice } = await start();
    const need = await needs.needOf(choice(embedded));
    const workerMb = embeddedWorkerMb({ model, numCtx: 4096, threads: 1 }) ?? 0;
    expect(need).toEqual({
      processMb: workerMb + 100,
      model: null,
      parts: `worker with ${model} ${(workerMb + 100).toLocaleString('en-US')} MB`,
      basis: 'metadata',
    });
    expect(chatEngineMb({ model, numCtx: 4096 })).toBeGreaterThan(workerMb);
  });

  it('takes more where more was seen, and never less', async () => {
    const { needs, choice, fact, clock } = await start();
    const estimate = await needs.needOf(choice(embedded));
    fact(10, { provider: 'llamacpp' });
    clock.advance(10_000);
    expect(await needs.needOf(choice(embedded))).toEqual(estimate);
    fact(3_000, { provider: 'llamacpp' });
    clock.advance(10_000);
    expect(await needs.needOf(choice(embedded))).toMatchObject({ processMb: 3_100, basis: 'measured' });
  });

  it('that nobody knows takes what a worker takes: its task will say what is wrong', async () => {
    const { needs, choice } = await start();
    expect(await needs.needOf(choice({ ...embedded, model: 'nonsense:1b' }))).toMatchObject({
      processMb: workerShareMb,
      model: null,
    });
  });

  it('is estimated also when the database does not answer', async () => {
    const { base, needs, choice } = await start();
    const locked = createModelNeeds({
      ...base,
      store: {
        facts: () => Promise.reject(new WilsonError('STORE_BUSY', 'It is locked.')),
        find: () => Promise.reject(new WilsonError('STORE_BUSY', 'It is locked.')),
      },
    });
    expect(await locked.needOf(choice(embedded))).toEqual(await needs.needOf(choice(embedded)));
    expect(await locked.needOf(choice())).toMatchObject({ processMb: workerShareMb, model: null });
  });
});

describe('a server that does not say', () => {
  it('is not waited for, and a model counts for what was seen of it before', async () => {
    const { base, provider, choice, fact, clock } = await start();
    const silent = withMethods(provider, {
      loaded: (signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const needs = createModelNeeds({ ...base, providerFor: () => silent });
    const unknown = needs.needOf(choice());
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2_500);
    expect(await unknown).toEqual({
      processMb: workerShareMb,
      model: null,
      parts: `worker ${workerShareMb} MB`,
      basis: 'metadata',
    });
    fact(2_345);
    clock.advance(10_000);
    const known = needs.needOf(choice());
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2_500);
    expect(await known).toMatchObject({ model: { key: keyOf(choice()), memoryMb: 2_345 }, basis: 'measured' });
    expect(clock.pending()).toBe(0);
  });

  it('is asked once for all who ask within a second', async () => {
    const { needs, choice, double, clock } = await start();
    const both = await Promise.all([needs.needOf(choice()), needs.needOf(choice())]);
    expect(both[0]).toBe(both[1]);
    const asked = double.requests.length;
    await needs.needOf(choice());
    expect(double.requests.length).toBe(asked);
    clock.advance(1_000);
    await needs.needOf(choice());
    expect(double.requests.length).toBeGreaterThan(asked);
  });
});
