import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import type { Config, PurposeConfig } from '../../../src/config/config.js';
import type { WilsonError } from '../../../src/errors.js';
import {
  candidatesFor,
  createModelSelector,
  loadOptionsFor,
  type ModelSelectorOptions,
} from '../../../src/models/model-selection.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import { createOpenAiProvider } from '../../../src/providers/openai.js';
import type { ModelProvider } from '../../../src/providers/provider.js';
import { createFakeClock } from '../../helpers/fake-clock.js';
import { type OllamaDouble, startOllamaDouble } from '../../helpers/ollama-double.js';
import { startOpenAiDouble } from '../../helpers/openai-double.js';
import { failure } from '../../helpers/provider-conformance.js';

const never = new AbortController().signal;
const chat: PurposeConfig = {
  provider: 'ollama',
  model: 'smollm2:135m',
  temperature: 0.7,
  keepAlive: true,
  idleTimeoutS: 300,
  host: null,
  apiKeyEnv: null,
  numCtx: 8192,
  numThreads: null,
};
const code: PurposeConfig = {
  ...chat,
  model: 'qwen2.5-coder:0.5b',
  temperature: 0.2,
  keepAlive: false,
  idleTimeoutS: 0,
};

function configWith(llms: Partial<Config['llms']> = {}): Config {
  return {
    file: 'config.yaml',
    llms: {
      chat,
      code,
      analysis: code,
      vision: null,
      embedded: { model: 'tiny:1b' },
      fallback: 'allow',
      loadTimeoutS: 30,
      ...llms,
    },
    workers: { maxConcurrent: 2, spawnMode: 'on_demand', killAfterTask: true, preloadModels: false, apply: 'ask' },
    resources: { maxMemoryMb: 16_384, warnThresholdMb: 14_336 },
  };
}

let double: OllamaDouble;
let provider: ModelProvider;

beforeEach(async () => {
  double = await startOllamaDouble();
  provider = createOllamaProvider({ baseUrl: double.url });
});
afterEach(async () => {
  await provider.close();
  await double.close();
});

function selectorFor(config: Config, more: Partial<ModelSelectorOptions> = {}) {
  return createModelSelector({
    config,
    providers: () => provider,
    embedded: { name: config.llms.embedded.model },
    clock: systemClock,
    ...more,
  });
}

