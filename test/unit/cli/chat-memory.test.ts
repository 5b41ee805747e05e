import { describe, expect, it, onTestFinished } from 'vitest';
import { ChatMemory } from '../../../src/cli/chat-memory.js';
import { systemClock } from '../../../src/clock.js';
import { parseConfig } from '../../../src/config/parse.js';
import { createLog } from '../../../src/log.js';
import { chatEngineMb } from '../../../src/models/embedded-memory.js';
import { keyOf, type Lease } from '../../../src/models/leases.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import type { ModelProvider } from '../../../src/providers/provider.js';
import { Store } from '../../../src/store/store.js';
import { openStoreThread } from '../../../src/store/store-thread.js';
import { beginSession, choiceOn, withMethods } from '../../helpers/lease-rig.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const model = 'qwen2.5-coder:0.5b';
const local = 'http://127.0.0.1:11434';
const nothing = { chatsMb: 0, workersMb: 0, models: [], promisedMb: 0 };
const unused = createOllamaProvider({ baseUrl: local });

const lease = (ours: boolean, memoryMb: number | null): Lease => ({
  holder: 'chat',
  ours,
  memoryMb,
  load: { numCtx: 4096, numThreads: null },
  release: async () => undefined,
});

/** An engine that says of itself what it takes. */
const engine: ModelProvider = withMethods(unused, {
  id: 'llamacpp',
  server: 'embedded',
  loaded: async () => [{ name: model, memoryBytes: 700 * 1_048_576, contextTokens: 4096, expiresAt: null }],
});

async function start(chat: string) {
  const folder = tempFolder();
  const store = Store.open(folder, systemClock);
  beginSession(store, 's1');
  const thread = await openStoreThread(folder);
  onTestFinished(async () => {
    await thread.close();
    store.close();
  });
  const log = await createLog({ stateFolder: folder, name: 'wilson', level: 'info' });
  const config = parseConfig(`{llms: {chat: ${chat}}}`, '/c.yaml');
  const memory = new ChatMemory({ config, env: { WILSON_MODELS: folder }, store: thread, sessionId: 's1', log });
  /** What every session counts for the chats, once what was said is written. */
  const shared = async () => {
    await thread.dataVersion();
    return store.workers.memoryUse().chatsMb;
  };
  return { memory, store, thread, shared };
}

const onServer = `{provider: ollama, model: "${model}"}`;
const embedded = `{provider: llamacpp, model: "${model}", num_ctx: 4096}`;

describe('what the chat takes of this machine', () => {
  it('is the estimate of its engine from the start, where that is configured', async () => {
    const { memory, shared } = await start(embedded);
    expect(memory.use).toEqual(nothing);
    memory.expect();
    const engineMb = chatEngineMb({ model, numCtx: 4096 });
    expect(memory.use).toEqual({ ...nothing, chatsMb: engineMb });
    expect(await shared()).toBe(engineMb);
  });

  it('is not known before its model is chosen, where that is on a server', async () => {
    const { memory, shared } = await start(onServer);
    memory.expect();
    expect([memory.use, await shared()]).toEqual([nothing, 0]);
  });

  it('is its model on a server of this machine, as the server says', async () => {
    const { memory } = await start(onServer);
    const chosen = choiceOn(local, model, { purpose: 'chat' });
    await memory.holds(chosen, unused, lease(true, 551));
    expect(memory.use).toEqual({ ...nothing, models: [{ key: keyOf(chosen), memoryMb: 551 }] });
    await memory.holds(chosen, unused, lease(true, null));
    expect(memory.use.models).toEqual([{ key: keyOf(chosen), memoryMb: 0 }]);
  });

  it('is nothing for a model that somebody else loaded, or that is elsewhere', async () => {
    const { memory } = await start(onServer);
    await memory.holds(choiceOn(local, model), unused, lease(false, 551));
    expect(memory.use).toEqual(nothing);
    await memory.holds(choiceOn('http://192.0.2.7:11434', model), unused, lease(true, 551));
    expect(memory.use).toEqual(nothing);
  });

  it('is that of the engine which stands in for a lost server, and of the server again after that', async () => {
    const { memory, store, shared } = await start(onServer);
    const standIn = choiceOn('embedded', model, { provider: 'llamacpp', purpose: 'chat' });
    await memory.holds(standIn, engine, null);
    expect(await shared()).toBe(chatEngineMb({ model, numCtx: 4096 }));
    expect(store.sessions.heldModels()).toMatchObject([
      { holder: 'chat', provider: 'llamacpp', model, memoryMb: 700, contextTokens: 4096, ours: true },
    ]);
    await memory.holds(choiceOn(local, model), unused, lease(true, 551));
    expect([memory.use.chatsMb, await shared(), store.sessions.heldModels()]).toEqual([0, 0, []]);
  });

  it('fails nobody where it cannot be noted', async () => {
    const { memory, thread } = await start(embedded);
    await thread.close();
    memory.expect();
    await memory.holds(choiceOn('embedded', model, { provider: 'llamacpp' }), engine, null);
    expect(memory.use.chatsMb).toBeGreaterThan(0);
  });
});
