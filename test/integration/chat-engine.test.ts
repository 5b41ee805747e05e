import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/clock.js';
import { type ChatEngine, type ChatEngineOptions, createChatEngine } from '../../src/models/chat-engine-client.js';
import type { EngineExit } from '../../src/models/chat-engine-process.js';
import { ensureModel } from '../../src/models/download.js';
import { isAlive } from '../../src/platform/process-identity.js';
import { ownedProcesses } from '../../src/platform/process-tree.js';
import type { ChatPart, ChatRequest } from '../../src/providers/provider.js';
import { createFakeClock } from '../helpers/fake-clock.js';
import { collect, failure, textOf } from '../helpers/provider-conformance.js';
import { tempFolder } from '../helpers/temp-folder.js';

const small = 'smollm2:135m';
const large = 'qwen2.5-coder:0.5b';
const load = { numCtx: 1_024, numThreads: null };
const never = new AbortController().signal;
const paths = new Map<string, string>();

beforeAll(async () => {
  for (const name of [small, large]) paths.set(name, await ensureModel(name, { env: process.env, signal: never }));
}, 900_000);

interface Started {
  readonly engine: ChatEngine;
  readonly owner: string;
  readonly exits: EngineExit[];
}

function start(more: Partial<ChatEngineOptions> = {}): Started {
  const owner = `test-${randomUUID()}`;
  const exits: EngineExit[] = [];
  const name = more.name ?? small;
  const modelPath = paths.get(name) ?? '';
  const onExit = (exit: EngineExit): void => void exits.push(exit);
  const engine = createChatEngine({
    name,
    modelPath,
    threads: 2,
    env: process.env,
    ownerToken: owner,
    onExit,
    ...more,
  });
  return { engine, owner, exits };
}

/** An engine for one test. */
function startForTest(more: Partial<ChatEngineOptions> = {}): Started {
  const started = start(more);
  onTestFinished(() => end(started));
  return started;
}

async function end({ engine, owner }: Started): Promise<void> {
  await engine.close();
  expect(ownedProcesses(owner)).toEqual([]);
}

function chat(engine: ChatEngine, content: string, more: Partial<ChatRequest> = {}): AsyncIterable<ChatPart> {
  return engine.chat({
    model: small,
    messages: [{ role: 'user', content }],
    load,
    temperature: 0,
    maxTokens: 12,
    signal: never,
    ...more,
  });
}

/** The pid of the process, which there must be. */
function pidOf(running: ChatEngine): number {
  if (running.pid === null) throw new Error('the engine does not run');
  return running.pid;
}

