import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedName, pullTarget } from '../../../src/cli/pull-target.js';
import { parseConfig } from '../../../src/config/parse.js';

const config = (llms: string) => parseConfig(`llms: {${llms}}`, '/c.yaml');
const plain = config('');

describe('where a model is fetched to', () => {
  it('is this machine for a name or alias of the catalog', () => {
    expect(pullTarget('qwen2.5-coder:1.5b', plain)).toEqual({ kind: 'embedded' });
    expect(pullTarget('smollm2', plain)).toEqual({ kind: 'embedded' });
  });

  it('is the server, where it answers, for a name of the catalog that a purpose wants from Ollama', () => {
    const wanting = config('code: {provider: ollama, model: "qwen2.5-coder:7b", host: "http://big:1234"}');
    expect(pullTarget('qwen2.5-coder:7b', wanting)).toEqual({
      kind: 'ollama-if-it-answers',
      host: 'http://big:1234',
    });
    expect(pullTarget('qwen2.5-coder:1.5b', wanting)).toEqual({ kind: 'embedded' });
  });

  it('is not the server for a name that a purpose wants from the engine inside', () => {
    const wanting = config('code: {provider: llamacpp, model: "qwen2.5-coder:7b"}');
    expect(pullTarget('qwen2.5-coder:7b', wanting)).toEqual({ kind: 'embedded' });
  });

  it('is the server of the purpose that names the model, a missing tag meaning latest', () => {
    const two = config(
      'chat: {model: "llama3:latest"}, code: {provider: ollama, model: "deepseek-coder:33b", host: "http://big:1234"}',
    );
    expect(pullTarget('deepseek-coder:33b', two)).toEqual({ kind: 'ollama', host: 'http://big:1234' });
    expect(pullTarget('llama3', two)).toEqual({ kind: 'ollama', host: null });
  });

  it("is the chat's server for a name that no purpose has, and the usual one where nothing is on Ollama", () => {
    expect(pullTarget('mistral', config('chat: {host: "http://big:1234"}'))).toEqual({
      kind: 'ollama',
      host: 'http://big:1234',
    });
    expect(pullTarget('mistral', config('chat: {provider: llamacpp}'))).toEqual({ kind: 'ollama', host: null });
  });

  it('is what was asked for', () => {
    const wanting = config('code: {provider: ollama, model: "qwen2.5-coder:7b"}');
    expect(pullTarget('qwen2.5-coder:7b', wanting, 'embedded')).toEqual({ kind: 'embedded' });
    expect(pullTarget('qwen2.5-coder:1.5b', plain, 'ollama')).toEqual({ kind: 'ollama', host: null });
    expect(() => pullTarget('llama3', plain, 'embedded')).toThrow(
      expect.objectContaining({ code: 'MODEL_MISSING', hint: expect.stringContaining('smollm2:135m') }),
    );
  });
});

describe('the name of a model', () => {
  it.each([
    'llama3',
    'qwen2.5-coder:0.5b',
    'library/llama3:latest',
    'hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M',
    'registry.local:5000/team/model_x:v1',
  ])('may be %s', (name) => {
    expect(checkedName(name)).toBe(name);
  });

  it.each([
    '',
    '   ',
    '\t',
    'a b',
    'llama3\n',
    'llama3\u0000',
    '\u001b[31mllama3',
    'llama3\u007f',
    '../llama3',
    'a/../b',
    '/etc/passwd',
    'http://evil/llama3',
    'llama3:',
    ':latest',
    'a:b:c',
    '-rf',
    'modèle',
    'a'.repeat(201),
    '/models/x.gguf',
  ])('may not be %j', (name) => {
    expect(() => checkedName(name)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('that is refused is shown without its control codes, and short', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        let message = '';
        try {
          checkedName(name);
        } catch (thrown) {
          message = thrown instanceof Error ? thrown.message : '';
        }
        expect(message).not.toMatch(/\p{Cc}/u);
        expect(message.length).toBeLessThan(500);
      }),
    );
  });
});
