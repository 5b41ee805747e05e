import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import type { ChatRequest, ModelProvider } from '../../../src/providers/provider.js';
import {
  type OllamaDouble,
  type OllamaDoubleOptions,
  type Step,
  startOllamaDouble,
} from '../../helpers/ollama-double.js';
import { recording } from '../../helpers/ollama-double-wire.js';
import { collect, failure, textOf } from '../../helpers/provider-conformance.js';

const model = 'qwen2.5-coder:0.5b';
const load = { numCtx: 2048, numThreads: 2 };
const never = new AbortController().signal;
const tool = {
  name: 'delegate_task',
  description: 'Hands a task to a background agent.',
  parameters: {
    type: 'object',
    properties: { title: { type: 'string' }, type: { type: 'string', enum: ['code', 'test'] } },
    required: ['title', 'type'],
  },
};

let double: OllamaDouble;
let provider: ModelProvider;

async function start(options: OllamaDoubleOptions = {}): Promise<void> {
  await double.close();
  double = await startOllamaDouble(options);
  provider = createOllamaProvider({ baseUrl: double.url });
}

function request(more: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model,
    messages: [{ role: 'user', content: 'What is 2+2?' }],
    load,
    temperature: 0.2,
    maxTokens: 64,
    signal: never,
    ...more,
  };
}

beforeEach(async () => {
  double = await startOllamaDouble();
  provider = createOllamaProvider({ baseUrl: double.url });
});

afterEach(async () => {
  await provider.close();
  await double.close();
});

describe('recorded answers', () => {
  it('streams a recorded answer with its usage', async () => {
    double.script({ recording: 'chat-stream.ndjson' });
    expect(await collect(provider.chat(request()))).toEqual([
      { type: 'text', text: '4' },
      { type: 'done', reason: 'stop', usage: { promptTokens: 41, outputTokens: 2, loadMs: 1447, generateMs: 487 } },
    ]);
  });

  it('finds the tool call that the recorded model wrote as text in a code block', async () => {
    double.script({ recording: 'chat-tools.ndjson' });
    const parts = await collect(provider.chat(request({ tools: [tool] })));
    expect(parts.filter((part) => part.type === 'tool-call')).toHaveLength(1);
    expect(parts[0]).toMatchObject({ type: 'tool-call', call: { name: 'delegate_task', arguments: { type: 'code' } } });
    expect(textOf(parts)).toBe('');
  });

  it('reads a stream to its end although another client unloaded the model meanwhile', async () => {
    double.script({ recording: 'unload-in-use.ndjson' });
    const parts = await collect(provider.chat(request()));
    expect(parts.at(-1)).toMatchObject({ type: 'done' });
    expect(textOf(parts).length).toBeGreaterThan(500);
  });

  it('lists what the recorded server lists', async () => {
    expect(await provider.list(never)).toEqual([
      {
        name: 'smollm2:135m',
        sizeBytes: 98362745,
        parameterSize: '134.52M',
        quantization: 'Q4_1',
        contextLength: 8192,
      },
      { name: model, sizeBytes: 491400218, parameterSize: '630.17M', quantization: 'Q4_K_M', contextLength: 32768 },
    ]);
    expect(await provider.health(never)).toEqual({ version: '0.0.0' });
  });

  it('reads loaded models, pinned ones without an end', async () => {
    double.script({ when: { path: '/api/ps' }, recording: 'ps-two.json' });
    expect(await provider.loaded(never)).toEqual([
      { name: 'smollm2:135m', memoryBytes: 209505483, contextTokens: 4096, expiresAt: null },
      { name: model, memoryBytes: 577817803, contextTokens: 4096, expiresAt: '2026-11-25T16:34:24.433Z' },
    ]);
  });
});

