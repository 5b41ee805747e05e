import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ChatBackend } from '../../../src/cli/chat-backend.js';
import { parseConfig } from '../../../src/config/parse.js';
import { WilsonError } from '../../../src/errors.js';
import { createModelLeases, type Lease } from '../../../src/models/leases.js';
import { type Chosen, createModelSelector } from '../../../src/models/model-selection.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import type { ChatPart, ModelProvider } from '../../../src/providers/provider.js';
import { Store } from '../../../src/store/store.js';
import { noUsage } from '../../../src/task/task.js';
import { createFakeClock } from '../../helpers/fake-clock.js';
import { beginSession, deferred, modelsOf } from '../../helpers/lease-rig.js';
import { startOllamaDouble } from '../../helpers/ollama-double.js';
import { failure } from '../../helpers/provider-conformance.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const never = new AbortController().signal;
const model = 'smollm2:135m';
const standIn = 'qwen2.5-coder:0.5b';

/** An embedded model that answers with its name. */
class Engine implements ModelProvider {
  readonly id = 'llamacpp';
  readonly server = 'embedded';
  isClosed = false;
  /** Answers wait for it. */
  answers: Promise<void> = Promise.resolve();

  constructor(private readonly name: string) {}

  async health() {
    return { version: '1' };
  }
  async list() {
    return [];
  }
  async capabilities() {
    return { tools: false, vision: false, thinking: false, contextLength: null };
  }
  async estimate() {
    return { weightsBytes: 0, contextBytes: 0, basis: 'file-size' } as const;
  }
  async load() {
    return { loadMs: 1 };
  }
  async unload() {
    this.isClosed = true;
  }
  async loaded() {
    return [];
  }
  async *chat(): AsyncIterable<ChatPart> {
    await this.answers;
    yield { type: 'text', text: this.name };
    yield { type: 'done', reason: 'stop', usage: noUsage };
  }
  async close() {
    this.isClosed = true;
  }
}

async function start(options: { fallback?: 'allow' | 'forbid'; isDown?: boolean } = {}) {
  const clock = createFakeClock();
  const double = await startOllamaDouble();
  if (options.isDown === true) await double.die();
  const config = parseConfig(
    `{llms: {chat: {model: "${model}", num_ctx: 2048}, embedded: {model: "${standIn}"}, fallback: ${options.fallback ?? 'allow'}}}`,
    '/c.yaml',
  );
  const provider = createOllamaProvider({ baseUrl: double.url });
  const store = Store.open(tempFolder(), clock);
  const leases = createModelLeases({
    sessionId: beginSession(store, 's1'),
    store: modelsOf(store),
    providerFor: () => provider,
    providerAt: () => provider,
    isSessionAlive: async () => true,
    clock,
  });
  const said: string[] = [];
  const logged: string[] = [];
  const held: { model: string; lease: Lease | null }[] = [];
  const engines: Engine[] = [];
  const absent = { value: false };
  const turns = { open: 0, all: 0 };
  const selector = createModelSelector({
    config,
    providers: () => provider,
    embedded: { name: standIn },
    clock,
  });
  // A clock of its own: its timers are the looks of the watch.
  const watchClock = createFakeClock();
  const chat = new ChatBackend({
    config,
    selector,
    clock: watchClock,
    priority: {
      turn: () => {
        turns.open += 1;
        turns.all += 1;
        return () => {
          turns.open -= 1;
        };
      },
    },
    providerFor: () => provider,
    acquire: (chosen: Chosen, signal) => leases.acquire(chosen, 'chat', { signal }),
    ensureEmbedded: async (name) => {
      if (absent.value) throw new WilsonError('MODEL_MISSING', 'It is not here.');
      return `/models/${name}`;
    },
    startEngine: (_path, chosen) => {
      const engine = new Engine(chosen.model);
      engines.push(engine);
      return engine;
    },
    onProgress: () => undefined,
    say: (text) => said.push(text),
    onHeld: (chosen, _provider, lease) => held.push({ model: chosen.model, lease }),
    log: (text) => logged.push(text),
  });
  onTestFinished(async () => {
    await chat.close();
    await leases.close();
    store.close();
    await provider.close();
    await double.close();
  });
  /** Lets ten seconds pass; resolves when the look that they bring is over: then the next one is set. */
  const look = async (): Promise<void> => {
    clock.advance(10_000);
    watchClock.advance(10_000);
    await vi.waitFor(() => expect(watchClock.pending()).toBe(1), { timeout: 5_000, interval: 5 });
  };
  const ask = (signal = never) =>
    chat.complete({ messages: [{ role: 'user', content: 'Hello' }], maxTokens: 16, signal });
  const loaded = async () => (await provider.loaded(never)).map(({ name, expiresAt }) => [name, expiresAt]);
  return { absent, watchClock, double, provider, store, chat, said, logged, held, engines, turns, look, ask, loaded };
}

