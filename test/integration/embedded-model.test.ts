import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureModel } from '../../src/models/download.js';
import { descendants } from '../../src/platform/process-tree.js';
import { createLlamaCppProvider } from '../../src/providers/llama-cpp.js';
import type { ChatMessage, ChatPart, ChatRequest, ModelProvider } from '../../src/providers/provider.js';
import type { Usage } from '../../src/task/task.js';
import { collect, failure, textOf } from '../helpers/provider-conformance.js';
import { tempFolder } from '../helpers/temp-folder.js';

/** The real thing in this very process, with the smallest model: what it says is of no account, how it runs is. */
const model = 'smollm2:135m';
const load = { numCtx: 1_024, numThreads: 1 };
const never = new AbortController().signal;
const filler = 'The quick brown fox jumps over the lazy dog. ';

let provider: ModelProvider;
let modelPath: string;

beforeAll(async () => {
  modelPath = await ensureModel(model, { env: process.env, signal: never });
  provider = createLlamaCppProvider({ threads: 1, slots: 2, env: process.env });
  await provider.load(model, load, { signal: never, pin: true });
}, 600_000);

afterAll(async () => {
  await provider.close();
  expect(await descendants(process.pid)).toEqual([]);
});

function chat(content: string, more: Partial<ChatRequest> = {}): AsyncIterable<ChatPart> {
  const messages: ChatMessage[] = [{ role: 'user', content }];
  return provider.chat({ model, messages, load, temperature: 0, maxTokens: 16, signal: never, ...more });
}

function usageOf(parts: readonly ChatPart[]): Usage {
  const last = parts.at(-1);
  if (last?.type !== 'done') throw new Error('the answer has no end');
  return last.usage;
}

