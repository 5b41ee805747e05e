import { describe, expect, it } from 'vitest';
import type { ChatModelRequest } from '../../../src/chat/chat-model.js';
import { ChatBackend, type ChatBackendOptions } from '../../../src/cli/chat-backend.js';
import { WilsonError } from '../../../src/errors.js';
import type { Chosen } from '../../../src/models/model-selection.js';
import type { ChatPart, ModelProvider } from '../../../src/providers/provider.js';
import { createFakeClock } from '../../helpers/fake-clock.js';

const chosen = {
  purpose: 'chat',
  provider: 'llamacpp',
  model: 'small:1b',
  server: 'embedded',
  apiKeyEnv: null,
  usedFallback: false,
  fallbackReason: null,
  temperature: 0,
  load: { numCtx: 2_048, numThreads: null },
} as unknown as Chosen;
const usage = { promptTokens: 1, outputTokens: 2, loadMs: 0, generateMs: 1 };
const request: ChatModelRequest = { messages: [], maxTokens: 8, signal: new AbortController().signal };

/** A backend on a model that answers as told, and the number of turns that run. */
function rig(chat: () => AsyncIterable<ChatPart>) {
  const turns = { begun: 0, running: 0 };
  const provider = {
    load: async () => ({ loadMs: 1 }),
    close: async () => undefined,
    chat,
  } as unknown as ModelProvider;
  const options = {
    config: { llms: { chat: { keepAlive: true, idleTimeoutS: 300 } } },
    selector: { choose: async () => chosen },
    ensureEmbedded: async () => '/model.gguf',
    startEngine: () => provider,
    onHeld: () => undefined,
    onProgress: () => undefined,
    say: () => undefined,
    log: () => undefined,
    clock: createFakeClock(),
    priority: {
      turn: () => {
        turns.begun += 1;
        turns.running += 1;
        return () => {
          turns.running -= 1;
        };
      },
    },
  } as unknown as ChatBackendOptions;
  return { turns, backend: new ChatBackend(options) };
}

describe('a request of the chat', () => {
  it('is a turn from its first moment to its last part, streamed or at once', async () => {
    const seen: number[] = [];
    const { turns, backend } = rig(async function* () {
      seen.push(turns.running);
      yield { type: 'text', text: 'Hello' };
      yield { type: 'done', reason: 'stop', usage };
    });
    await backend.ready;
    expect(turns.begun).toBe(0);
    for await (const part of backend.stream(request)) if (part.type === 'text') seen.push(turns.running);
    expect(turns).toEqual({ begun: 1, running: 0 });
    expect((await backend.complete(request)).text).toBe('Hello');
    expect(turns).toEqual({ begun: 2, running: 0 });
    expect(seen).toEqual([1, 1, 1]);
  });

  it('is over when nobody wants the rest, and when it fails', async () => {
    const { turns, backend } = rig(async function* () {
      yield { type: 'text', text: 'Hello' };
      throw new WilsonError('RUNNER_CRASHED', 'The engine is gone.');
    });
    await backend.ready;
    for await (const _ of backend.stream(request)) break;
    expect(turns).toEqual({ begun: 1, running: 0 });
    await expect(backend.complete(request)).rejects.toMatchObject({ code: 'RUNNER_CRASHED' });
    expect(turns).toEqual({ begun: 2, running: 0 });
  });
});

describe('without keep_alive', () => {
  /** A chat on a server whose model is let go of after a minute. */
  function served() {
    const clock = createFakeClock();
    const held: string[] = [];
    const options = {
      config: { llms: { chat: { provider: 'ollama', keepAlive: false, idleTimeoutS: 60 }, fallback: 'allow' } },
      selector: { choose: async () => ({ ...chosen, provider: 'ollama', server: 'http://127.0.0.1:1' }) },
      providerFor: () => ({
        id: 'ollama',
        chat: async function* () {
          held.push('asked');
          yield { type: 'done', reason: 'stop', usage };
        },
      }),
      acquire: async ({ keepAlive }: Chosen) => {
        held.push(keepAlive === true ? 'pinned' : 'held');
        return { load: chosen.load, release: async () => void held.push('released') };
      },
      onHeld: () => undefined,
      say: () => undefined,
      log: () => undefined,
      clock,
      priority: { turn: () => () => undefined },
    } as unknown as ChatBackendOptions;
    return { clock, held, backend: new ChatBackend(options) };
  }

  it('the model goes when no turn has come for the idle time, and comes back with the next', async () => {
    const { clock, held, backend } = served();
    await backend.ready;
    clock.advance(59_000);
    await backend.complete(request);
    clock.advance(59_000);
    expect(held).toEqual(['held', 'asked']);
    clock.advance(1_000);
    expect(held).toEqual(['held', 'asked', 'released']);
    await backend.complete(request);
    expect(held.slice(3)).toEqual(['held', 'asked']);
    await backend.close();
    expect(held.at(-1)).toBe('released');
  });
});
