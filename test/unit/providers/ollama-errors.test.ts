import { describe, expect, it } from 'vitest';
import { ollamaCommand, ollamaSaidError, ollamaStatusError, startHint } from '../../../src/providers/ollama-errors.js';

const context = { server: 'http://127.0.0.1:11434', model: 'llama3:latest' };
const body = (error: string) => JSON.stringify({ error });

describe('what a status means', () => {
  it.each([
    [404, body("model 'llama3:latest' not found"), 'MODEL_MISSING'],
    [404, body('model "llama3" not found, try pulling it first'), 'MODEL_MISSING'],
    [404, '404 page not found', 'SERVER_NOT_OLLAMA'],
    [400, body('registry.ollama.ai/library/llama3:latest does not support tools'), 'TOOLS_UNSUPPORTED'],
    [400, body('the prompt is longer than the context length currently available to the model'), 'CONTEXT_OVERFLOW'],
    [400, body('time: missing unit in duration "-1"'), 'BAD_REQUEST'],
    [500, body('option "temperature" must be of type float32'), 'BAD_REQUEST'],
    [500, body('model requires more system memory (9.1 GiB) than is available (3.0 GiB)'), 'RUNNER_CRASHED'],
    [500, body('llama runner process has terminated: signal: killed'), 'RUNNER_CRASHED'],
    [500, body('unable to load model: /root/.ollama/models/blobs/sha256-1'), 'MODEL_DAMAGED'],
    [500, body('something new'), 'RUNNER_CRASHED'],
    [503, body('server busy, please try again.  maximum pending requests exceeded'), 'SERVER_BUSY'],
    [503, 'Service Unavailable', 'SERVER_BUSY'],
    [502, '<html>Bad Gateway</html>', 'SERVER_UNREACHABLE'],
    [401, body('unauthorized'), 'UNAUTHORIZED'],
  ])('%s %s', (status, text, code) => {
    const error = ollamaStatusError(status, text, context);
    expect(error.code).toBe(code);
    expect(error.hint).not.toBe('');
    expect(error.message).toMatch(/^[^\n]{10,400}$/);
  });

  it('unwraps the error that llama-server gives within Ollama’s', () => {
    const inner = body(
      '{"error":{"code":400,"message":"request (8889 tokens) exceeds the available context size (4096 tokens)","type":"exceed_context_size_error"}}',
    );
    const error = ollamaStatusError(400, inner, context);
    expect([error.code, error.message]).toEqual([
      'CONTEXT_OVERFLOW',
      'The conversation is longer than the context of llama3:latest: request (8889 tokens) exceeds the available context size (4096 tokens).',
    ]);
  });

  it('takes an unknown error within a stream for no crash', () => {
    expect(ollamaSaidError('something new', context).code).toBe('BAD_REQUEST');
    expect(ollamaSaidError('an error was encountered while running the model: unexpected EOF', context).code).toBe(
      'RUNNER_CRASHED',
    );
  });
});

describe('commands that can be typed as they stand', () => {
  it('names the server only where the command would go elsewhere', () => {
    expect(ollamaCommand('http://127.0.0.1:11434', 'pull a')).toBe('ollama pull a');
    expect(ollamaCommand('http://user:secret@big:11434', 'pull a')).toBe('OLLAMA_HOST=http://big:11434 ollama pull a');
  });

  it('says on which machine to start a server', () => {
    expect(startHint('http://[::1]:11434')).toContain('`ollama serve`');
    expect(startHint('http://big:11434')).toContain('Start Ollama on big');
  });
});
