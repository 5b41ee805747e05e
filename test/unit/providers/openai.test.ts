import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOpenAiProvider } from '../../../src/providers/openai.js';
import { isStrict, openAiBaseUrl } from '../../../src/providers/openai-wire.js';
import type { ChatRequest, ModelProvider } from '../../../src/providers/provider.js';
import { parseToolCalls } from '../../../src/providers/tool-call-parser.js';
import { type OpenAiDouble, type OpenAiStep, startOpenAiDouble } from '../../helpers/openai-double.js';
import { collect, failure, textOf } from '../../helpers/provider-conformance.js';

const never = new AbortController().signal;
const readFile = {
  name: 'read_file',
  description: 'Reads a file.',
  parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};
let double: OpenAiDouble;
let provider: ModelProvider;

beforeEach(async () => {
  double = await startOpenAiDouble();
  provider = createOpenAiProvider({ baseUrl: double.url, apiKeyEnv: null, env: {} });
});
afterEach(async () => {
  await provider.close();
  await double.close();
});

function request(more: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'local',
    messages: [{ role: 'user', content: 'hello' }],
    load: { numCtx: 2048, numThreads: null },
    temperature: 0.3,
    maxTokens: 20,
    signal: never,
    ...more,
  };
}

describe('requests', () => {
  it('sends the bounds, the schema and the key, and shows the key nowhere', async () => {
    await double.close();
    double = await startOpenAiDouble({ key: 'sk-secret' });
    const keyed = createOpenAiProvider({ baseUrl: double.url, apiKeyEnv: 'API_KEY', env: { API_KEY: ' sk-secret\n' } });
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' } },
      required: ['a'],
      additionalProperties: false,
    };
    await collect(keyed.chat(request({ schema, seed: 3, stop: ['END'] })));
    expect(double.requests[0]?.headers.authorization).toBe('Bearer sk-secret');
    expect(double.requests[0]?.body).toEqual({
      model: 'local',
      messages: [{ role: 'user', content: 'hello' }],
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 20,
      temperature: 0.3,
      seed: 3,
      stop: ['END'],
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
    });
    expect(JSON.stringify(keyed)).not.toContain('sk-other');
    const wrong = createOpenAiProvider({ baseUrl: double.url, apiKeyEnv: 'API_KEY', env: { API_KEY: 'sk-other' } });
    const error = await failure(wrong.list(never));
    expect([error.code, error.hint]).toEqual(['UNAUTHORIZED', expect.stringContaining('API_KEY')]);
    expect(JSON.stringify([error.message, error.hint])).not.toContain('sk-other');
  });

  it('says that the key is missing before it asks', async () => {
    const keyless = createOpenAiProvider({ baseUrl: double.url, apiKeyEnv: 'API_KEY', env: {} });
    expect(await failure(keyless.list(never))).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('not set'),
    });
    expect(double.requests).toHaveLength(0);
  });

  it('pairs the answers of tools with their calls', async () => {
    const call = (path: string) => ({ name: 'read_file', arguments: { path } });
    await collect(
      provider.chat(
        request({
          messages: [
            { role: 'assistant', content: '', toolCalls: [call('a'), call('b')] },
            { role: 'tool', content: 'A', toolName: 'read_file' },
            { role: 'tool', content: 'B', toolName: 'read_file' },
            { role: 'tool', content: 'stray', toolName: 'read_file' },
          ],
        }),
      ),
    );
    expect(double.requests[0]?.body.messages).toEqual([
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'read_file', arguments: '{"path":"a"}' } },
          { id: 'call_2', type: 'function', function: { name: 'read_file', arguments: '{"path":"b"}' } },
        ],
      },
      { role: 'tool', content: 'A', tool_call_id: 'call_1' },
      { role: 'tool', content: 'B', tool_call_id: 'call_2' },
      { role: 'user', content: 'stray' },
    ]);
  });

  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/v1'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080/v1'],
    ['https://api.example.com/v1/', 'https://api.example.com/v1'],
    ['https://openrouter.example/api/v1', 'https://openrouter.example/api/v1'],
  ])('takes %s as %s', (given, expected) => {
    expect(openAiBaseUrl(given)).toBe(expected);
  });

  it.each(['', 'server:8080', 'ftp://server', 'http://'])('takes %s for no address', (given) => {
    expect(() => openAiBaseUrl(given)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('is strict only with schemas that strict mode takes', () => {
    const closed = { type: 'object', properties: { a: {} }, required: ['a'], additionalProperties: false };
    expect(isStrict(closed)).toBe(true);
    expect(isStrict({ ...closed, required: [] })).toBe(false);
    expect(isStrict({ ...closed, additionalProperties: true })).toBe(false);
    expect(
      isStrict({ ...closed, properties: { a: { type: 'array', items: { type: 'object', properties: {} } } } }),
    ).toBe(false);
  });
});

describe('answers', () => {
  it('counts tokens', async () => {
    const parts = await collect(provider.chat(request()));
    expect(parts.at(-1)).toMatchObject({ type: 'done', usage: { promptTokens: 12, outputTokens: 3, loadMs: 0 } });
  });

  it('puts calls together that come in pieces', async () => {
    double.script({
      toolDeltas: [
        { index: 0, id: 'x', function: { name: 'read_file', arguments: '' } },
        { index: 0, function: { arguments: '{"pa' } },
        { index: 1, id: 'y', function: { name: 'read_file', arguments: '{"path":"b"}' } },
        { index: 0, function: { arguments: 'th":"a"}' } },
      ],
      finishReason: 'tool_calls',
    });
    const parts = await collect(provider.chat(request({ tools: [readFile] })));
    expect(parts.filter((part) => part.type === 'tool-call').map((part) => part.call.arguments)).toEqual([
      { path: 'a' },
      { path: 'b' },
    ]);
  });

  it('gives a call with half its arguments as a text in which the problem is found', async () => {
    double.script({
      toolDeltas: [{ index: 0, function: { name: 'read_file', arguments: '{"path": "a' } }],
      finishReason: 'length',
    });
    const parts = await collect(provider.chat(request({ tools: [readFile] })));
    expect(parts.some((part) => part.type === 'tool-call')).toBe(false);
    expect(parseToolCalls(textOf(parts), [readFile]).problem).toMatch(/cut off/);
  });

  it('takes the end marker or the finish reason as the end', async () => {
    double.script({ answer: ['a'], finishReason: null }, { answer: ['b'], withoutDone: true });
    expect(textOf(await collect(provider.chat(request())))).toBe('a');
    expect(textOf(await collect(provider.chat(request())))).toBe('b');
  });

  it('takes an answer in one piece from a server that does not stream', async () => {
    double.script({ body: { choices: [{ message: { content: 'whole' }, finish_reason: 'stop' }] } });
    expect(textOf(await collect(provider.chat(request())))).toBe('whole');
  });

  it('reads the trained context in the dialects of the servers', async () => {
    await double.close();
    double = await startOpenAiDouble({
      models: [
        { id: 'a', max_model_len: 4096 },
        { id: 'b', meta: { n_ctx_train: 8192, size: 77 } },
        { id: 'c' },
        { no: 'id' },
      ],
    });
    const other = createOpenAiProvider({ baseUrl: double.url, apiKeyEnv: null, env: {} });
    expect((await other.list(never)).map((each) => [each.name, each.contextLength])).toEqual([
      ['a', 4096],
      ['b', 8192],
      ['c', null],
    ]);
    expect(await other.estimate('b', { numCtx: 1, numThreads: null }, never)).toEqual({
      weightsBytes: 77,
      contextBytes: 0,
      basis: 'file-size',
    });
  });
});

describe('failures', () => {
  const cases: [string, OpenAiStep, string][] = [
    ['no end marker at all', { answer: ['a'], finishReason: null, withoutDone: true }, 'ANSWER_CUT'],
    ['an error within the stream', { answer: ['a'], fault: 'error-event' }, 'RUNNER_CRASHED'],
    ['gone after accepting', { fault: 'gone-after-accept' }, 'SERVER_UNREACHABLE'],
    ['another web server', { fault: 'html' }, 'SERVER_NOT_OPENAI'],
    ['429', { status: 429, body: { error: { message: 'Rate limit reached' } } }, 'SERVER_BUSY'],
    ['503 while loading', { status: 503, body: { error: { message: 'Loading model', code: 503 } } }, 'SERVER_BUSY'],
    ['401', { status: 401, body: { error: { message: 'no' } } }, 'UNAUTHORIZED'],
    ['404 without a word about a model', { status: 404, body: { detail: 'Not Found' } }, 'SERVER_NOT_OPENAI'],
    ['500 without a body', { status: 500, body: null }, 'RUNNER_CRASHED'],
    ['502 of a proxy', { status: 502, body: 'x' }, 'SERVER_UNREACHABLE'],
    [
      'a prompt that is too long',
      { status: 400, body: { error: { message: 'too long', code: 'context_length_exceeded' } } },
      'CONTEXT_OVERFLOW',
    ],
    [
      'no tools',
      { status: 500, body: { error: { message: 'tools param requires --jinja flag', code: 500 } } },
      'TOOLS_UNSUPPORTED',
    ],
    ['a bad option', { status: 400, body: { error: { message: 'temperature is too high' } } }, 'BAD_REQUEST'],
  ];

  it.each(cases)('%s', async (_name, step, code) => {
    double.script(step);
    const error = await failure(collect(provider.chat(request())));
    expect([error.code, error.hint === '']).toEqual([code, false]);
  });

  it('does not take comments that keep the connection alive for progress', async () => {
    double.script({ fault: 'comments-only' });
    const error = await failure(collect(provider.chat(request({ timeouts: { firstTokenMs: 50 } }))));
    expect(error.message).toMatch(/no first word/);
  });
});
