import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { parseConfig } from '../../../src/config/parse.js';
import { createEvictionWatch } from '../../../src/models/eviction-watch.js';
import { createModelLeases } from '../../../src/models/leases.js';
import { createModelNeeds } from '../../../src/models/model-needs.js';
import { createModelSelector } from '../../../src/models/model-selection.js';
import { createWorkerModels } from '../../../src/models/worker-models.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import { promised } from '../../../src/store/async-store.js';
import { Store } from '../../../src/store/store.js';
import type { PreparedModel, TaskNeed } from '../../../src/supervisor/port.js';
import { beginSession, choiceOn, modelsOf } from '../../helpers/lease-rig.js';
import { type OllamaDoubleOptions, startOllamaDouble } from '../../helpers/ollama-double.js';
import { failure } from '../../helpers/provider-conformance.js';
import { tempFolder } from '../../helpers/temp-folder.js';
import { sampleTask } from '../cli/sample-task.js';

const chatModel = 'smollm2:135m';
const codeModel = 'qwen2.5-coder:0.5b';
const embedded = 'smollm2:135m';
const task = sampleTask();

interface Wanted {
  readonly double?: OllamaDoubleOptions;
  readonly fallback?: 'allow' | 'forbid';
  readonly keepAlive?: boolean;
  readonly loadDeadlineMs?: number;
}

async function start(wanted: Wanted = {}) {
  const { double = {}, fallback = 'allow', keepAlive = false, loadDeadlineMs = 30_000 } = wanted;
  const ollama = await startOllamaDouble(double);
  const code = `{model: "${codeModel}", num_ctx: 4096, keep_alive: ${keepAlive}}`;
  const llms = `{chat: {model: "${chatModel}", num_ctx: 2048}, code: ${code}, embedded: {model: "${embedded}"}, fallback: ${fallback}}`;
  const config = parseConfig(`{llms: ${llms}}`, '/c.yaml');
  const provider = createOllamaProvider({ baseUrl: ollama.url });
  const store = Store.open(tempFolder(), systemClock);
  beginSession(store, 's1');
  const env = { WILSON_MODELS: tempFolder() };
  const leases = createModelLeases({
    sessionId: 's1',
    store: modelsOf(store),
    providerFor: () => provider,
    providerAt: () => provider,
    isSessionAlive: async () => true,
    clock: systemClock,
    loadDeadlineMs,
  });
  onTestFinished(async () => {
    await leases.close();
    store.close();
    await provider.close();
    await ollama.close();
  });
  const unstuck: string[] = [];
  const watch = createEvictionWatch({
    store: modelsOf(store),
    providerFor: () => provider,
    quiet: async () => undefined,
    clock: systemClock,
    log: () => undefined,
  });
  const models = createWorkerModels({
    config,
    sessionId: 's1',
    selector: createModelSelector({
      config,
      providers: () => provider,
      embedded: { name: embedded },
      clock: systemClock,
    }),
    leases,
    needs: createModelNeeds({
      providerFor: () => provider,
      store: modelsOf(store),
      clock: systemClock,
      env,
      embeddedThreads: () => 1,
    }),
    evictions: {
      ...watch,
      unstick: async (choice) => {
        unstuck.push(choice.model);
      },
    },
    wouldFit: async (purpose, limitMb) => `${purpose} in ${limitMb} MB`,
    store: { models: modelsOf(store), sessions: promised(store.sessions) },
    quiet: async () => undefined,
    ensureEmbedded: async (name) => `/models/${name}.gguf`,
    describeProgress: () => '',
  });
  const stop = new AbortController();
  const faults: string[] = [];
  const statuses: string[] = [];
  const resized: TaskNeed[] = [];
  const prepare = (fits: (need: TaskNeed) => boolean = () => true): Promise<PreparedModel> =>
    models.prepare(task, {
      holder: `s1:${task.id}:1`,
      signal: stop.signal,
      onStatus: (status) => statuses.push(status),
      onFault: (text) => faults.push(text),
      resize: async (need) => {
        resized.push(need);
        return fits(need);
      },
    });
  const chat = () =>
    leases.acquire(
      choiceOn(ollama.url, chatModel, { purpose: 'chat', keepAlive: true, load: { numCtx: 2048, numThreads: null } }),
      'chat',
      { signal: stop.signal },
    );
  const breakLoadsOf = (model: string, fault: 'busy' | 'bad-option' | 'missing-model') =>
    ollama.script({ when: { path: '/api/chat', model }, fault, times: 0 });
  return { ollama, models, store, stop, faults, statuses, resized, unstuck, prepare, chat, breakLoadsOf };
}

