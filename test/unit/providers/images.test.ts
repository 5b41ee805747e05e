import { describe, expect, it, onTestFinished } from 'vitest';
import { createLlamaCppProvider } from '../../../src/providers/llama-cpp.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import { ollamaStatusError } from '../../../src/providers/ollama-errors.js';
import { createOpenAiProvider } from '../../../src/providers/openai.js';
import { openAiStatusError } from '../../../src/providers/openai-errors.js';
import type { ChatMessage, ChatRequest } from '../../../src/providers/provider.js';
import { startOllamaDouble } from '../../helpers/ollama-double.js';
import { startOpenAiDouble } from '../../helpers/openai-double.js';
import { collect, failure } from '../../helpers/provider-conformance.js';
import { images, samplePng } from '../../helpers/sample-images.js';

const png = samplePng.toString('base64');
const jpeg = images.JPEG?.toString('base64') ?? '';
const messages: readonly ChatMessage[] = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'What is this?', images: [png, jpeg] },
];

function request(model: string): ChatRequest {
  const load = { numCtx: 2048, numThreads: null };
  return { model, messages, load, temperature: 0.3, maxTokens: 20, signal: new AbortController().signal };
}

describe('an image in a message', () => {
  it('goes to Ollama as base64 beside the text', async () => {
    const double = await startOllamaDouble();
    onTestFinished(() => double.close());
    await collect(createOllamaProvider({ baseUrl: double.url }).chat(request('smollm2:135m')));
    expect(double.requests.at(-1)?.body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What is this?', images: [png, jpeg] },
    ]);
  });

  it('goes to an OpenAI-compatible server as a part with a data: address of its own type', async () => {
    const double = await startOpenAiDouble();
    onTestFinished(() => double.close());
    const provider = createOpenAiProvider({ baseUrl: double.url, apiKeyEnv: null, env: {} });
    await collect(provider.chat(request('local')));
    expect(double.requests.at(-1)?.body.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
          { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${jpeg}` } },
        ],
      },
    ]);
  });

  it('is refused by an embedded model, before anything is loaded', async () => {
    const provider = createLlamaCppProvider({ threads: 1, env: {} });
    const error = await failure(collect(provider.chat(request('qwen2.5-coder:0.5b'))));
    expect(error).toMatchObject({ code: 'VISION_UNAVAILABLE', hint: expect.stringContaining('llms.vision') });
    expect(error.message).toContain('qwen2.5-coder:0.5b');
    expect(await provider.loaded(new AbortController().signal)).toEqual([]);
    await provider.close();
  });
});

describe('a server that says that its model cannot see', () => {
  const said = (message: string): string => JSON.stringify({ error: { message, code: 500, type: 'server_error' } });

  it.each([
    'Failed to create new sequence: failed to process inputs: this model is missing data required for image input',
    'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj',
    'this model does not support image input',
  ])('of Ollama: %s', (message) => {
    const error = ollamaStatusError(500, JSON.stringify({ error: message }), { server: 'http://x:1', model: 'm' });
    expect(error.code).toBe('VISION_UNAVAILABLE');
  });

  it.each([
    [500, 'image input is not supported - hint: if this is unexpected, you may need to provide the mmproj'],
    [400, 'Invalid content type. image_url is only supported by certain models.'],
    [400, 'local is not a multimodal model'],
    [400, 'At most 0 image(s) may be provided in one request.'],
  ])('with %i: %s', (status, message) => {
    const error = openAiStatusError(status, said(message), {
      server: 'http://x:1/v1',
      model: 'local',
      apiKeyEnv: null,
    });
    expect(error.code).toBe('VISION_UNAVAILABLE');
  });
});
