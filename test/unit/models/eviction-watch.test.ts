import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createEvictionWatch, type EvictionWatchOptions } from '../../../src/models/eviction-watch.js';
import { createModelLeases, type Lease } from '../../../src/models/leases.js';
import type { Chosen } from '../../../src/models/model-selection.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import { Store } from '../../../src/store/store.js';
import { createFakeClock, type FakeClock } from '../../helpers/fake-clock.js';
import { beginSession, choiceOn, deferred, modelsOf } from '../../helpers/lease-rig.js';
import { type MachineOptions, startOllamaDouble } from '../../helpers/ollama-double.js';
import { collect, failure } from '../../helpers/provider-conformance.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const never = new AbortController().signal;
const chatModel = 'smollm2:135m';
const workerModel = 'qwen2.5-coder:0.5b';
let clock: FakeClock;
beforeEach(() => {
  clock = createFakeClock();
});

/** A server on a machine, a chat whose model is pinned on it, and the watch of another session's worker. */
async function start(machine: MachineOptions, more: Partial<EvictionWatchOptions> = {}) {
  const double = await startOllamaDouble({ machine });
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
  onTestFinished(async () => {
    await leases.close();
    store.close();
    await provider.close();
    await double.close();
  });
  const logged: string[] = [];
  const watch = createEvictionWatch({
    store: modelsOf(store),
    providerFor: () => provider,
    quiet: async () => undefined,
    clock,
    log: (text) => logged.push(text),
    ...more,
  });
  const chat: Chosen = choiceOn(double.url, chatModel, { purpose: 'chat', keepAlive: true });
  const worker: Chosen = choiceOn(double.url, workerModel);
  const acquire = (choice: Chosen, holder: string): Promise<Lease> => leases.acquire(choice, holder, { signal: never });
  const expiryOfChat = async () => (await provider.loaded(never)).find(({ name }) => name === chatModel)?.expiresAt;
  return { double, provider, leases, watch, logged, chat, worker, acquire, expiryOfChat };
}

describe('after a load', () => {
  it('lets it be where the chat’s model is still there', async () => {
    const { watch, chat, worker, acquire, double } = await start({});
    await acquire(chat, 'chat');
    await acquire(worker, 'TASK-001');
    await watch.check(worker, never);
    expect(watch.crowded()).toEqual([]);
    expect([double.isLoaded(chatModel), double.isLoaded(workerModel)]).toEqual([true, true]);
  });

  it('brings the chat’s model back that was pushed out, pinned and as it was, and says why', async () => {
    const { watch, chat, worker, acquire, double, expiryOfChat, logged } = await start({ maxLoaded: 1 });
    await acquire({ ...chat, load: { numCtx: 2048, numThreads: 2 } }, 'chat');
    const lease = await acquire(worker, 'TASK-001');
    expect(double.isLoaded(chatModel)).toBe(false);
    const error = await failure(watch.check(worker, never));
    expect(error.code).toBe('CHAT_EVICTED');
    expect(error.message).toBe(
      `The server at ${double.url} keeps ${chatModel} for the chat and has no place for ${workerModel} beside it ` +
        '(loading it pushed the other one out). Start it with OLLAMA_MAX_LOADED_MODELS=2 or more.',
    );
    expect([double.isLoaded(chatModel), await expiryOfChat()]).toEqual([true, null]);
    expect(double.requests.findLast(({ path }) => path === '/api/chat')?.body).toMatchObject({
      options: { num_ctx: 2048, num_thread: 2 },
      keep_alive: -1,
    });
    expect([watch.crowded(), logged]).toMatchObject([[{ server: double.url, keeps: chatModel }], [error.message]]);
    await lease.release();
    expect(double.isLoaded(chatModel)).toBe(true);
  });

  it('brings back what somebody else took off, and holds nothing against a server that has room for both', async () => {
    const { watch, chat, worker, acquire, double, expiryOfChat } = await start({});
    await acquire(chat, 'chat');
    await acquire(worker, 'TASK-001');
    double.unloadBehindOurBack(chatModel);
    await watch.check(worker, never);
    expect([double.isLoaded(workerModel), await expiryOfChat(), watch.crowded()]).toEqual([true, null, []]);
  });

  it('tries a crowded server again after ten minutes', async () => {
    const { watch, chat, worker, acquire } = await start({ maxLoaded: 1 });
    await acquire(chat, 'chat');
    await acquire(worker, 'TASK-001');
    await failure(watch.check(worker, never));
    clock.advance(599_999);
    expect(watch.crowded()).toHaveLength(1);
    clock.advance(1);
    expect(watch.crowded()).toEqual([]);
  });

  it('asks nothing where no chat has a model there, or the chat has the same', async () => {
    const { watch, chat, worker, acquire, double } = await start({});
    await acquire(worker, 'TASK-001');
    const before = double.requests.length;
    await watch.check(worker, never);
    await acquire({ ...chat, model: workerModel }, 'chat');
    const asked = double.requests.length;
    await watch.check(worker, never);
    expect([asked > before, double.requests.length]).toEqual([true, asked]);
  });

  it('does not miss a model that its chat has given back', async () => {
    const { watch, chat, worker, acquire, double } = await start({});
    await (await acquire({ ...chat, keepAlive: true }, 'chat')).release();
    await acquire(worker, 'TASK-001');
    await watch.check(worker, never);
    expect(double.isLoaded(chatModel)).toBe(false);
  });
});

