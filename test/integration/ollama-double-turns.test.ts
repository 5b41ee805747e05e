import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OllamaDouble, startOllamaDouble } from '../helpers/ollama-double.js';
import { createDoubleClient, type DoubleClient } from '../helpers/ollama-double-client.js';

const [a, b] = ['a:1b', 'b:1b'] as const;
const never = 3_600_000;
const done = '"done":true';
let double: OllamaDouble;
let client: DoubleClient;

beforeEach(async () => {
  double = await startOllamaDouble({ models: [a, b], machine: {} });
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

describe('answers of one model', () => {
  it('come one after the other, each for as long as its stream', async () => {
    double.script({ times: 0, answer: ['1', '2', '3'], pieceDelayMs: 20 });
    const startedMs = performance.now();
    const [first, second] = [await client.ask(a), await client.ask(a)];
    const order: string[] = [];
    await Promise.all([second.text.then(() => order.push('second')), first.text.then(() => order.push('first'))]);
    expect(order).toEqual(['first', 'second']);
    // Two streams of four lines.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(2 * 4 * 19);
  });

  it('count in the same way when they are not streamed', async () => {
    double.script({ answer: ['1', '2'], pieceDelayMs: 30 });
    const startedMs = performance.now();
    const first = await client.ask(a, { stream: false });
    const second = await client.ask(a);
    expect(await first.text).toContain('"content":"12"');
    await second.text;
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(59);
  });

  it('make nobody wait who asks another model, or only for a load', async () => {
    await client.busy(a);
    expect(await (await client.ask(b)).text).toContain(done);
    await client.loaded(a);
  });

  it('end at once with their client, and the next one has the slot; who left while waiting gets none', async () => {
    const first = await client.busy(a);
    const second = await client.busy(a);
    const third = await client.ask(a);
    const fourth = await client.ask(a);
    await third.leave();
    await first.leave();
    expect([second.isOver(), fourth.isOver()]).toEqual([false, false]);
    await second.leave();
    expect(await fourth.text).toContain(done);
  });

  it('frees the slot of a slow stream without waiting for its next piece', async () => {
    double.script({ answer: ['1', '2'], pieceDelayMs: never });
    const slow = await client.ask(a);
    const next = await client.ask(a);
    await slow.leave();
    expect(await next.text).toContain(done);
  });

  it('run side by side where the server is set so, also from now on', async () => {
    await client.busy(a);
    const second = await client.ask(a);
    expect(second.isOver()).toBe(false);
    double.setMachine({ parallel: 2 });
    expect(await second.text).toContain(done);
  });

  it('wait with the model and its slot where a step says so', async () => {
    double.script({ delayMs: never, answer: 'slow' });
    const slow = await client.ask(a);
    const next = await client.ask(a);
    expect([slow.isOver(), next.isOver(), double.isLoaded(a)]).toEqual([false, false, true]);
    await slow.leave();
    expect(await next.text).toContain(done);
  });

  it('end with the process of their model, and the next one loads it again', async () => {
    double.script({ fault: 'error-line' });
    expect(await (await client.ask(a)).text).toContain('"error":"an error was encountered');
    await (await client.ask(a)).text;
    expect(story()).toEqual([`loading ${a}`, `loaded ${a}`, `crashed ${a}`, `loading ${a}`, `loaded ${a}`]);
  });

  it('are refused as before without a load', async () => {
    double.script({ fault: 'busy' });
    expect(await (await client.ask(a)).status).toBe(503);
    expect(story()).toEqual([]);
  });
});

describe('an unload', () => {
  it('is answered before it happens', async () => {
    double.setMachine({ unloadMs: never });
    await client.loaded(a);
    await client.unload(a);
    expect(Date.parse((await client.row(a))?.expires_at ?? '')).toBeLessThanOrEqual(Date.now());
    double.setMachine({ unloadMs: 60 });
    await client.loaded(b);
    const askedMs = Date.now();
    await client.unload(b);
    await double.until('unloaded', b);
    expect(Date.now() - askedMs).toBeGreaterThanOrEqual(59);
    expect((await client.ps()).map(({ name }) => name)).toEqual([a]);
  });

  it('waits for the answers that run or wait', async () => {
    const [first, second] = [await client.busy(a), await client.busy(a)];
    await client.unload(a);
    await first.leave();
    expect([double.isLoaded(a), story(2)]).toEqual([true, []]);
    await second.leave();
    expect([double.isLoaded(a), story(2)]).toEqual([false, [`unloaded ${a}`]]);
  });

  it('has no effect on a model that is loading', async () => {
    double.setMachine({ loadMs: never });
    const first = await client.load(a);
    const second = await client.load(a);
    await client.unload(a);
    double.setMachine({ loadMs: 0 });
    await first.leave();
    await second.text;
    expect([double.isLoaded(a), story(2)]).toEqual([true, [`loading ${a}`, `loaded ${a}`]]);
  });

  it('is lost when a request with another keep_alive slips in, and only then', async () => {
    const talking = await client.busy(a);
    await client.unload(a);
    const waiting = await client.ask(a);
    await client.loaded(a, '30s');
    await talking.leave();
    await waiting.text;
    expect([double.isLoaded(a), story(2)]).toEqual([true, [`unload-lost ${a}`]]);
    const again = await client.busy(a);
    await client.unload(a);
    await (await client.load(a)).text;
    await again.leave();
    expect([double.isLoaded(a), story(3)]).toEqual([false, [`unloaded ${a}`]]);
  });

  it('is lost likewise in the time until it happens', async () => {
    double.setMachine({ unloadMs: never });
    await client.loaded(a);
    await client.unload(a);
    await client.loaded(a, -1);
    expect([(await client.row(a))?.expires_at.slice(0, 2), story(2)]).toEqual(['23', [`unload-lost ${a}`]]);
  });

  it('is lost as often as a test says', async () => {
    double.setMachine({ loseUnloads: 2 });
    await client.loaded(a);
    for (let count = 0; count < 3; count += 1) await client.unload(a);
    expect(story(2)).toEqual([`unload-lost ${a}`, `unload-lost ${a}`, `unloaded ${a}`]);
  });

  it('comes with the end of an answer that asked for it, and by itself with the end of the keep-alive', async () => {
    await (await client.ask(a, { keep_alive: 0 })).text;
    await client.loaded(b, '30ms');
    await double.until('expired', b);
    expect(story()).toEqual([
      `loading ${a}`,
      `loaded ${a}`,
      `unloaded ${a}`,
      `loading ${b}`,
      `loaded ${b}`,
      `expired ${b}`,
    ]);
  });

  it('by somebody else happens at once; who waited for a slot has it loaded again', async () => {
    await client.busy(a);
    const waiting = await client.ask(a);
    double.unloadBehindOurBack(a);
    expect(await waiting.text).toContain(done);
    expect(story(2)).toEqual([`taken ${a}`, `loading ${a}`, `loaded ${a}`]);
  });
});

describe('a machine', () => {
  it('can be taken away while something waits for it', async () => {
    await client.busy(a);
    const waiting = await client.ask(a);
    double.setMachine(null);
    expect(await waiting.text).toContain(done);
    await client.unload(a);
    expect(double.isLoaded(a)).toBe(false);
  });

  it('keeps its account over a death, and nothing loaded', async () => {
    double.setMachine({ loadMs: never });
    const loading = await client.load(a);
    await double.die();
    expect(await loading.text).toBe('left');
    await double.comeBack();
    double.setMachine({ loadMs: 0 });
    await client.loaded(a);
    expect(story()).toEqual([`loading ${a}`, `loading ${a}`, `loaded ${a}`]);
    expect(double.counts(a)).toEqual({ loads: 1, reloads: 0 });
  });

  it('has what somebody else loads at once, also in the middle of a load', async () => {
    double.setMachine({ loadMs: never });
    const [first, second] = [await client.load(a, -1, { num_ctx: 512 }), await client.load(a, -1, { num_ctx: 512 })];
    double.loadBehindOurBack(a);
    expect((await client.row(a))?.context_length).toBe(4096);
    double.setMachine({ loadMs: 0 });
    await first.leave();
    await second.text;
    expect((await client.row(a))?.context_length).toBe(512);
    expect(story(1)).toEqual([`loaded ${a}`, `load-killed ${a}`, `loading ${a}`, `restarting ${a}`, `loaded ${a}`]);
  });
});
