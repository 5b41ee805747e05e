import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOllamaProvider } from '../../src/providers/ollama.js';
import { type OllamaDouble, startOllamaDouble } from '../helpers/ollama-double.js';
import { createDoubleClient, type DoubleClient } from '../helpers/ollama-double-client.js';

const [a, b, c, d] = ['a:1b', 'b:1b', 'c:1b', 'd:1b'] as const;
const smollm = 'smollm2:135m';
const never = 3_600_000;
const done = '"done":true';
let double: OllamaDouble;
let client: DoubleClient;

beforeEach(async () => {
  double = await startOllamaDouble({ models: [a, b, c, d, 'big'], machine: {} });
  client = createDoubleClient(double);
});
afterEach(async () => {
  client.close();
  await double.close();
});

const story = (from = 0) =>
  double
    .history()
    .slice(from)
    .map(({ what, model }) => `${what} ${model}`);

describe('a load', () => {
  it('takes its time, and is one for all that wait for it', async () => {
    double.setMachine({ loadMs: 60, loadMsOf: { [b]: 20 } });
    for (const each of [await client.ask(a), await client.ask(a), await client.load(a, -1)]) {
      expect(await each.text).toContain(done);
    }
    await client.loaded(b);
    expect(double.counts(a)).toEqual({ loads: 1, reloads: 0 });
    expect(story()).toEqual([`loading ${a}`, `loaded ${a}`, `loading ${b}`, `loaded ${b}`]);
    const [begun = 0, over = 0, nextBegun = 0, nextOver = 0] = double.history().map(({ atMs }) => atMs);
    expect(over - begun).toBeGreaterThanOrEqual(59);
    expect(nextOver - nextBegun).toBeGreaterThanOrEqual(19);
  });

  it('makes the next one wait, whatever its model, but nobody whose model is there', async () => {
    await client.loaded(c);
    double.setMachine({ loadMsOf: { [a]: never } });
    const first = await client.load(a);
    const second = await client.load(b);
    expect(await (await client.ask(c)).text).toContain(done);
    expect(await client.row(a)).toBeUndefined();
    expect([second.isOver(), story(2)]).toEqual([false, [`loading ${a}`]]);
    await first.leave();
    expect(await second.text).toContain('"done_reason":"load"');
    expect(story(2)).toEqual([`loading ${a}`, `load-killed ${a}`, `loading ${b}`, `loaded ${b}`]);
    expect(double.counts(a)).toEqual({ loads: 0, reloads: 0 });
  });

  it('is killed with the client that began it, and begins again for the others', async () => {
    double.setMachine({ loadMs: never });
    const first = await client.load(a);
    const second = await client.ask(a);
    await (await client.ask(a)).leave();
    expect(story()).toEqual([`loading ${a}`]);
    double.setMachine({ loadMs: 30 });
    await first.leave();
    expect(await second.text).toContain(done);
    expect(story()).toEqual([`loading ${a}`, `load-killed ${a}`, `loading ${a}`, `loaded ${a}`]);
    expect(double.counts(a)).toEqual({ loads: 1, reloads: 0 });
  });

  it('that no longer has a client is passed over by the queue', async () => {
    double.setMachine({ loadMsOf: { [a]: never } });
    const first = await client.load(a);
    await (await client.load(b)).leave();
    const third = await client.load(c);
    await first.leave();
    expect(await third.text).toContain('load');
    expect(story()).toEqual([`loading ${a}`, `load-killed ${a}`, `loading ${c}`, `loaded ${c}`]);
  });

  it('is refused when the queue is full; what is loaded answers all the same', async () => {
    await client.loaded(c);
    double.setMachine({ loadMs: never, maxQueue: 1 });
    await client.load(a);
    await client.load(b);
    const refused = await client.load(d);
    expect([await refused.status, await refused.text]).toEqual([
      503,
      '{"error":"server busy, please try again.  maximum pending requests exceeded"}',
    ]);
    expect(await (await client.ask(c)).status).toBe(200);
  });

  it('for other options waits until nobody uses the model, and forgets its keep-alive', async () => {
    await client.loaded(a, -1);
    const talking = await client.busy(a);
    const other = await client.ask(a, { options: { num_ctx: 8192 } });
    expect([other.isOver(), story(2)]).toEqual([false, []]);
    expect((await client.row(a))?.expires_at).toMatch(/^2[3-9]/);
    await talking.leave();
    expect(await other.text).toContain(done);
    expect(story(2)).toEqual([`restarting ${a}`, `reloading ${a}`, `loaded ${a}`]);
    expect(double.counts(a)).toEqual({ loads: 1, reloads: 1 });
    const { expires_at = '', context_length } = (await client.row(a)) ?? {};
    expect([Date.parse(expires_at) < Date.now() + 301_000, context_length]).toEqual([true, 8192]);
  });
});

