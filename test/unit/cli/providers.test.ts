import { describe, expect, it } from 'vitest';
import { createProviders } from '../../../src/cli/providers.js';
import type { PurposeConfig } from '../../../src/config/config.js';

const purpose: PurposeConfig = {
  provider: 'openai',
  model: 'm',
  temperature: 0,
  keepAlive: false,
  idleTimeoutS: 0,
  host: 'http://127.0.0.1:9/v1',
  apiKeyEnv: null,
  numCtx: 2048,
  numThreads: null,
};

describe('createProviders', () => {
  it('has one provider a server and key, and finds for a choice the one of its own key', async () => {
    const providers = createProviders({ FIRST: 'a', SECOND: 'b' });
    const first = providers.forPurpose({ ...purpose, apiKeyEnv: 'FIRST' });
    const second = providers.forPurpose({ ...purpose, apiKeyEnv: 'SECOND' });
    expect(second).not.toBe(first);
    expect(providers.forPurpose({ ...purpose, apiKeyEnv: 'SECOND' })).toBe(second);
    const { server } = second;
    expect(providers.forChoice({ provider: 'openai', server, apiKeyEnv: 'SECOND' })).toBe(second);
    expect(providers.forChoice({ provider: 'openai', server, apiKeyEnv: 'FIRST' })).toBe(first);
    expect(() => providers.forChoice({ provider: 'openai', server, apiKeyEnv: null })).toThrow(/No provider is known/);
    await providers.close();
  });

  it('keeps an Ollama server apart from another kind of server at the same address', async () => {
    const providers = createProviders({});
    const openai = providers.forPurpose({ ...purpose, host: 'http://127.0.0.1:9' });
    const ollama = providers.forPurpose({ ...purpose, provider: 'ollama', host: '127.0.0.1:9' });
    const { server } = ollama;
    expect(providers.forChoice({ provider: 'ollama', server, apiKeyEnv: null })).toBe(ollama);
    expect(providers.forChoice({ provider: 'openai', server: openai.server, apiKeyEnv: null })).toBe(openai);
    await providers.close();
  });
});
