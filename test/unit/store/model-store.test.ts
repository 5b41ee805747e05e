import { describe, expect, it, onTestFinished } from 'vitest';
import { type AcquireRequest, modelKey, type ReleaseOutcome } from '../../../src/store/model-store.js';
import { Store } from '../../../src/store/store.js';
import { createFakeClock } from '../../helpers/fake-clock.js';
import { beginSession } from '../../helpers/lease-rig.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const server = 'http://127.0.0.1:11434';
const key = modelKey('ollama', server, 'a:1b');

function open() {
  const clock = createFakeClock();
  const store = Store.open(tempFolder(), clock);
  onTestFinished(() => store.close());
  for (const id of ['s1', 's2']) beginSession(store, id);
  const { models } = store;
  const acquire = (sessionId: string, more: Partial<AcquireRequest> = {}) =>
    models.acquire({
      sessionId,
      holder: 'TASK-001',
      provider: 'ollama',
      server,
      model: 'a:1b',
      purpose: 'code',
      keepAlive: false,
      idleTimeoutS: 0,
      numCtx: 4096,
      numThreads: null,
      local: true,
      memoryMb: 900,
      ...more,
    });
  const load = (ours = true, memoryMb: number | null = 950, numCtx = 4096) => {
    if (ours) models.expect(key);
    return models.loaded(key, { ours, memoryMb, numCtx, loadMs: 40 });
  };
  const release = (sessionId: string): ReleaseOutcome => models.release(sessionId, 'TASK-001', key);
  return { clock, store, models, acquire, load, release };
}

describe('holders', () => {
  it('are counted over all sessions, and the first decides how the model is loaded', () => {
    const { models, acquire, load, release } = open();
    expect(acquire('s1')).toEqual({ outcome: 'granted', numCtx: 4096, numThreads: null, pinned: false });
    load();
    expect(acquire('s2', { numCtx: 8192, numThreads: 3 })).toMatchObject({ numCtx: 4096, numThreads: null });
    expect(models.find(key)).toMatchObject({ holders: 2, numCtx: 4096, ours: true, state: 'loaded' });
    expect(release('s1')).toEqual({ outcome: 'held' });
    expect(release('s1')).toEqual({ outcome: 'held' });
    expect(release('s2')).toMatchObject({ outcome: 'unload', model: { holders: 0, ours: true, state: 'loaded' } });
  });

  it('have their own options again after the last was gone', () => {
    const { acquire, load, release } = open();
    acquire('s1', { idleTimeoutS: 60 });
    load();
    release('s1');
    expect(acquire('s2', { numCtx: 8192, numThreads: 3 })).toMatchObject({ numCtx: 8192, numThreads: 3 });
  });

  it('wait while a session takes the model away, which only that session can end', () => {
    const { models, acquire, load, release } = open();
    acquire('s1');
    load();
    release('s1');
    expect(acquire('s2')).toEqual({ outcome: 'unloading', sessionId: 's1' });
    expect([models.claimUnload('s2', key, 'now'), models.sessions()]).toEqual([null, ['s1']]);
    models.unloaded('s2', key, 'gone', 5);
    expect(acquire('s2')).toMatchObject({ outcome: 'unloading' });
    models.unloaded('s1', key, 'gone', 5);
    expect(models.list()).toEqual([]);
    expect(acquire('s2')).toMatchObject({ outcome: 'granted' });
  });

  it('have the longest idle time of those who shared it, and each last one begins it anew', () => {
    const { clock, models, acquire, load, release } = open();
    acquire('s1', { idleTimeoutS: 60 });
    load();
    acquire('s2', { idleTimeoutS: 5 });
    release('s1');
    expect(release('s2')).toEqual({ outcome: 'idle', idleTimeoutS: 60 });
    expect(release('s2')).toEqual({ outcome: 'unknown' });
    clock.advance(59_999);
    expect(models.claimUnload('s1', key, 'due')).toBeNull();
    acquire('s1', { idleTimeoutS: 60 });
    expect([models.claimUnload('s2', key, 'now'), models.claimUnload('s2', key, 'due')]).toEqual([null, null]);
    release('s1');
    clock.advance(60_000);
    expect(models.claimUnload('s2', key, 'due')).toMatchObject({ model: 'a:1b' });
  });

  it('pin it for good once one of them does', () => {
    const { models, acquire, load } = open();
    acquire('s1', { keepAlive: true });
    load();
    expect(acquire('s2')).toMatchObject({ pinned: true });
    expect(models.pinnedOn('ollama', server).map((each) => each.model)).toEqual(['a:1b']);
    expect([models.pinnedOn('openai', server), models.pinnedOn('ollama', 'http://other')]).toEqual([[], []]);
  });
});

describe('what was loaded by others', () => {
  it('is forgotten after the last holder, and nobody is told to unload it', () => {
    const { models, acquire, load, release } = open();
    acquire('s1');
    load(false);
    expect(release('s1')).toMatchObject({ outcome: 'kept' });
    expect([models.list(), release('s1')]).toEqual([[], { outcome: 'unknown' }]);
  });

  it('is ours from then on when it was gone and one of us asked for it', () => {
    const { models, acquire, load } = open();
    acquire('s1');
    load(false);
    models.expect(key);
    expect(models.find(key)).toMatchObject({ ours: true, state: 'loading' });
    expect(load(false)).toMatchObject({ ours: true, state: 'loaded' });
  });
});