describe('the chat’s model', () => {
  it('is loaded at the start, pinned, told, and given back at the end', async () => {
    const { double, chat, held, said, loaded, store, ask, turns } = await start();
    await chat.ready;
    expect([chat.name, chat.contextTokens, said]).toEqual([model, 2048, []]);
    expect(await loaded()).toEqual([[model, null]]);
    expect(held).toMatchObject([{ model, lease: { ours: true } }]);
    double.script({ when: { text: 'Hello' }, answer: 'Good day.' });
    expect(await ask()).toEqual({ text: 'Good day.', reason: 'stop' });
    expect(turns).toEqual({ open: 0, all: 1 });
    await chat.close();
    expect([double.isLoaded(model), store.models.list()]).toEqual([false, []]);
  });

  it('is asked with the options that it is loaded with, whatever others set', async () => {
    const { double, chat, provider, ask } = await start();
    await chat.ready;
    await ask();
    const loads = double.counts(model);
    expect(double.requests.at(-1)?.body).toMatchObject({ options: { num_ctx: 2048 } });
    expect(loads).toEqual({ loads: 1, reloads: 0 });
    await provider.health(never);
  });
});

describe('between turns', () => {
  it('a model that somebody took away is brought back, pinned and with its options', async () => {
    const { double, chat, loaded, look, logged } = await start();
    await chat.ready;
    double.unloadBehindOurBack(model);
    await look();
    expect(await loaded()).toEqual([[model, null]]);
    expect(logged).toEqual([`${model} had been taken off its server and was brought back for the chat`]);
    expect(double.requests.findLast(({ path }) => path === '/api/chat')?.body).toMatchObject({
      options: { num_ctx: 2048 },
      keep_alive: -1,
    });
  });

  it('a model that is to leave its server is pinned again', async () => {
    const { double, chat, loaded, look, logged } = await start();
    await chat.ready;
    double.unloadBehindOurBack(model);
    double.loadBehindOurBack(model);
    expect(await loaded()).not.toEqual([[model, null]]);
    await look();
    expect(await loaded()).toEqual([[model, null]]);
    expect(logged).toEqual([`${model} was to leave its server and was pinned again for the chat`]);
  });

  it('nothing is asked for that is there', async () => {
    const { double, chat, look } = await start();
    await chat.ready;
    const before = double.requests.filter(({ path }) => path === '/api/chat').length;
    await look();
    await look();
    expect(double.requests.filter(({ path }) => path === '/api/chat').length).toBe(before);
  });

  it('a server that does not answer is left to the next turn, and looked at again', async () => {
    const { double, chat, look, logged, said, loaded } = await start();
    await chat.ready;
    await double.die();
    await look();
    expect([logged, said]).toEqual([['the chat model could not be looked after'], []]);
    await double.comeBack();
    await look();
    expect(await loaded()).toEqual([[model, null]]);
  });

  it('nothing is changed under a turn', async () => {
    const { double, chat, look, ask } = await start();
    await chat.ready;
    double.script({ when: { text: 'Hello' }, fault: 'stall' });
    const stop = new AbortController();
    const turn = failure(ask(stop.signal));
    await double.nextRequest('/api/chat');
    await double.nextRequest('/api/chat');
    const before = double.requests.length;
    await look();
    expect(double.requests.length).toBe(before);
    stop.abort();
    expect((await turn).code).toBe('ABORTED');
  });

  it('nobody looks any more after the end', async () => {
    const { chat, watchClock } = await start();
    await chat.ready;
    await chat.close();
    expect(watchClock.pending()).toBe(0);
  });
});