describe('an embedded model', () => {
  it('streams an answer, and says what it took', async () => {
    const parts = await collect(chat('Say hello.'));
    expect(parts.filter((part) => part.type === 'text').length).toBeGreaterThan(1);
    const usage = usageOf(parts);
    expect(usage.outputTokens).toBeGreaterThan(1);
    expect(usage.promptTokens).toBeGreaterThan(5);
    expect(usage.generateMs).toBeGreaterThan(0);
    expect(usage.loadMs).toBe(0);
  });

  it('says the same twice, and with a seed at any temperature', async () => {
    const seeded = { temperature: 1, seed: 7 };
    for (const more of [{}, seeded]) {
      const [first, second] = [
        textOf(await collect(chat('Tell me a tale.', more))),
        textOf(await collect(chat('Tell me a tale.', more))),
      ];
      expect(second).toBe(first);
    }
    const other = textOf(await collect(chat('Tell me a tale.', { temperature: 1, seed: 8 })));
    expect(other).not.toBe(textOf(await collect(chat('Tell me a tale.', seeded))));
  });

  it('stops at the limit, and says so', async () => {
    const parts = await collect(chat('Count to one hundred.', { maxTokens: 3 }));
    expect(parts.at(-1)).toMatchObject({ type: 'done', reason: 'length', usage: { outputTokens: 3 } });
  });

  it('stops before a stop text', async () => {
    const whole = textOf(await collect(chat('Say hello.')));
    const stop = whole.slice(5, 9);
    const parts = await collect(chat('Say hello.', { stop: [stop] }));
    expect(textOf(parts)).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(parts.at(-1)).toMatchObject({ reason: 'stop' });
  });

  it('writes JSON of a schema, and says when it was cut', async () => {
    const schema = {
      type: 'object',
      properties: {
        kind: { type: 'string', enum: ['answer', 'delegate'] },
        sure: { type: 'boolean' },
        words: { type: 'array', items: { type: 'string', maxLength: 8 }, maxItems: 2 },
      },
      required: ['kind', 'sure', 'words'],
    };
    const parts = await collect(chat('Hello?', { schema, maxTokens: 120 }));
    expect(parts.at(-1)).toMatchObject({ reason: 'stop' });
    const value = JSON.parse(textOf(parts));
    expect(Object.keys(value)).toEqual(['kind', 'sure', 'words']);
    expect(schema.properties.kind.enum).toContain(value.kind);
    expect(typeof value.sure).toBe('boolean');
    const cut = await collect(chat('Hello?', { schema, maxTokens: 4 }));
    expect(cut.at(-1)).toMatchObject({ reason: 'length' });
  });

  it('refuses a prompt that does not fit, with both figures, and serves the next one', async () => {
    const error = await failure(collect(chat(filler.repeat(200))));
    expect(error.code).toBe('CONTEXT_OVERFLOW');
    expect(error.message).toMatch(/prompt has 2\d{3} tokens .* holds 1024/);
    expect((await collect(chat('Say hello.'))).at(-1)?.type).toBe('done');
  });

  it('reads again only what is new since the last turn, also after another conversation', async () => {
    const history: ChatMessage[] = [{ role: 'system', content: filler.repeat(50) }];
    const ask = async (content: string): Promise<number> => {
      const messages: ChatMessage[] = [...history, { role: 'user', content }];
      return usageOf(await collect(chat('', { messages, maxTokens: 1 }))).generateMs;
    };
    const cold = await ask('One?');
    const warm = await ask('Two?');
    await collect(chat('Something else entirely.', { maxTokens: 1 }));
    const later = await ask('Three?');
    expect(warm).toBeLessThan(cold / 3);
    expect(later).toBeLessThan(cold / 3);
  });

  it('stops when it is aborted while it reads, while it writes, and while it waits for its turn', async () => {
    const reading = new AbortController();
    const long = failure(collect(chat(filler.repeat(80), { signal: reading.signal })));
    setTimeout(() => reading.abort(), 100);
    expect((await long).code).toBe('ABORTED');

    const writing = new AbortController();
    const parts: ChatPart[] = [];
    const broken = failure(
      (async () => {
        for await (const part of chat('Tell me a tale.', { signal: writing.signal, maxTokens: 300 })) {
          parts.push(part);
          writing.abort();
        }
      })(),
    );
    expect((await broken).code).toBe('ABORTED');
    expect(parts).toHaveLength(1);

    const waiting = new AbortController();
    const first = collect(chat('Tell me a tale.', { maxTokens: 30 }));
    const second = failure(collect(chat('Me too.', { signal: waiting.signal })));
    waiting.abort();
    expect((await second).code).toBe('ABORTED');
    expect((await first).at(-1)?.type).toBe('done');
    expect((await failure(collect(chat('x', { signal: waiting.signal })))).code).toBe('ABORTED');
  });

  it('bounds a request in time', async () => {
    const error = await failure(collect(chat(filler.repeat(80), { timeouts: { firstTokenMs: 20 } })));
    expect([error.code, error.hint === '']).toEqual(['TIMED_OUT', false]);
  });

  it('shows what it holds, estimates it from the file, and gives it back', async () => {
    expect(await provider.loaded(never)).toMatchObject([{ name: model, contextTokens: 1_024, expiresAt: null }]);
    // 30 layers, 3 heads of 64: 23,040 bytes a token, in two slots.
    expect(await provider.estimate(model, load, never)).toEqual({
      weightsBytes: 98_362_432,
      contextBytes: 2 * 23_040 * 1_024,
      basis: 'metadata',
    });
    await provider.unload(model, { signal: never });
    expect(await provider.loaded(never)).toEqual([]);
    const { loadMs } = usageOf(await collect(chat('Say hello.')));
    expect(loadMs).toBeGreaterThan(0);
  });

  it('reloads for other options, and says so in the usage', async () => {
    const other = await collect(chat('Say hello.', { load: { numCtx: 512, numThreads: 1 } }));
    expect(usageOf(other).loadMs).toBeGreaterThan(0);
    expect(await provider.loaded(never)).toMatchObject([{ contextTokens: 512 }]);
    expect(usageOf(await collect(chat('Say hello.'))).loadMs).toBeGreaterThan(0);
  });

  it('can be stopped while it loads', async () => {
    await provider.unload(model, { signal: never });
    const controller = new AbortController();
    const work = provider.load(model, load, {
      signal: controller.signal,
      pin: true,
      onProgress: () => controller.abort(),
    });
    expect((await failure(work)).code).toBe('ABORTED');
    expect(await provider.loaded(never)).toEqual([]);
  });
});

describe('a model file that is no good', () => {
  it('is named, whether it was cut or is something else, and what is loaded next works', async () => {
    const folder = tempFolder();
    const [cut, other] = [join(folder, 'cut.gguf'), join(folder, 'other.gguf')];
    writeFileSync(cut, readFileSync(modelPath));
    truncateSync(cut, 50_000_000);
    writeFileSync(other, '<html>404</html>');
    for (const path of [cut, other]) {
      const error = await failure(provider.load(path, load, { signal: never, pin: false }));
      expect([error.code, error.message]).toEqual(['MODEL_DAMAGED', expect.stringContaining(path)]);
    }
    const missing = await failure(provider.load(join(folder, 'no.gguf'), load, { signal: never, pin: false }));
    expect(missing.code).toBe('MODEL_MISSING');
    expect((await collect(chat('Say hello.'))).at(-1)?.type).toBe('done');
  });
});