describe('a load that was given up', () => {
  it('counts for nothing and has no idle time', () => {
    const { store, models, acquire, release } = open();
    acquire('s1', { idleTimeoutS: 300 });
    models.expect(key);
    expect(store.workers.memoryUse().models).toEqual([{ key, memoryMb: 900 }]);
    models.suspect(key);
    expect(store.workers.memoryUse().models).toEqual([{ key, memoryMb: 0 }]);
    expect(release('s1')).toMatchObject({ outcome: 'unload', model: { state: 'loading', ours: true } });
    models.unloaded('s1', key, 'awaited', null);
    expect(models.find(key)).toMatchObject({ state: 'loading', ours: true });
    expect(models.claimUnload('s2', key, 'due')).toMatchObject({ state: 'loading' });
  });

  it('keeps its estimate while somebody else awaits it', () => {
    const { models, acquire, release } = open();
    acquire('s1');
    acquire('s2');
    models.suspect(key);
    release('s1');
    expect(models.find(key)).toMatchObject({ holders: 1, memoryMb: 900 });
  });

  it('does not change a model that is loaded', () => {
    const { models, acquire, load } = open();
    acquire('s1');
    load();
    models.suspect(key);
    expect(models.find(key)).toMatchObject({ state: 'loaded', memoryMb: 950 });
  });
});

describe('what could not be taken away', () => {
  it('stays on the list for the next sweep, without a second idle time', () => {
    const { models, acquire, load, release } = open();
    acquire('s1', { idleTimeoutS: 300 });
    load();
    release('s1');
    models.claimUnload('s1', key, 'now');
    models.unloaded('s1', key, 'stays', null);
    expect(models.find(key)).toMatchObject({ state: 'loaded', holders: 0 });
    expect(models.claimUnload('s2', key, 'due')).not.toBeNull();
  });
});

describe('a session that is gone', () => {
  it('is forgotten with its holders and its unloading', () => {
    const { clock, models, acquire, load, release } = open();
    acquire('s1', { idleTimeoutS: 10 });
    acquire('s2', { idleTimeoutS: 10 });
    load();
    models.forgetSession('s1');
    expect([models.find(key)?.holders, models.sessions()]).toEqual([1, ['s2']]);
    models.forgetSession('s2');
    expect(models.claimUnload('s1', key, 'due')).toBeNull();
    clock.advance(10_000);
    expect(models.claimUnload('s1', key, 'due')).not.toBeNull();
    models.forgetSession('s1');
    // Whether it is still there is not known: that is for the next look.
    expect(models.find(key)).toMatchObject({ state: 'loading', ours: true, holders: 0 });
    expect(models.sessions()).toEqual([]);
    expect(acquire('s2')).toMatchObject({ outcome: 'granted' });
    expect(release('s2')).toMatchObject({ outcome: 'unload' });
  });

  it('leaves its models for the next sweep when it was ended without them', () => {
    const { store, models, acquire, load } = open();
    acquire('s1', { idleTimeoutS: 300 });
    load();
    store.sessions.end('s1');
    const claimed = models.claimUnload('s2', key, 'due');
    expect(claimed).toMatchObject({ ours: true });
    expect(claimed?.idleSinceMs).not.toBeNull();
  });
});

describe('facts', () => {
  it('of a server are what it said last, of an embedded model the most it took', () => {
    const { models } = open();
    const fact = { model: 'a:1b', numCtx: 4096, loadMs: null, unloadMs: null };
    for (const provider of ['ollama', 'llamacpp'] as const) {
      for (const memoryMb of [900, 700, null]) models.noteFact({ ...fact, provider, memoryMb });
    }
    models.noteFact({ ...fact, provider: 'ollama', memoryMb: null, loadMs: 7 });
    expect(models.facts()).toEqual([
      { ...fact, provider: 'llamacpp', memoryMb: 900 },
      { ...fact, provider: 'ollama', memoryMb: 700, loadMs: 7 },
    ]);
  });

  it('are noted by each load and unload, by the context', () => {
    const { models, acquire, load, release } = open();
    acquire('s1');
    load();
    release('s1');
    models.unloaded('s1', key, 'gone', 12);
    acquire('s1', { numCtx: 8192 });
    load(true, null, 8192);
    expect(models.facts()).toMatchObject([
      { numCtx: 4096, memoryMb: 950, loadMs: 40, unloadMs: 12 },
      { numCtx: 8192, memoryMb: null, loadMs: 40, unloadMs: null },
    ]);
  });

  it('let a measured model count for what was measured as long as its context is the same', () => {
    const { models, acquire, load, release } = open();
    acquire('s1', { idleTimeoutS: 60 });
    load();
    release('s1');
    acquire('s2', { memoryMb: 100, idleTimeoutS: 60 });
    expect(models.find(key)).toMatchObject({ memoryMb: 950, memoryMeasured: true });
    models.release('s2', 'TASK-001', key);
    acquire('s2', { memoryMb: 1_200, numCtx: 8192 });
    expect(models.find(key)).toMatchObject({ memoryMb: 1_200, memoryMeasured: false });
  });
});