describe('the chain', () => {
  it('takes the configured model where the server has it', async () => {
    expect(await selectorFor(configWith()).choose('code', never)).toEqual({
      purpose: 'code',
      provider: 'ollama',
      model: 'qwen2.5-coder:0.5b',
      server: double.url,
      usedFallback: false,
      fallbackReason: null,
      load: { numCtx: 8192, numThreads: null },
      temperature: 0.2,
      apiKeyEnv: null,
      keepAlive: false,
      idleTimeoutS: 0,
    });
  });

  it('takes the model of the chat where its own is missing, with the command that mends it', async () => {
    const config = configWith({ code: { ...code, model: 'mixtral' } });
    const chosen = await selectorFor(config).choose('code', never);
    expect(chosen).toMatchObject({ model: 'smollm2:135m', usedFallback: true, temperature: 0.2, keepAlive: true });
    expect(chosen.fallbackReason).toBe(
      `mixtral:latest is not on the Ollama server at ${double.url}: fetch it with \`OLLAMA_HOST=${double.url} ollama pull mixtral:latest\`.`,
    );
  });

  it('takes the embedded model where the server has neither, naming both', async () => {
    const config = configWith({
      chat: { ...chat, model: 'llama3' },
      code: { ...code, model: 'mixtral', numThreads: 6, numCtx: 32_768 },
    });
    const chosen = await selectorFor(config).choose('code', never);
    expect(chosen).toMatchObject({
      provider: 'llamacpp',
      model: 'tiny:1b',
      server: 'embedded',
      usedFallback: true,
      load: { numCtx: 8192, numThreads: null },
    });
    expect(chosen.fallbackReason).toContain('mixtral:latest is not on');
    expect(chosen.fallbackReason).toContain('llama3:latest is not on');
  });

  it('says once that the server does not answer, and how to start it', async () => {
    await double.die();
    const chosen = await selectorFor(configWith()).choose('code', never);
    expect(chosen.model).toBe('tiny:1b');
    expect(chosen.fallbackReason).toBe(
      `Ollama does not answer at ${double.url}. Start it with \`ollama serve\`. If it is not installed: https://ollama.com/download.`,
    );
  });

  it('names OLLAMA_HOST where the address came from there', async () => {
    await double.die();
    const chosen = await selectorFor(configWith(), { env: { OLLAMA_HOST: double.url } }).choose('chat', never);
    expect(chosen.fallbackReason).toContain(`${double.url} (from OLLAMA_HOST)`);
  });

  it('says that something else is on the port', async () => {
    await double.close();
    double = await startOllamaDouble({ notOllama: 'html' });
    provider = createOllamaProvider({ baseUrl: double.url });
    const chosen = await selectorFor(configWith()).choose('chat', never);
    expect(chosen.fallbackReason).toContain('is not an Ollama server');
  });

  it('takes llama3 and llama3:latest as one', async () => {
    await double.close();
    double = await startOllamaDouble({ models: ['llama3:latest'] });
    provider = createOllamaProvider({ baseUrl: double.url });
    const chosen = await selectorFor(configWith({ chat: { ...chat, model: 'llama3' } })).choose('chat', never);
    expect(chosen).toMatchObject({ model: 'llama3:latest', usedFallback: false });
  });

  it('takes an embedded model that is configured without any server', async () => {
    await double.die();
    const config = configWith({
      chat: { ...chat, provider: 'llamacpp', model: 'own:1b', numCtx: 16_384, numThreads: 3 },
    });
    expect(await selectorFor(config).choose('chat', never)).toMatchObject({
      provider: 'llamacpp',
      model: 'own:1b',
      usedFallback: false,
      load: { numCtx: 16_384, numThreads: 3 },
    });
  });

  describe('for vision', () => {
    const seeing: PurposeConfig = { ...chat, model: 'smollm2:135m' };

    it('takes the configured model where its server says that it sees', async () => {
      await double.close();
      double = await startOllamaDouble({ capabilities: ['completion', 'vision'] });
      provider = createOllamaProvider({ baseUrl: double.url });
      const chosen = await selectorFor(configWith({ vision: seeing })).choose('vision', never);
      expect(chosen).toMatchObject({ purpose: 'vision', model: 'smollm2:135m', usedFallback: false });
    });

    it('lets nothing stand in: none configured, a missing one, a blind one, an embedded one, a dead server', async () => {
      const failure = (vision: PurposeConfig | null) =>
        selectorFor(configWith({ vision }))
          .choose('vision', never)
          .then(
            () => 'chosen',
            (error: WilsonError) => `${error.code} ${error.message} ${error.hint}`,
          );
      expect(await failure(null)).toMatch(/^VISION_NOT_CONFIGURED No vision model is configured.*set llms\.vision/);
      expect(await failure({ ...seeing, model: 'llava:7b' })).toMatch(/^VISION_UNAVAILABLE .*ollama pull llava:7b/);
      expect(await failure(seeing)).toMatch(/^VISION_UNAVAILABLE .*cannot see/);
      expect(await failure({ ...seeing, provider: 'llamacpp' })).toMatch(/^VISION_UNAVAILABLE .*embedded/);
      await double.die();
      expect(await failure({ ...seeing, host: 'http://127.0.0.1:9' })).toMatch(/^VISION_UNAVAILABLE .*does not answer/);
    });
  });

  it('repeats no link', () => {
    const config = configWith({ code: chat });
    expect(candidatesFor(config, 'code', 'tiny:1b').map((each) => each.model)).toEqual(['smollm2:135m', 'tiny:1b']);
    const embedded = { ...chat, provider: 'llamacpp' as const, model: 'tiny:1b' };
    expect(candidatesFor(configWith({ chat: embedded, code: embedded }), 'code', 'tiny:1b')).toHaveLength(1);
  });
});

describe('a stand-in', () => {
  it('for a model that failed after it was chosen is the one that the chain would have ended with', async () => {
    const config = configWith({ code: { ...code, numCtx: 32_768, numThreads: 8 } });
    const selector = selectorFor(config);
    await double.die();
    const last = await selector.choose('code', never);
    expect(last).toMatchObject({ provider: 'llamacpp', model: 'tiny:1b', load: { numCtx: 8_192, numThreads: null } });
    expect(selector.standIn('code', 'it went away')).toEqual({ ...last, fallbackReason: 'it went away' });
  });
});