describe('memory', () => {
  const sizeOf = async (model: string) => (await client.row(model))?.size ?? 0;

  it('is for a recorded model what was recorded, and grows with the context and with parallel answers', async () => {
    await client.loaded(smollm);
    expect(await sizeOf(smollm)).toBe(209_505_483);
    await client.loaded(smollm, undefined, { num_ctx: 8192 });
    const cache = 2 * 30 * 3 * 64 * 2 * 4096;
    expect(await sizeOf(smollm)).toBe(209_505_483 + cache);
    expect(double.memoryMb(smollm, 8192)).toBe((209_505_483 + cache) / 1_048_576);
    double.setMachine({ parallel: 3 });
    await client.unload(smollm);
    await client.loaded(smollm);
    expect(await sizeOf(smollm)).toBe(209_505_483 + 2 * cache);
  });

  it.each([100, 900, 4_500, 9_000])(
    'can be estimated from what the server says of a model of %i MB',
    async (sizeMb) => {
      double.setMachine({ sizesMb: { big: sizeMb } });
      const provider = createOllamaProvider({ baseUrl: double.url });
      const { signal } = new AbortController();
      const tags = await provider.list(signal);
      expect(tags.find((each) => each.name === 'big:latest')?.sizeBytes).toBe(sizeMb * 1_048_576);
      const estimate = await provider.estimate('big', { numCtx: 8192, numThreads: null }, signal);
      expect(estimate.basis).toBe('metadata');
      await client.loaded('big', undefined, { num_ctx: 8192 });
      const ratio = (estimate.weightsBytes + estimate.contextBytes) / (await sizeOf('big:latest'));
      expect(ratio).toBeGreaterThanOrEqual(1);
      expect(ratio).toBeLessThan(1.3);
      expect(await sizeOf('big:latest')).toBe(Math.round(double.memoryMb('big', 8192) * 1_048_576));
      await provider.close();
    },
  );

  it('that is too small evicts what is idle, the shortest keep-alive first', async () => {
    double.setMachine({ sizesMb: { [a]: 300, [b]: 300, [c]: 300, [d]: 300 } });
    double.setMachine({ ramMb: 3 * double.memoryMb(a) + 1, maxLoaded: 9 });
    await client.loaded(a, '20m');
    await client.loaded(b, '10m');
    await client.loaded(c, -1);
    await client.loaded(d, '30m');
    expect(story(6)).toEqual([`evicted ${b}`, `loading ${d}`, `loaded ${d}`]);
    await client.loaded(b, '30m');
    expect(story(9)).toEqual([`evicted ${a}`, `loading ${b}`, `loaded ${b}`]);
    expect((await client.ps()).map(({ name }) => name).sort()).toEqual([b, c, d]);
  });

  it('is not looked at for the first model', async () => {
    double.setMachine({ ramMb: 100 });
    await client.loaded(a);
    expect(await sizeOf(a)).toBeGreaterThan(100 * 1_048_576);
    await client.loaded(b);
    expect(story(2)).toEqual([`evicted ${a}`, `loading ${b}`, `loaded ${b}`]);
  });

  it('is given back as long after an eviction as an unload takes, and the load comes after that', async () => {
    double.setMachine({ maxLoaded: 1, unloadMs: 60 });
    await client.loaded(a);
    const askedMs = Date.now();
    await client.loaded(b);
    expect(story(2)).toEqual([`evicted ${a}`, `loading ${b}`, `loaded ${b}`]);
    expect((double.history()[2]?.atMs ?? 0) - askedMs).toBeGreaterThanOrEqual(59);
  });

  it('shows a model that has to go as expired', async () => {
    double.setMachine({ maxLoaded: 1, unloadMs: never });
    await client.loaded(a, -1);
    await client.load(b);
    expect(Date.parse((await client.row(a))?.expires_at ?? '')).toBeLessThanOrEqual(Date.now());
  });

  it('is taken from an idle model before a busy one, whatever their keep-alive', async () => {
    double.setMachine({ maxLoaded: 2 });
    await client.busy(a, '1m');
    await client.loaded(b, -1);
    await client.loaded(c);
    expect(story(4)).toEqual([`evicted ${b}`, `loading ${c}`, `loaded ${c}`]);
  });

  it('holds three models by default; a pinned one goes last, but goes', async () => {
    for (const model of [a, b, c, d]) await client.loaded(model, -1);
    expect(story(6)).toEqual([`evicted ${a}`, `loading ${d}`, `loaded ${d}`]);
  });

  it('is never taken from a model in use: the load waits', async () => {
    double.setMachine({ maxLoaded: 1 });
    const talking = await client.busy(a);
    const waiting = await client.load(b);
    expect([waiting.isOver(), story(2)]).toEqual([false, []]);
    await talking.leave();
    await waiting.text;
    expect(story(2)).toEqual([`evicted ${a}`, `loading ${b}`, `loaded ${b}`]);
  });
});