describe('the model of a task', () => {
  it('is loaded for it, with what its worker must know, and goes with it', async () => {
    const { ollama, prepare, store, statuses } = await start();
    const prepared = await prepare();
    expect(prepared).toMatchObject({
      ref: { provider: 'ollama', model: codeModel, server: ollama.url, numCtx: 4096, modelPath: null },
      record: { model: codeModel, provider: 'ollama', usedFallback: false, fallbackReason: null },
      serverMemoryMb: 551,
    });
    expect(store.sessions.heldModels()).toMatchObject([{ holder: task.id, model: codeModel, purpose: 'code' }]);
    expect(statuses).toEqual(['choosing a model', `loading ${codeModel}`]);
    await prepared.release();
    expect([ollama.isLoaded(codeModel), store.sessions.heldModels()]).toEqual([false, []]);
  });

  it('is used with the options that it is loaded with', async () => {
    const { ollama, prepare } = await start();
    const other = createOllamaProvider({ baseUrl: ollama.url });
    await other.load(
      codeModel,
      { numCtx: 16_384, numThreads: null },
      { signal: new AbortController().signal, pin: false },
    );
    const prepared = await prepare();
    expect(prepared.ref.numCtx).toBe(16_384);
    expect(ollama.counts(codeModel)).toEqual({ loads: 1, reloads: 0 });
    await prepared.release();
    await other.close();
  });

  it('takes what was measured of the task’s earlier attempt where that was more', async () => {
    const { models, stop } = await start();
    const [usual, more] = [
      await models.need(task, stop.signal),
      await models.need(sampleTask({ needMb: 5_000 }), stop.signal),
    ];
    expect(more).toMatchObject({ processMb: 5_000, model: usual.model, basis: 'measured' });
    expect(more.parts).toContain('5,000 MB');
    expect(await models.need(sampleTask({ needMb: 1 }), stop.signal)).toEqual(usual);
  });
});

describe('where a load fails', () => {
  it.each(['busy', 'missing-model'] as const)('(%s) the chat’s model is taken, and said', async (fault) => {
    const { ollama, prepare, breakLoadsOf, faults } = await start();
    breakLoadsOf(codeModel, fault);
    const prepared = await prepare();
    expect(prepared.record).toMatchObject({ model: chatModel, provider: 'ollama', usedFallback: true });
    expect(prepared.record.fallbackReason).not.toBe('');
    expect(faults).toEqual([expect.stringContaining(`${ollama.url}: `)]);
    await prepared.release();
    expect(ollama.isLoaded(chatModel)).toBe(false);
  });

  it('the embedded model is the last one, held in its worker', async () => {
    const { prepare, breakLoadsOf, faults, store } = await start();
    breakLoadsOf(codeModel, 'busy');
    breakLoadsOf(chatModel, 'busy');
    const prepared = await prepare();
    expect(prepared).toMatchObject({
      ref: { provider: 'llamacpp', model: embedded, server: null, modelPath: `/models/${embedded}.gguf` },
      record: { usedFallback: true },
      serverMemoryMb: null,
    });
    expect(faults).toHaveLength(2);
    expect(store.sessions.heldModels()).toMatchObject([{ holder: task.id, provider: 'llamacpp' }]);
    await prepared.notePeak(1_234);
    expect(store.models.facts()).toMatchObject([{ provider: 'llamacpp', model: embedded, memoryMb: 1_234 }]);
    await prepared.release();
    expect(store.sessions.heldModels()).toEqual([]);
  });

  it('nothing stands in where that is forbidden', async () => {
    const { ollama, prepare, breakLoadsOf, faults, store } = await start({ fallback: 'forbid' });
    breakLoadsOf(codeModel, 'busy');
    expect((await failure(prepare())).code).toBe('SERVER_BUSY');
    expect([faults, store.sessions.heldModels(), ollama.isLoaded(chatModel)]).toEqual([[], [], false]);
  });

  it('nothing stands in for a fault that another model would not mend', async () => {
    const { prepare, breakLoadsOf, faults } = await start();
    breakLoadsOf(codeModel, 'bad-option');
    expect((await failure(prepare())).code).toBe('BAD_REQUEST');
    expect(faults).toEqual([]);
  });

  it('nothing stands in for a task that was stopped', async () => {
    const { ollama, prepare, stop, faults, store } = await start();
    ollama.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const preparing = failure(prepare());
    await ollama.nextRequest('/api/chat');
    stop.abort();
    expect((await preparing).code).toBe('ABORTED');
    expect([faults, store.sessions.heldModels()]).toEqual([[], []]);
  });

  it('behind a pinned model, the server is freed while the next one is taken', async () => {
    const { ollama, prepare, unstuck } = await start({ loadDeadlineMs: 200 });
    ollama.script({ when: { path: '/api/chat', model: codeModel }, fault: 'never-answers' });
    const prepared = await prepare();
    expect([prepared.record.model, unstuck]).toEqual([chatModel, [codeModel]]);
    await prepared.release();
  });
});

