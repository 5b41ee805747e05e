import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { normalHost } from '../../../src/config/schema.js';

const llms = (text: string) => parseConfig(`llms:\n${text}`, '/c.yaml').llms;

describe('what a purpose takes from the chat', () => {
  it('is everything but temperature and keep_alive where its section is missing', () => {
    const { chat, code } = llms(
      '  chat: {provider: openai, model: m, host: "http://gpu:1/v1/", api_key_env: KEY, num_ctx: 4096, num_threads: 4}',
    );
    expect(chat).toMatchObject({ host: 'http://gpu:1/v1', apiKeyEnv: 'KEY', keepAlive: true, temperature: 0.7 });
    expect(code).toEqual({ ...chat, keepAlive: false, idleTimeoutS: 0, temperature: 0.2 });
  });

  it('is no key where the host is another, and no host where the provider is another', () => {
    const { code, analysis } = llms(
      [
        '  chat: {provider: openai, model: m, host: "http://a/v1", api_key_env: KEY}',
        '  code: {host: "http://b/v1"}',
        '  analysis: {provider: ollama}',
      ].join('\n'),
    );
    expect(code).toMatchObject({ provider: 'openai', model: 'm', host: 'http://b/v1', apiKeyEnv: null });
    expect(analysis).toMatchObject({ provider: 'ollama', model: 'llama3:latest', host: null, apiKeyEnv: null });
  });

  it('is the same context for the same model, whoever sets it', () => {
    const { chat, analysis, code } = llms(
      '  chat: {model: m}\n  code: {model: n}\n  analysis: {model: m, num_ctx: 2048}',
    );
    expect([chat.numCtx, analysis.numCtx, code.numCtx]).toEqual([2_048, 2_048, 8_192]);
  });

  it('leaves the context of one model on two servers apart', () => {
    const { chat, code } = llms(
      '  chat: {model: m, num_ctx: 2048}\n  code: {model: m, host: "big:11434", num_ctx: 4096}',
    );
    expect([chat.numCtx, code.numCtx, code.host]).toEqual([2_048, 4_096, 'http://big:11434']);
  });
});

describe('providers', () => {
  it('takes embedded for llamacpp, with the embedded model', () => {
    const { chat, code } = llms(
      '  embedded: {model: smollm2:135m}\n  chat: {provider: embedded}\n  code: {provider: ollama, model: x}',
    );
    expect(chat).toMatchObject({ provider: 'llamacpp', model: 'smollm2:135m' });
    expect(code).toMatchObject({ provider: 'ollama', model: 'x' });
  });

  it('has a vision model only where one is configured', () => {
    expect(llms('  chat: {model: m}').vision).toBeNull();
    expect(llms('  vision: {model: llava:7b}').vision).toMatchObject({ model: 'llava:7b', temperature: 0.3 });
  });
});

describe('resources', () => {
  it('warns from seven eighths of the limit where no threshold is set', () => {
    expect(parseConfig('resources: {max_memory_mb: 8192}', '/c').resources.warnThresholdMb).toBe(7_168);
  });
});

describe('normalHost', () => {
  it.each([
    ['localhost:11434', 'http://localhost:11434'],
    ['192.168.1.20', 'http://192.168.1.20'],
    ['https://api.example.com/v1/', 'https://api.example.com/v1'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('takes %s', (text, expected) => {
    expect(normalHost(text)).toBe(expected);
  });

  it.each(['ftp://host', 'http://user:pw@host', 'http://', 'a b', 'http://h?key=1', 'http://host:99999'])(
    'refuses %s',
    (text) => {
      expect(normalHost(text)).toBeNull();
    },
  );
});
