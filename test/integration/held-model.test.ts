import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { AgentModel } from '../../src/agents/agent.js';
import { systemClock } from '../../src/clock.js';
import { ensureModel } from '../../src/models/download.js';
import type { ModelRef } from '../../src/protocol/messages.js';
import { createLlamaCppProvider } from '../../src/providers/llama-cpp.js';
import { createOllamaProvider } from '../../src/providers/ollama.js';
import type { ChatRequest } from '../../src/providers/provider.js';
import { bindModel } from '../../workers/bound-model.js';
import { HoldGate } from '../../workers/hold-gate.js';
import { startOllamaDouble } from '../helpers/ollama-double.js';
import { collect, textOf } from '../helpers/provider-conformance.js';

const never = new AbortController().signal;
const model = 'smollm2:135m';
const load = { numCtx: 1_024, numThreads: 1 };

function pause(ms: number): Promise<'nothing came'> {
  return new Promise((resolve) => setTimeout(() => resolve('nothing came'), ms));
}

describe('an embedded model that is held', () => {
  let modelPath: string;
  beforeAll(async () => {
    modelPath = await ensureModel(model, { env: process.env, signal: never });
  }, 600_000);

  function embedded(gate: HoldGate) {
    const provider = createLlamaCppProvider({ threads: 1, env: process.env, gate });
    onTestFinished(() => provider.close());
    const chat = (content: string, more: Partial<ChatRequest> = {}) =>
      provider.chat({
        model,
        messages: [{ role: 'user', content }],
        load,
        temperature: 0.8,
        seed: 11,
        maxTokens: 48,
        signal: never,
        ...more,
      });
    return { provider, chat };
  }

  it('says the same as one that is not, token for token', async () => {
    const gate = new HoldGate(systemClock);
    const { chat } = embedded(gate);
    const undisturbed = await collect(chat('Tell me a tale.'));
    const parts = [];
    let holds = 0;
    const startedMs = performance.now();
    const stream = chat('Tell me a tale.')[Symbol.asyncIterator]();
    for (;;) {
      const next = stream.next();
      if (gate.isHeld) {
        expect(await Promise.race([next, pause(60)])).toBe('nothing came');
        gate.resume();
      }
      const { done, value } = await next;
      if (done === true) break;
      parts.push(value);
      if (value.type === 'text' && parts.length % 7 === 1) {
        gate.hold();
        holds += 1;
      }
    }
    const wallMs = performance.now() - startedMs;
    expect(holds).toBeGreaterThan(3);
    expect(textOf(parts)).toBe(textOf(undisturbed));
    const [usage, before] = [parts, undisturbed].map((all) => all.at(-1));
    if (usage?.type !== 'done' || before?.type !== 'done') throw new Error('an answer has no end');
    expect(usage.usage.outputTokens).toBe(before.usage.outputTokens);
    expect(usage.usage.promptTokens).toBe(before.usage.promptTokens);
    // Time in which it stood still is not time that it took.
    expect(usage.usage.generateMs).toBeLessThan(wallMs - holds * 50);
  });

  it('stands still in the middle of a prompt', async () => {
    const gate = new HoldGate(systemClock);
    const { provider, chat } = embedded(gate);
    await provider.load(model, load, { signal: never, pin: true });
    const prompt = 'The quick brown fox jumps over the lazy dog. '.repeat(60);
    gate.hold();
    const stream = chat(prompt, { maxTokens: 2 })[Symbol.asyncIterator]();
    const first = stream.next();
    const cpuBefore = process.cpuUsage();
    expect(await Promise.race([first, pause(700)])).toBe('nothing came');
    const { user } = process.cpuUsage(cpuBefore);
    expect(user / 1_000).toBeLessThan(350);
    gate.resume();
    expect((await first).value).toMatchObject({ type: 'text' });
    await stream.return?.(undefined);
  });

  it('does not fail by its time limits while it is held', async () => {
    const gate = new HoldGate(systemClock);
    const { provider, chat } = embedded(gate);
    await provider.load(model, load, { signal: never, pin: true });
    gate.hold();
    const answer = collect(
      chat('Tell me a tale.', { maxTokens: 4, timeouts: { firstTokenMs: 5_000, stallMs: 900, totalMs: 5_000 } }),
    );
    await pause(6_000);
    gate.resume();
    expect((await answer).at(-1)).toMatchObject({ type: 'done' });
  });

  it('ends at once when its work is stopped', async () => {
    const gate = new HoldGate(systemClock);
    const { chat } = embedded(gate);
    const work = new AbortController();
    gate.hold();
    const answer = collect(chat('Tell me a tale.', { signal: work.signal }));
    answer.catch(() => undefined);
    await pause(50);
    const startedMs = performance.now();
    work.abort();
    await expect(answer).rejects.toMatchObject({ code: 'ABORTED' });
    // A model that is being loaded cannot be left before its load is.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('is not loaded before the hold is over', async () => {
    const gate = new HoldGate(systemClock);
    const statuses: string[] = [];
    gate.hold();
    const ref: ModelRef = {
      provider: 'llamacpp',
      model,
      server: null,
      apiKeyEnv: null,
      modelPath,
      temperature: 0,
      numCtx: 1_024,
      numThreads: 1,
    };
    const binding = bindModel(ref, {
      signal: never,
      gate,
      onLoaded: () => undefined,
      onStatus: (message) => statuses.push(message),
      log: () => undefined,
    });
    expect(await Promise.race([binding, pause(200)])).toBe('nothing came');
    expect(statuses).toEqual([]);
    gate.resume();
    const bound = await binding;
    expect(statuses).toEqual(['loading model']);
    expect((await bound.complete({ messages: [{ role: 'user', content: 'Hi.' }], maxTokens: 2 })).text).not.toBe('');
  });
});