describe('where another model needs memory that was not reserved', () => {
  it('the task waits for it, and its next attempt begins with that model', async () => {
    const { ollama, models, prepare, breakLoadsOf, resized, stop, faults } = await start();
    breakLoadsOf(codeModel, 'busy');
    const wanted = (need: TaskNeed) => need.parts.includes(codeModel);
    const error = await failure(prepare(wanted));
    expect([error.code, error.message]).toEqual(['MEMORY_BUSY', expect.stringContaining(chatModel)]);
    expect(resized.map(({ parts }) => parts)).toEqual([
      expect.stringContaining(codeModel),
      expect.stringContaining(chatModel),
    ]);
    expect((await models.need(task, stop.signal)).parts).toContain(chatModel);
    // The one that failed is not tried again by this attempt, but by those of other tasks.
    const asked = ollama.requests.length;
    const prepared = await prepare();
    expect(prepared.record).toMatchObject({ model: chatModel, usedFallback: true });
    expect(ollama.requests.slice(asked).filter(({ body }) => body.model === codeModel && 'messages' in body)).toEqual(
      [],
    );
    expect(faults).toHaveLength(1);
    await prepared.release();
    expect((await models.need(task, stop.signal)).parts).toContain(codeModel);
  });
});

describe('on a server that keeps one model', () => {
  it('the chat’s comes back, and tasks use it from then on', async () => {
    const { ollama, prepare, chat, faults } = await start({ double: { machine: { maxLoaded: 1 } } });
    await chat();
    const first = await prepare();
    expect([first.record.model, ollama.isLoaded(chatModel), faults.length]).toEqual([chatModel, true, 1]);
    expect(first.record.fallbackReason).toContain('OLLAMA_MAX_LOADED_MODELS');
    await first.release();
    const loads = ollama.history().length;
    const second = await prepare();
    expect([second.record.model, ollama.history().length, faults.length]).toEqual([chatModel, loads, 1]);
    await second.release();
    expect(ollama.isLoaded(chatModel)).toBe(true);
  });

  it('a model that its purpose would keep is not kept, and not missed', async () => {
    const { ollama, prepare, chat, store, faults } = await start({
      double: { machine: { maxLoaded: 1 } },
      keepAlive: true,
    });
    await chat();
    const first = await prepare();
    expect(store.models.list().map(({ model }) => model)).toEqual([chatModel]);
    await first.release();
    const second = await prepare();
    expect([second.record.model, faults.length, ollama.isLoaded(chatModel)]).toEqual([chatModel, 1, true]);
    await second.release();
  });
});

describe('what does not fit at all', () => {
  it('is answered with what would', async () => {
    const { models, stop } = await start();
    expect(await models.wouldFit(task, 700, stop.signal)).toBe('code in 700 MB');
    expect(await models.makeRoom()).toBe(0);
  });
});
