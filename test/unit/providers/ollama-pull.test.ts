import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PullProgress, pullOllamaModel } from '../../../src/providers/ollama-pull.js';
import { type OllamaDouble, startOllamaDouble } from '../../helpers/ollama-double.js';
import { failure } from '../../helpers/provider-conformance.js';

let double: OllamaDouble;
const signal = new AbortController().signal;

beforeEach(async () => {
  double = await startOllamaDouble();
});
afterEach(() => double.close());

it('reports the bytes of all layers and ends with success', async () => {
  const seen: PullProgress[] = [];
  double.script({
    when: { path: '/api/pull' },
    lines: [
      { status: 'pulling manifest' },
      { status: 'pulling 2af3b81862c6', digest: 'sha256:2af3', total: 100, completed: 40 },
      { status: 'pulling 2af3b81862c6', digest: 'sha256:2af3', total: 100, completed: 100 },
      { status: 'pulling 5c5c', digest: 'sha256:5c5c', total: 10 },
      { status: 'verifying sha256 digest' },
      { status: 'success' },
    ],
  });
  await pullOllamaModel({
    baseUrl: double.url,
    model: 'llama3',
    signal,
    onProgress: (progress) => seen.push(progress),
  });
  expect(seen.map((each) => [each.completedBytes, each.totalBytes])).toEqual([
    [0, 0],
    [40, 100],
    [100, 100],
    [100, 110],
    [100, 110],
  ]);
});

it('fails with the recorded reason although the status was 200', async () => {
  const error = await failure(pullOllamaModel({ baseUrl: double.url, model: 'llama3', signal }));
  expect(error.code).toBe('PULL_FAILED');
  expect(error.message).toContain('could not fetch llama3:latest: pull model manifest');
  expect(error.message).toContain('no such host');
  expect(error.hint).toContain('network');
});

it('is not done when the stream ends without success', async () => {
  double.script({ when: { path: '/api/pull' }, lines: [{ status: 'pulling manifest' }] });
  expect((await failure(pullOllamaModel({ baseUrl: double.url, model: 'llama3', signal }))).code).toBe('ANSWER_CUT');
});

it('stops when it is aborted', async () => {
  const controller = new AbortController();
  double.script({ when: { path: '/api/pull' }, fault: 'never-answers' });
  const pulling = failure(pullOllamaModel({ baseUrl: double.url, model: 'llama3', signal: controller.signal }));
  const request = await double.nextRequest('/api/pull');
  controller.abort();
  expect((await pulling).code).toBe('ABORTED');
  expect(await request.closed).toEqual({ byClient: true });
});