describe('a step on a server', () => {
  async function server() {
    const double = await startOllamaDouble({ machine: { parallel: 1 } });
    onTestFinished(() => double.close());
    const gate = new HoldGate(systemClock);
    const logged: string[] = [];
    const work = new AbortController();
    const bound: AgentModel = await bindModel(
      {
        provider: 'ollama',
        model,
        server: double.url,
        apiKeyEnv: null,
        modelPath: null,
        temperature: 0,
        numCtx: 2_048,
        numThreads: null,
      },
      {
        signal: work.signal,
        gate,
        onLoaded: () => undefined,
        onStatus: () => undefined,
        log: (_, line) => logged.push(line),
      },
    );
    const ask = () => bound.complete({ messages: [{ role: 'user', content: 'the step' }], maxTokens: 100 });
    return { double, gate, logged, bound, ask, stop: () => work.abort() };
  }
  const slow = { when: { text: 'the step' }, answer: Array<string>(100).fill('slow '), pieceDelayMs: 100 };

  it('makes room for the chat at once, on the one model of both, and comes to one result', async () => {
    const { double, gate, logged, bound, ask } = await server();
    double.script(slow, { when: { text: 'the step' }, answer: ['the ', 'result'] });
    const answer = ask();
    const first = await double.nextRequest('/api/chat');
    await pause(300);
    const chatProvider = createOllamaProvider({ baseUrl: double.url });
    const startedMs = performance.now();
    gate.hold();
    const chatAnswer = await collect(
      chatProvider.chat({
        model,
        messages: [{ role: 'user', content: 'Hello?' }],
        load: { numCtx: 2_048, numThreads: null },
        temperature: 0,
        maxTokens: 16,
        signal: never,
      }),
    );
    // Behind the step it would have waited for ten seconds.
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(chatAnswer.at(-1)?.type).toBe('done');
    expect(await first.closed).toEqual({ byClient: true });
    gate.resume();
    expect(await answer).toEqual({ text: 'the result', calls: [], reason: 'stop' });
    const steps = double.requests.filter(({ body }) => JSON.stringify(body).includes('the step'));
    expect(steps).toHaveLength(2);
    expect(steps[1]?.body).toEqual(steps[0]?.body);
    expect(logged).toHaveLength(1);
    const once = await ask();
    expect(once.text).not.toBe('');
    expect(bound.usage().promptTokens).toBeGreaterThan(0);
    await chatProvider.close();
  });

  it('is counted once, however often it was asked', async () => {
    const { double, gate, bound, ask } = await server();
    double.script({ when: { text: 'the step' }, answer: ['the ', 'result'] });
    await ask();
    const { promptTokens, outputTokens } = bound.usage();
    double.script(slow, { when: { text: 'the step' }, answer: ['the ', 'result'] });
    await double.nextRequest('/api/chat');
    const answer = ask();
    await double.nextRequest('/api/chat');
    gate.hold();
    gate.resume();
    await answer;
    expect(bound.usage()).toMatchObject({ promptTokens: 2 * promptTokens, outputTokens: 2 * outputTokens });
  });

  it('that is cut off counts with what was seen of it', async () => {
    const { double, bound, ask, stop } = await server();
    double.script(slow);
    const answer = ask();
    answer.catch(() => undefined);
    await double.nextRequest('/api/chat');
    while (bound.usage().outputTokens < 3) await pause(20);
    stop();
    await expect(answer).rejects.toMatchObject({ code: 'ABORTED' });
    expect(bound.usage().outputTokens).toBeGreaterThanOrEqual(3);
    expect(bound.usage().generateMs).toBeGreaterThan(150);
  });

  it('runs through the third time, however much the chat goes on', async () => {
    const { double, gate, logged, ask } = await server();
    double.script({ ...slow, times: 2 }, { when: { text: 'the step' }, answer: ['the ', 'result'], pieceDelayMs: 200 });
    const answer = ask();
    for (let turns = 0; turns < 2; turns += 1) {
      const request = await double.nextRequest('/api/chat');
      gate.hold();
      expect(await request.closed).toEqual({ byClient: true });
      gate.resume();
    }
    await double.nextRequest('/api/chat');
    gate.hold();
    expect(gate.isHeld).toBe(false);
    expect((await answer).text).toBe('the result');
    expect(double.requests.filter(({ path }) => path === '/api/chat')).toHaveLength(3);
    expect(logged).toHaveLength(1);
    expect(gate.isHeld).toBe(true);
  });
});