describe('a load that blocks for ever', () => {
  it('does so behind a model that is pinned and busy, until that is unloaded', async () => {
    double.setMachine({ maxLoaded: 1, stuckBehindPinned: true });
    const talking = await client.busy(a, -1);
    const first = await client.load(b);
    await talking.leave();
    await first.leave();
    const second = await client.load(c);
    expect(await (await client.ask(a)).text).toContain(done);
    expect((await client.ps()).map(({ name }) => name)).toEqual([a]);
    expect([second.isOver(), story(2)]).toEqual([false, [`stuck ${b}`]]);
    await client.unload(a);
    expect(await second.text).toContain('"done_reason":"load"');
    expect(story(2)).toEqual([`stuck ${b}`, `unloaded ${a}`, `loading ${c}`, `loaded ${c}`]);
  });

  it('does so too when it is a reload of the pinned model itself', async () => {
    double.setMachine({ stuckBehindPinned: true });
    const talking = await client.busy(a, -1);
    const other = await client.ask(a, { options: { num_thread: 1 } });
    await talking.leave();
    expect([other.isOver(), story(2)]).toEqual([false, [`stuck ${a}`]]);
    await client.unload(a);
    expect(await other.text).toContain(done);
    expect(double.counts(a)).toEqual({ loads: 2, reloads: 0 });
  });

  it.each([
    ['idle', -1],
    ['not pinned', undefined],
  ])('does not do so behind one that is %s', async (_, keepAlive) => {
    double.setMachine({ maxLoaded: 1, stuckBehindPinned: true });
    const talking = await client.busy(a, keepAlive);
    if (keepAlive === -1) await talking.leave();
    const waiting = await client.load(b);
    await talking.leave();
    expect(await waiting.text).toContain('load');
    expect(story(2)).toEqual([`evicted ${a}`, `loading ${b}`, `loaded ${b}`]);
  });

  it('does so without any reason where a test says so; only a start of the server ends it', async () => {
    await client.loaded(c);
    double.setMachine({ hangLoads: [a] });
    await (await client.load(a)).leave();
    const second = await client.load(b);
    expect(await (await client.ask(c)).text).toContain(done);
    await client.unload(c);
    await client.unload(a);
    expect([second.isOver(), story(2)]).toEqual([false, [`loading ${a}`, `stuck ${a}`, `unloaded ${c}`]]);
    await double.die();
    expect(await second.text).toBe('left');
    await double.comeBack();
    await client.loaded(a);
    expect(story(5)).toEqual([`loading ${a}`, `loaded ${a}`]);
  });
});