describe('without a way out', () => {
  it('throws where another model is forbidden', async () => {
    const config = configWith({ code: { ...code, model: 'mixtral' }, fallback: 'forbid' });
    const error = await failure(selectorFor(config).choose('code', never));
    expect([error.code, error.message, error.hint]).toEqual([
      'MODEL_UNAVAILABLE',
      expect.stringContaining('ollama pull mixtral:latest'),
      expect.stringContaining('llms.fallback: allow'),
    ]);
    expect(await selectorFor(config).choose('chat', never)).toMatchObject({ model: 'smollm2:135m' });
  });

  it('throws where the embedded model is not to be had either', async () => {
    await double.die();
    const embedded = { name: 'tiny:1b', available: () => Promise.resolve(false) };
    const error = await failure(selectorFor(configWith(), { embedded }).choose('chat', never));
    expect(error.code).toBe('MODEL_UNAVAILABLE');
    expect(error.message).toContain('wilson models pull tiny:1b');
  });
});

describe('asking the servers', () => {
  it('asks once for several choices at the same time, and anew after a few seconds', async () => {
    const clock = createFakeClock();
    const selector = selectorFor(configWith(), { clock });
    await Promise.all([
      selector.choose('code', never),
      selector.choose('chat', never),
      selector.choose('analysis', never),
    ]);
    await selector.choose('code', never);
    const asked = () => double.requests.filter((each) => each.path === '/api/tags').length;
    expect(asked()).toBe(1);
    clock.advance(5_001);
    await selector.choose('code', never);
    expect(asked()).toBe(2);
    selector.forget();
    await selector.choose('code', never);
    expect(asked()).toBe(3);
    expect(clock.pending()).toBe(0);
  });

  it('gives up on a server that says nothing after 2 s', async () => {
    const clock = createFakeClock();
    double.script({ when: { path: '/api/version' }, fault: 'never-answers' });
    // Only the probe is on the fake clock: the provider's own bounds are longer.
    const choosing = selectorFor(configWith(), { clock }).choose('chat', never);
    await double.nextRequest('/api/version');
    clock.advance(2_000);
    expect((await choosing).fallbackReason).toContain('does not answer at');
  });

  it('stops waiting when it is told to', async () => {
    double.script({ when: { path: '/api/version' }, fault: 'never-answers' });
    const controller = new AbortController();
    const choosing = failure(selectorFor(configWith()).choose('chat', controller.signal));
    await double.nextRequest('/api/version');
    controller.abort();
    expect((await choosing).code).toBe('ABORTED');
  });

  it('finds a model of a compatible server, and passes on which key it needs', async () => {
    const other = await startOpenAiDouble({ key: 'k' });
    const openai = createOpenAiProvider({ baseUrl: other.url, apiKeyEnv: 'KEY', env: { KEY: 'k' } });
    const remote: PurposeConfig = { ...code, provider: 'openai', model: 'local', host: other.url, apiKeyEnv: 'KEY' };
    const providers = (purpose: PurposeConfig) => (purpose.provider === 'openai' ? openai : provider);
    const chosen = await selectorFor(configWith({ code: remote }), { providers }).choose('code', never);
    expect(chosen).toMatchObject({ provider: 'openai', model: 'local', server: `${other.url}/v1`, apiKeyEnv: 'KEY' });
    const missing = configWith({ code: { ...remote, model: 'big' } });
    expect((await selectorFor(missing, { providers }).choose('code', never)).fallbackReason).toContain(
      'big is not on the model server',
    );
    await openai.close();
    await other.close();
  });
});

describe('load options', () => {
  it('are one set for all purposes with the same model on the same server', () => {
    const wide = { ...chat, model: 'llama3', numCtx: 16_384 };
    const narrow = { ...code, model: 'llama3:latest', numCtx: 4_096, numThreads: 4 };
    const elsewhere = { ...narrow, host: 'http://other:11434', numCtx: 65_536 };
    const config = configWith({ chat: wide, code: narrow, analysis: elsewhere });
    expect(loadOptionsFor(config, wide)).toEqual({ numCtx: 16_384, numThreads: 4 });
    expect(loadOptionsFor(config, narrow)).toEqual({ numCtx: 16_384, numThreads: 4 });
    expect(loadOptionsFor(config, elsewhere)).toEqual({ numCtx: 65_536, numThreads: 4 });
  });
});
