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