describe('when the server goes away', () => {
  it('the chat goes on with the embedded model, says so, and returns when it can', async () => {
    const { double, chat, look, ask, said, engines, held, loaded } = await start();
    await chat.ready;
    await double.die();
    expect(await ask()).toEqual({ text: standIn, reason: 'stop' });
    expect([chat.name, said.length]).toEqual([standIn, 1]);
    expect(said[0]).toMatch(new RegExp(`^⚠️ .* The chat goes on with ${standIn}\\. Quality may vary\\.$`));
    await look();
    expect([chat.name, said.length]).toEqual([standIn, 1]);
    await double.comeBack();
    await look();
    expect([chat.name, said[1]]).toEqual([model, `${model} is back: the chat uses it again.`]);
    expect(await loaded()).toEqual([[model, null]]);
    expect(engines.map(({ isClosed }) => isClosed)).toEqual([true]);
    expect(held.map(({ model: name, lease }) => [name, lease === null])).toEqual([
      [model, false],
      [standIn, true],
      [model, false],
    ]);
  });

  it('starts with the embedded model, says why, and takes the configured one later', async () => {
    const { double, chat, look, said, engines } = await start({ isDown: true });
    await chat.ready;
    expect([chat.name, said.length]).toEqual([standIn, 1]);
    expect(said[0]).toMatch(/^⚠️ The chat runs on qwen2\.5-coder:0\.5b: .* Quality may vary\.$/);
    await double.comeBack();
    await look();
    expect([chat.name, engines[0]?.isClosed]).toEqual([model, true]);
  });

  it('keeps the model of a turn that began while the configured one came back', async () => {
    const { double, chat, look, ask, engines, loaded } = await start({ isDown: true });
    await chat.ready;
    await double.comeBack();
    const answers = deferred();
    const [engine] = engines;
    if (engine === undefined) throw new Error('no engine');
    engine.answers = answers.promise;
    double.script({ when: { path: '/api/chat' }, delayMs: 100 });
    const looking = look();
    await double.nextRequest('/api/chat');
    const turn = ask();
    await looking;
    expect([chat.name, engine.isClosed, await loaded()]).toEqual([standIn, false, []]);
    answers.resolve();
    expect((await turn).text).toBe(standIn);
    await look();
    expect(chat.name).toBe(model);
  });

  it('starts one embedded model for all turns that lose the server at once', async () => {
    const { double, chat, ask, said, engines } = await start();
    await chat.ready;
    await double.die();
    const both = await Promise.all([ask(), ask()]);
    expect(both.map(({ text }) => text)).toEqual([standIn, standIn]);
    expect([engines.length, said.length]).toEqual([1, 1]);
  });

  it('asks the server again with the next turn where no embedded model is to be had either', async () => {
    const { double, chat, ask, absent } = await start();
    await chat.ready;
    absent.value = true;
    await double.die();
    expect((await failure(ask())).code).toBe('MODEL_MISSING');
    await double.comeBack();
    expect([(await ask()).reason, chat.name]).toEqual(['stop', model]);
  });

  it('fails where nothing may stand in, and goes on when the server is back', async () => {
    const { double, chat, ask, said, engines } = await start({ fallback: 'forbid' });
    await chat.ready;
    await double.die();
    expect((await failure(ask())).code).toBe('SERVER_UNREACHABLE');
    expect([engines, said]).toEqual([[], []]);
    await double.comeBack();
    expect((await ask()).reason).toBe('stop');
  });
});