describe('what is sent', () => {
  it('sends the same load options with the load and with every request, and never reloads', async () => {
    await provider.load(model, load, { signal: never, pin: true });
    await collect(provider.chat(request()));
    await collect(provider.chat(request({ temperature: 0.9, seed: 7, stop: ['END'], maxTokens: 9 })));
    const [loading, first, second] = double.requests;
    expect(loading?.body).toMatchObject({ keep_alive: -1, options: { num_ctx: 2048, num_thread: 2 } });
    expect(first?.body.options).toEqual({ num_ctx: 2048, num_thread: 2, num_predict: 64, temperature: 0.2 });
    expect(second?.body.options).toMatchObject({ num_ctx: 2048, num_predict: 9, seed: 7, stop: ['END'] });
    expect(first?.body).not.toHaveProperty('keep_alive');
    expect(first?.body.truncate).toBe(false);
    expect(double.counts(model)).toEqual({ loads: 1, reloads: 0 });
  });

  it('asks without thinking where an answer must follow a schema', async () => {
    double.script({ answer: '{"a":1}' });
    const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] };
    expect(textOf(await collect(provider.chat(request({ schema }))))).toBe('{"a":1}');
    expect(double.requests[0]?.body).toMatchObject({ format: schema, think: false });
  });

  it('sends tools, earlier calls and what tools answered', async () => {
    await collect(
      provider.chat(
        request({
          tools: [tool],
          messages: [
            { role: 'user', content: 'do it' },
            { role: 'assistant', content: '', toolCalls: [{ name: 'delegate_task', arguments: { type: 'code' } }] },
            { role: 'tool', content: 'TASK-001', toolName: 'delegate_task' },
          ],
        }),
      ),
    );
    expect(double.requests[0]?.body).toMatchObject({
      tools: [{ type: 'function', function: { name: 'delegate_task' } }],
      messages: [
        { role: 'user' },
        { role: 'assistant', tool_calls: [{ function: { name: 'delegate_task', arguments: { type: 'code' } } }] },
        { role: 'tool', content: 'TASK-001', tool_name: 'delegate_task' },
      ],
    });
  });

  it('passes on calls that the server itself found', async () => {
    double.script({ toolCalls: [{ name: 'delegate_task', arguments: { title: 'x', type: 'test' } }] });
    const parts = await collect(provider.chat(request({ tools: [tool] })));
    expect(parts[0]).toEqual({
      type: 'tool-call',
      call: { name: 'delegate_task', arguments: { title: 'x', type: 'test' } },
    });
  });

  it('keeps thoughts out of the answer and tells an answer that was cut at its limit', async () => {
    double.script({ thinking: ['hm', 'so'], answer: 'yes', doneReason: 'length' });
    const parts = await collect(provider.chat(request()));
    expect(textOf(parts)).toBe('yes');
    expect(parts.at(-1)).toMatchObject({ type: 'done', reason: 'length' });
  });
});