describe('after a load that passed its deadline', () => {
  const jammed: MachineOptions = { maxLoaded: 1, stuckBehindPinned: true };

  /** The chat answers while the worker's load comes: the server's deadlock. */
  async function jam(rig: Awaited<ReturnType<typeof start>>): Promise<void> {
    const { double, provider, chat, worker, acquire } = rig;
    await acquire(chat, 'chat');
    double.script({ when: { text: 'Hello' }, answer: 'An answer that takes its time.', pieceDelayMs: 30 });
    const answer = collect(
      provider.chat({
        model: chatModel,
        messages: [{ role: 'user', content: 'Hello' }],
        load: chat.load,
        temperature: 0,
        maxTokens: 32,
        signal: never,
      }),
    );
    await double.nextRequest('/api/chat');
    await double.nextRequest('/api/chat');
    const load = failure(acquire(worker, 'TASK-001'));
    await double.until('stuck', workerModel);
    clock.advance(30_000);
    expect((await load).code).toBe('LOAD_TIMED_OUT');
    await answer;
  }

  it('frees the server of it and has the chat’s model back, pinned', async () => {
    const rig = await start(jammed);
    const { watch, worker, double, expiryOfChat, logged } = rig;
    await jam(rig);
    await watch.unstick(worker);
    expect(double.history().map(({ what, model }) => `${what} ${model}`)).toEqual([
      `loading ${chatModel}`,
      `loaded ${chatModel}`,
      `stuck ${workerModel}`,
      `unloaded ${chatModel}`,
      `loading ${chatModel}`,
      `loaded ${chatModel}`,
    ]);
    expect(await expiryOfChat()).toBeNull();
    expect([watch.crowded(), logged]).toMatchObject([[{ keeps: chatModel }], [expect.stringContaining('deadline')]]);
  });

  it('waits for the chat’s turn, and does it once for all who wait', async () => {
    const quiet = deferred();
    const rig = await start(jammed, { quiet: () => quiet.promise });
    const { watch, worker, double } = rig;
    await jam(rig);
    const both = Promise.all([watch.unstick(worker), watch.unstick(worker)]);
    await rig.provider.health(never);
    expect(double.history().filter(({ what }) => what === 'unloaded')).toEqual([]);
    quiet.resolve();
    await both;
    expect(double.history().filter(({ what }) => what === 'unloaded')).toHaveLength(1);
  });

  it('leaves a server alone that was seen to hold both: a slow load there is only slow', async () => {
    const { watch, chat, worker, acquire, double } = await start({});
    await acquire(chat, 'chat');
    const lease = await acquire(worker, 'TASK-001');
    await watch.check(worker, never);
    await lease.release();
    const before = double.requests.length;
    await watch.unstick(worker);
    expect([double.requests.length, watch.crowded()]).toEqual([before, []]);
  });

  it('leaves it alone where the load has come after all', async () => {
    const { watch, chat, worker, acquire, double } = await start({});
    await acquire(chat, 'chat');
    double.loadBehindOurBack(workerModel);
    await watch.unstick(worker);
    expect([double.history().filter(({ what }) => what === 'unloaded'), watch.crowded()]).toEqual([[], []]);
  });

  it('says what went wrong, and fails nobody over it', async () => {
    const { watch, chat, worker, acquire, double, logged } = await start({});
    await acquire(chat, 'chat');
    await double.die();
    await watch.unstick(worker);
    expect(logged).toEqual([`${double.url} could not be freed of a load that hangs`]);
    expect(clock.pending()).toBe(0);
  });
});