describe('the chat engine', () => {
  let shared: Started;
  beforeAll(async () => {
    shared = start();
    await shared.engine.load(small, load, { signal: never, pin: true });
  });
  afterAll(() => end(shared));

  it('passes on schema, stop texts and the reason of the end', async () => {
    const { engine } = shared;
    const schema = { type: 'object', properties: { kind: { type: 'string', enum: ['answer', 'delegate'] } } };
    const value = JSON.parse(textOf(await collect(chat(engine, 'Hello?', { schema, maxTokens: 40 }))));
    expect(['answer', 'delegate']).toContain(value.kind);
    expect((await collect(chat(engine, 'Count.', { maxTokens: 2 }))).at(-1)).toMatchObject({ reason: 'length' });
    const error = await failure(collect(chat(engine, 'word '.repeat(3_000))));
    expect([error.code, error.message]).toEqual(['CONTEXT_OVERFLOW', expect.stringContaining('1024')]);
  });

  it('rejects an aborted request at once and serves the next', async () => {
    const { engine } = shared;
    const controller = new AbortController();
    let abortedAtMs = 0;
    const readAndAbort = async (): Promise<void> => {
      for await (const part of chat(engine, 'Tell me a tale.', { signal: controller.signal, maxTokens: 800 })) {
        expect(part.type).toBe('text');
        abortedAtMs = performance.now();
        controller.abort();
      }
    };
    expect((await failure(readAndAbort())).code).toBe('ABORTED');
    // The request itself does not wait for the engine; a wide bound, for a machine under load.
    expect(performance.now() - abortedAtMs).toBeLessThan(500);
    expect((await collect(chat(engine, 'Say hello.'))).at(-1)?.type).toBe('done');
  });

  it('stops writing when the reader leaves', async () => {
    const { engine } = shared;
    const parts: ChatPart[] = [];
    for await (const part of chat(engine, 'Tell me a tale.', { maxTokens: 900 })) {
      parts.push(part);
      break;
    }
    expect(parts).toHaveLength(1);
    // The one process serves one request at a time: this is only answered once the other has ended.
    const next = await collect(chat(engine, 'Say hello.', { maxTokens: 1, timeouts: { totalMs: 8_000 } }));
    expect(next.at(-1)?.type).toBe('done');
  });

  it('answers as the default model does: 4, and Paris', async () => {
    const { engine } = startForTest({ name: large });
    const ask = async (content: string): Promise<string> =>
      textOf(await collect(chat(engine, content, { model: large, maxTokens: 30 })));
    expect(await ask("What's 2+2?")).toContain('4');
    expect(await ask("What's the capital of France?")).toContain('Paris');
  });

  it('runs in a process of its own, marked as ours, and gives it back', async () => {
    const { engine, owner, exits } = startForTest();
    expect(engine.pid).toBeNull();
    const fractions: number[] = [];
    const onProgress = (fraction: number): void => void fractions.push(fraction);
    const { loadMs } = await engine.load(small, load, { signal: never, pin: true, onProgress });
    expect(loadMs).toBeGreaterThan(0);
    expect(fractions.at(-1)).toBe(1);
    expect(ownedProcesses(owner).map((each) => each.pid)).toEqual([engine.pid]);
    const [held] = await engine.loaded(never);
    expect(held).toMatchObject({ name: small, contextTokens: 1_024, expiresAt: null });
    expect(held?.memoryBytes).toBeGreaterThan(98_362_432);
    const { identity } = engine;
    await engine.unload(small, { signal: never });
    expect([identity !== null && isAlive(identity), engine.pid, await engine.loaded(never)]).toEqual([false, null, []]);
    expect(exits).toMatchObject([{ signal: 'SIGKILL', wanted: true }]);
  });

  it('tells what it runs without being started', async () => {
    const { engine } = startForTest();
    expect((await engine.list(never)).map((each) => each.name)).toEqual([small]);
    expect(await engine.capabilities(small, never)).toMatchObject({ tools: false, contextLength: 8_192 });
    expect(await engine.estimate(small, load, never)).toMatchObject({ basis: 'metadata', weightsBytes: 98_362_432 });
    expect((await failure(collect(chat(engine, 'x', { model: 'llama3' })))).code).toBe('MODEL_MISSING');
    expect(engine.pid).toBeNull();
  });

  it('can be aborted while its process starts', async () => {
    const { engine } = startForTest();
    const controller = new AbortController();
    const work = failure(collect(chat(engine, 'Hello.', { signal: controller.signal })));
    controller.abort();
    expect((await work).code).toBe('ABORTED');
    expect((await collect(chat(engine, 'Say hello.'))).at(-1)?.type).toBe('done');
  });

  it('survives each way to die: the request fails, the model comes back by itself, the next is served', async () => {
    const { engine, exits } = startForTest({ restart: { maxRestarts: 3, windowMs: 600_000 } });
    await engine.load(small, load, { signal: never, pin: true });
    const signals = ['SIGABRT', 'SIGSEGV', 'SIGKILL'] as const;
    for (const signal of signals) {
      const first = pidOf(engine);
      const readAndKill = async (): Promise<void> => {
        for await (const part of chat(engine, 'Tell me a tale.', { maxTokens: 900 })) {
          if (part.type === 'text') process.kill(first, signal);
        }
      };
      const error = await failure(readAndKill());
      expect([error.code, error.hint]).toEqual(['RUNNER_CRASHED', expect.stringContaining('started again')]);
      // Nobody asks for anything: it was pinned.
      await expect.poll(() => engine.loaded(never), { timeout: 50_000, interval: 50 }).toHaveLength(1);
      expect(pidOf(engine)).not.toBe(first);
      expect((await collect(chat(engine, 'Say hello.'))).at(-1)?.type).toBe('done');
    }
    expect(exits.map(({ signal, wanted }) => ({ signal, wanted }))).toEqual(
      signals.map((signal) => ({ signal, wanted: false })),
    );
  });

  it('is left alone when it dies again and again, and says so', async () => {
    const script = join(tempFolder(), 'dies.mjs');
    writeFileSync(script, 'console.error("no such library"); process.exit(3);');
    const { engine } = startForTest({ entry: pathToFileURL(script), restart: { maxRestarts: 1, windowMs: 60_000 } });
    const codes: string[] = [];
    for (let attempt = 0; attempt < 3; attempt++) codes.push((await failure(collect(chat(engine, 'x')))).code);
    expect(codes).toEqual(['SPAWN_FAILED', 'SPAWN_FAILED', 'ENGINE_DOWN']);
    expect((await failure(engine.health(never))).hint).toContain('wilson doctor');
  });

  it('is ended and started again when its event loop says nothing any more', async () => {
    const clock = createFakeClock();
    const script = join(tempFolder(), 'deaf.mjs');
    // It greets, and then hears nothing for ever.
    writeFileSync(script, 'process.send({ type: "hello", protocol: 1, pid: process.pid }, () => { for (;;); });');
    let begun = (): void => undefined;
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const patient = { ...clock, after: systemOrFake(clock) };
    const { engine } = startForTest({ entry: pathToFileURL(script), clock: patient, onStart: () => begun() });
    const work = failure(collect(chat(engine, 'x')));
    await running;
    const deaf = engine.identity;
    for (let tick = 0; tick < 6; tick++) clock.advance(5_000);
    const error = await work;
    expect([error.code, error.message]).toEqual(['RUNNER_CRASHED', expect.stringContaining('no longer reacted')]);
    expect(deaf !== null && isAlive(deaf)).toBe(false);
  });

  it('dies with its parent, even while it works', async () => {
    const owner = `test-${randomUUID()}`;
    const script = fileURLToPath(new URL('../fixtures/engine-parent.ts', import.meta.url));
    const parent = execa(process.execPath, ['--import', 'tsx', script, paths.get(small) ?? '', owner], {
      stdout: 'pipe',
      buffer: false,
      reject: false,
    });
    await new Promise<void>((resolve) => parent.stdout.once('data', () => resolve()));
    expect(ownedProcesses(owner)).toHaveLength(1);
    parent.kill('SIGKILL');
    await expect.poll(() => ownedProcesses(owner), { timeout: 2_000, interval: 20 }).toEqual([]);
  });
});

/** Long waits stand still; the short ones, in which a process is looked for, pass as they do. */
function systemOrFake(fake: Clock): Clock['after'] {
  return (delayMs, action, options) => (delayMs >= 5_000 ? fake : systemClock).after(delayMs, action, options);
}
