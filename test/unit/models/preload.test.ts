import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { parseConfig } from '../../../src/config/parse.js';
import { createEvictionWatch } from '../../../src/models/eviction-watch.js';
import { createModelLeases } from '../../../src/models/leases.js';
import { createModelNeeds } from '../../../src/models/model-needs.js';
import { createModelSelector } from '../../../src/models/model-selection.js';
import { preloadModels } from '../../../src/models/preload.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import { promised } from '../../../src/store/async-store.js';
import { Store } from '../../../src/store/store.js';
import { beginSession, choiceOn, modelsOf } from '../../helpers/lease-rig.js';
import { type MachineOptions, startOllamaDouble } from '../../helpers/ollama-double.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const never = new AbortController().signal;
const chatModel = 'smollm2:135m';
const codeModel = 'qwen2.5-coder:0.5b';

async function start(machine: MachineOptions = {}, maxMemoryMb = 16_000) {
  const double = await startOllamaDouble({ machine });
  const config = parseConfig(
    `{llms: {chat: {model: "${chatModel}"}, code: {model: "${codeModel}"}, analysis: {model: "${codeModel}"}}, resources: {max_memory_mb: ${maxMemoryMb}, warn_threshold_mb: 100}}`,
    '/c.yaml',
  );
  const provider = createOllamaProvider({ baseUrl: double.url });
  const store = Store.open(tempFolder(), systemClock);
  const shared = { providerFor: () => provider, clock: systemClock, store: modelsOf(store) };
  const leases = createModelLeases({
    ...shared,
    sessionId: beginSession(store, 's1'),
    providerAt: () => provider,
    isSessionAlive: async () => true,
  });
  onTestFinished(async () => {
    await leases.close();
    store.close();
    await provider.close();
    await double.close();
  });
  const said: string[] = [];
  const preload = (signal = never) =>
    preloadModels({
      config,
      selector: createModelSelector({
        config,
        providers: () => provider,
        embedded: { name: chatModel },
        clock: systemClock,
      }),
      leases,
      needs: createModelNeeds({ ...shared, env: {}, embeddedThreads: () => 1 }),
      evictions: createEvictionWatch({ ...shared, quiet: async () => undefined, log: () => undefined }),
      store: { workers: promised(store.workers) },
      signal,
      say: (text) => said.push(text),
    });
  const chat = () =>
    leases.acquire(choiceOn(double.url, chatModel, { purpose: 'chat', keepAlive: true }), 'chat', { signal: never });
  return { double, store, leases, said, preload, chat };
}

describe('models that are loaded before their first task', () => {
  it('are loaded once for both purposes, and stay until the end', async () => {
    const { double, store, leases, said, preload } = await start();
    await preload();
    expect([double.counts(codeModel), said]).toEqual([{ loads: 1, reloads: 0 }, []]);
    expect(store.sessions.heldModels().map(({ holder }) => holder)).toEqual(['preload code', 'preload analysis']);
    await leases.sweep();
    expect(double.isLoaded(codeModel)).toBe(true);
    await leases.close();
    expect(double.isLoaded(codeModel)).toBe(false);
  });

  it('give way where the server has no place for them beside the chat’s', async () => {
    const { double, store, said, preload, chat } = await start({ maxLoaded: 1 });
    await chat();
    await preload();
    expect(double.isLoaded(chatModel)).toBe(true);
    expect(store.sessions.heldModels().map(({ holder }) => holder)).toEqual(['chat']);
    expect(said[0]).toMatch(/^The model of code could not be loaded before its first task: The server at .* keeps /);
  });

  it('are left out, with the sum, where they do not fit', async () => {
    const { double, said, preload } = await start({}, 512);
    await preload();
    expect(double.isLoaded(codeModel)).toBe(false);
    expect(said[0]).toMatch(
      /^qwen2\.5-coder:0\.5b is not loaded before its first task: with it Wilson would take \d+ MB of 512 MB\.$/,
    );
  });

  it('are not waited for when the chat ends meanwhile', async () => {
    const { double, store, said, preload } = await start();
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const stop = new AbortController();
    const loading = preload(stop.signal);
    await double.nextRequest('/api/chat');
    stop.abort();
    await loading;
    expect([said, store.sessions.heldModels()]).toEqual([[], []]);
  });
});