describe('recorded failures', () => {
  const cases: [string, Step, string, RegExp][] = [
    ['chat-missing-model', { fault: 'missing-model' }, 'MODEL_MISSING', /ollama pull qwen2\.5-coder:0\.5b/],
    ['chat-missing-model, byte for byte', { recording: 'chat-missing-model.json' }, 'MODEL_MISSING', /ollama pull/],
    ['generate-missing-model', { recording: 'generate-missing-model.json' }, 'MODEL_MISSING', /ollama pull/],
    ['chat-tools-unsupported', { recording: 'chat-tools-unsupported.json' }, 'TOOLS_UNSUPPORTED', /without tools/],
    ['bad-json', { recording: 'bad-json.json' }, 'BAD_REQUEST', /config\.yaml/],
    ['bad-option', { recording: 'bad-option.json' }, 'BAD_REQUEST', /config\.yaml/],
    ['runner-killed', { fault: 'error-line' }, 'RUNNER_CRASHED', /starts it again/],
    ['server-killed', { recording: 'server-killed.ndjson' }, 'ANSWER_CUT', /ollama serve/],
    ['server-killed, socket destroyed', { fault: 'cut' }, 'ANSWER_CUT', /ollama serve/],
    ['cut in the middle of a line', { fault: 'cut-within-line' }, 'ANSWER_CUT', /ollama serve/],
    ['an end without done', { fault: 'no-done' }, 'ANSWER_CUT', /ollama serve/],
    ['gone after the headers', { fault: 'gone-after-headers' }, 'ANSWER_CUT', /ollama serve/],
    ['gone after accepting', { fault: 'gone-after-accept' }, 'SERVER_UNREACHABLE', /ollama serve/],
    ['503', { fault: 'busy' }, 'SERVER_BUSY', /Try again/],
    ['a prompt that is too long', { fault: 'overflow' }, 'CONTEXT_OVERFLOW', /num_ctx/],
    ['another web server', { fault: 'html' }, 'SERVER_NOT_OLLAMA', /OLLAMA_HOST/],
    ['a pull without network in place of an answer', { recording: 'pull-unreachable.ndjson' }, 'BAD_REQUEST', /log/],
  ];

  it.each(cases)('%s', async (_name, step, code, hint) => {
    double.script(step);
    const error = await failure(collect(provider.chat(request({ tools: [tool] }))));
    expect(error.code).toBe(code);
    expect(error.hint).toMatch(hint);
  });

  it('yields what came before a runner crashed, then throws', async () => {
    double.script({ fault: 'error-line' });
    let text = '';
    const error = await failure(
      (async () => {
        for await (const part of provider.chat(request())) if (part.type === 'text') text += part.text;
      })(),
    );
    expect(error.code).toBe('RUNNER_CRASHED');
    expect(text).toMatch(/^Sure, I'd be happy to help/);
  });

  it('names the model of show-missing', async () => {
    const error = await failure(provider.capabilities('nope', never));
    expect([error.code, error.hint]).toEqual(['MODEL_MISSING', expect.stringContaining('ollama pull nope')]);
  });

  it('is unreachable before the server accepts, and works again when it is back', async () => {
    await double.die();
    const error = await failure(provider.health(never));
    expect(error.code).toBe('SERVER_UNREACHABLE');
    expect(error.message).toContain(double.url);
    expect(error.hint).toMatch(/ollama serve/);
    await double.comeBack();
    expect((await provider.health(never)).version).toBe('0.0.0');
  });

  it('prints nothing, whatever the server answers', async () => {
    const written: unknown[] = [];
    const original = { log: console.log, warn: console.warn, error: console.error };
    Object.assign(console, {
      log: written.push.bind(written),
      warn: written.push.bind(written),
      error: written.push.bind(written),
    });
    try {
      for (const fault of ['html', 'cut-within-line', 'no-done', 'busy', 'bad-json'] as const) {
        double.script({ fault });
        await failure(collect(provider.chat(request())));
      }
    } finally {
      Object.assign(console, original);
    }
    expect(written).toEqual([]);
  });
});

it('never uses the global fetch, which gives up on a load after 300 s', async () => {
  vi.stubGlobal('fetch', () => {
    throw new Error('the global fetch was used');
  });
  try {
    await provider.load(model, load, { signal: never, pin: true });
    await collect(provider.chat(request()));
    await provider.unload(model, { signal: never });
  } finally {
    vi.unstubAllGlobals();
  }
  expect(double.requests.length).toBeGreaterThan(2);
});

describe('other things on the port', () => {
  it.each(['html', 'json', 'garbage'] as const)('%s is no Ollama', async (notOllama) => {
    await start({ notOllama });
    expect((await failure(provider.health(never))).code).toBe('SERVER_NOT_OLLAMA');
    expect((await failure(provider.list(never))).code).toBe('SERVER_NOT_OLLAMA');
  });
});

describe('abort', () => {
  it('reaches a request that waits for its headers', async () => {
    const controller = new AbortController();
    double.script({ fault: 'never-answers' });
    const answer = failure(collect(provider.chat(request({ signal: controller.signal }))));
    const seen = await double.nextRequest('/api/chat');
    controller.abort();
    expect((await answer).code).toBe('ABORTED');
    expect(await seen.closed).toEqual({ byClient: true });
  });

  it('reaches a request in the middle of its answer', async () => {
    const controller = new AbortController();
    double.script({ fault: 'stall' });
    const parts = provider.chat(request({ signal: controller.signal }))[Symbol.asyncIterator]();
    expect((await parts.next()).value).toEqual({ type: 'text', text: 'Sure, ' });
    const seen = await double.nextRequest('/api/chat');
    controller.abort();
    expect((await failure(collect({ [Symbol.asyncIterator]: () => parts }))).code).toBe('ABORTED');
    expect(await seen.closed).toEqual({ byClient: true });
  });

  it('ends the generation when the reader leaves early', async () => {
    double.script({ fault: 'stall' });
    for await (const part of provider.chat(request())) {
      expect(part.type).toBe('text');
      break;
    }
    expect(await (await double.nextRequest('/api/chat')).closed).toEqual({ byClient: true });
  });

  it('refuses a signal that is aborted already without a request', async () => {
    expect((await failure(collect(provider.chat(request({ signal: AbortSignal.abort() }))))).code).toBe('ABORTED');
    expect(double.requests).toHaveLength(0);
  });

  it('reaches a load and an unload', async () => {
    const controller = new AbortController();
    double.script({ when: { path: '/api/chat' }, fault: 'never-answers' });
    const loading = failure(provider.load(model, load, { signal: controller.signal, pin: false }));
    await double.nextRequest('/api/chat');
    controller.abort();
    expect((await loading).code).toBe('ABORTED');
  });

  it('ends everything when the provider is closed', async () => {
    double.script({ fault: 'never-answers' });
    const answer = failure(collect(provider.chat(request())));
    await double.nextRequest('/api/chat');
    await provider.close();
    expect((await answer).code).toBe('ABORTED');
  });
});

describe('bounds of each stage', () => {
  it('gives up on the first token', async () => {
    double.script({ fault: 'never-answers' });
    const error = await failure(collect(provider.chat(request({ timeouts: { firstTokenMs: 40 } }))));
    expect(error.code).toBe('TIMED_OUT');
    expect(error.message).toMatch(/no first word in time/);
  });

  it('gives up on an answer that stalls', async () => {
    double.script({ fault: 'stall' });
    const error = await failure(collect(provider.chat(request({ timeouts: { stallMs: 40 } }))));
    expect(error.message).toMatch(/stopped in the middle/);
  });

  it('gives up on the whole', async () => {
    double.script({ answer: Array.from({ length: 200 }, (_, index) => `${index} `), pieceDelayMs: 5 });
    const error = await failure(collect(provider.chat(request({ timeouts: { totalMs: 60 } }))));
    expect(error.message).toMatch(/did not finish in time/);
  });

  it('does not take a slow reader for a stalled server', async () => {
    double.script({ answer: ['a', 'b', 'c'] });
    const parts = provider.chat(request({ timeouts: { stallMs: 30, firstTokenMs: 2_000 } }))[Symbol.asyncIterator]();
    await parts.next();
    await new Promise((resolve) => setTimeout(resolve, 90));
    expect((await parts.next()).value).toEqual({ type: 'text', text: 'b' });
    await parts.return?.();
  });
});

describe('load and unload', () => {
  it('loads without a pin so that the server keeps its own rule', async () => {
    const { loadMs } = await provider.load(model, load, { signal: never, pin: false });
    expect(loadMs).toBeGreaterThanOrEqual(0);
    expect(double.requests[0]?.body).not.toHaveProperty('keep_alive');
    expect((await provider.loaded(never))[0]?.expiresAt).not.toBeNull();
  });

  it('pins with a number, which the server takes', async () => {
    await provider.load(model, load, { signal: never, pin: true });
    expect((await provider.loaded(never))[0]).toMatchObject({ name: model, expiresAt: null, contextTokens: 2048 });
  });

  it('fails to load a model that is missing, and a server that crashes over it', async () => {
    expect((await failure(provider.load('llama3', load, { signal: never, pin: true }))).code).toBe('MODEL_MISSING');
    double.script({ when: { path: '/api/chat' }, recording: 'bad-option.json' });
    expect((await failure(provider.load(model, load, { signal: never, pin: true }))).code).toBe('BAD_REQUEST');
  });

  it('has unloaded when the server no longer lists the model', async () => {
    await provider.load(model, load, { signal: never, pin: true });
    // Listed twice more, as a server does that is still stopping the model.
    double.script({ when: { path: '/api/ps' }, times: 2, recording: 'ps-two.json' });
    await provider.unload(model, { signal: never });
    expect(double.requests.filter((each) => each.path === '/api/ps')).toHaveLength(3);
    expect(double.isLoaded(model)).toBe(false);
  });

  it('unloads what is not loaded, or not there at all, without an error', async () => {
    await provider.unload(model, { signal: never });
    await provider.unload('llama3', { signal: never });
  });

  it('sees an untagged name in the list of loaded models', async () => {
    await start({ models: ['llama3:latest'] });
    await provider.load('llama3', load, { signal: never, pin: true });
    double.script({ when: { path: '/api/chat' }, recording: 'chat-unload.json' });
    const controller = new AbortController();
    const unloading = failure(provider.unload('llama3', { signal: controller.signal }));
    await double.nextRequest('/api/ps');
    controller.abort();
    expect((await unloading).code).toBe('ABORTED');
  });
});

describe('estimates', () => {
  it('counts weights, cache and buffers near what the recorded server used', async () => {
    const estimate = await provider.estimate(model, { numCtx: 4096, numThreads: null }, never);
    expect(estimate.basis).toBe('metadata');
    expect(estimate.weightsBytes).toBe(491400218);
    const used = JSON.parse(recording('ps-two.json').body.toString()).models[1].size;
    const ratio = (estimate.weightsBytes + estimate.contextBytes) / used;
    expect(ratio).toBeGreaterThan(0.95);
    expect(ratio).toBeLessThan(1.1);
  });

  it('reads capabilities and the trained context', async () => {
    await start({ capabilities: ['completion', 'tools', 'vision', 'thinking'] });
    expect(await provider.capabilities(model, never)).toEqual({
      tools: true,
      vision: true,
      thinking: true,
      contextLength: 32768,
    });
  });
});
