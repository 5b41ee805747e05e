import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../src/supervisor/model-place.js';

const embedded = placeOf({ provider: 'llamacpp', server: 'embedded', apiKeyEnv: null });

describe('the place of a model', () => {
  it.each(['http://127.0.0.1:11434', 'http://localhost:1234/v1', 'http://[::1]:11434', 'http://u:p@127.0.0.1:80'])(
    'is this machine for %s, as for an embedded one',
    (server) => {
      expect(placeOf({ provider: 'ollama', server, apiKeyEnv: null })).toBe(embedded);
      expect(placeOf({ provider: 'openai', server, apiKeyEnv: 'KEY' })).toBe(embedded);
    },
  );

  it('is the same for two servers of one machine, and another for another machine', () => {
    const at = (server: string) => placeOf({ provider: 'ollama', server, apiKeyEnv: null });
    expect(at('http://gpu.lan:11434')).toBe(at('http://gpu.lan:11500'));
    expect(at('http://gpu.lan:11434')).not.toBe(at('http://other.lan:11434'));
    expect(at('http://gpu.lan:11434')).not.toBe(embedded);
  });

  it('is nowhere for a service with a key, which serves all side by side', () => {
    const service = { provider: 'openai' as const, server: 'https://api.example.com/v1' };
    expect(placeOf({ ...service, apiKeyEnv: 'KEY' })).toBeNull();
    expect(placeOf({ ...service, apiKeyEnv: null })).toBe('api.example.com');
  });
});
