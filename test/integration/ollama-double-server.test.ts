import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { createOllamaProvider } from '../../src/providers/ollama.js';
import { type PullProgress, pullOllamaModel } from '../../src/providers/ollama-pull.js';
import { type OllamaDouble, type OllamaDoubleOptions, startOllamaDouble } from '../helpers/ollama-double.js';
import { createDoubleClient } from '../helpers/ollama-double-client.js';
import { failure } from '../helpers/provider-conformance.js';

const root = new URL('../../', import.meta.url);
const { signal } = new AbortController();
const megabyte = 1_048_576;
let double: OllamaDouble;

afterEach(() => double.close());

async function start(options: OllamaDoubleOptions = {}): Promise<void> {
  double = await startOllamaDouble(options);
}

async function names(): Promise<string[]> {
  const provider = createOllamaProvider({ baseUrl: double.url });
  const models = await provider.list(signal);
  await provider.close();
  return models.map(({ name }) => name);
}

describe('a pull', () => {
  const path = '/api/pull';
  const rawPull = async (body: unknown) =>
    (await fetch(double.url + path, { method: 'POST', body: JSON.stringify(body) })).text();

  async function pull(model: string, options: { signal?: AbortSignal } = {}) {
    const seen: PullProgress[] = [];
    const pulling = pullOllamaModel({
      baseUrl: double.url,
      model,
      signal,
      ...options,
      onProgress: (progress) => seen.push(progress),
    });
    return { seen, pulling };
  }

  it('says what a server says, in its order, and the model is there after it', async () => {
    await start();
    double.script({ when: { path }, pull: { sizeMb: 1, pieces: 2 } });
    const lines = (await rawPull({ model: 'llama3' })).trim().split('\n');
    const layer = JSON.parse(lines[1] ?? '') as { status: string; digest: string; total: number };
    expect(layer).toEqual({
      status: `pulling ${layer.digest.slice(7, 19)}`,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      total: megabyte,
    });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { status: 'pulling manifest' },
      layer,
      { ...layer, completed: megabyte / 2 },
      { ...layer, completed: megabyte },
      { status: 'verifying sha256 digest' },
      { status: 'writing manifest' },
      { status: 'success' },
    ]);
    expect(await names()).toEqual(['smollm2:135m', 'qwen2.5-coder:0.5b', 'llama3:latest']);
    await double.die();
    await double.comeBack();
    expect(await names()).toContain('llama3:latest');
  });

  it('is one line where the client does not want a stream', async () => {
    await start();
    double.script({ when: { path }, pull: {} });
    expect(await rawPull({ model: 'llama3', stream: false })).toBe('{"status":"success"}');
    expect(await names()).toContain('llama3:latest');
  });

  it('that is broken off adds nothing, and goes on where it was', async () => {
    await start();
    double.script({ when: { path }, times: 0, pull: { sizeMb: 8, pieces: 8 }, pieceDelayMs: 15 });
    const controller = new AbortController();
    const { pulling, seen } = await pull('llama3', { signal: controller.signal });
    const aborted = failure(pulling);
    const request = await double.nextRequest(path);
    while (seen.every(({ completedBytes }) => completedBytes < 2 * megabyte)) {
      await fetch(`${double.url}/api/version`);
    }
    controller.abort();
    expect((await aborted).code).toBe('ABORTED');
    await request.closed;
    expect(await names()).not.toContain('llama3:latest');
    const again = await pull('llama3');
    await again.pulling;
    const first = again.seen.find(({ totalBytes }) => totalBytes > 0);
    expect(first?.completedBytes).toBeGreaterThanOrEqual(2 * megabyte);
    expect(await names()).toContain('llama3:latest');
  });

  it('can fail when the bytes are there', async () => {
    await start();
    double.script({ when: { path }, pull: { error: 'digest mismatch, file must be downloaded again' } });
    const error = await failure((await pull('llama3')).pulling);
    expect([error.code, error.message.includes('digest mismatch')]).toEqual(['PULL_FAILED', true]);
    expect(await names()).not.toContain('llama3:latest');
  });

  it('of a model that is there has nothing to fetch', async () => {
    await start({ machine: { sizesMb: { 'smollm2:135m': 90 } } });
    double.script({ when: { path }, pull: { pieces: 9 } });
    const { pulling, seen } = await pull('smollm2:135m');
    await pulling;
    expect(seen.map(({ completedBytes }) => completedBytes / megabyte)).toEqual([0, 0, 90, 90, 90]);
    expect(await names()).toEqual(['smollm2:135m', 'qwen2.5-coder:0.5b']);
  });

  it('brings a model of its size, which can be loaded', async () => {
    await start({ machine: {} });
    double.script({ when: { path }, pull: { sizeMb: 4_500 } });
    await (await pull('llava:7b')).pulling;
    const client = createDoubleClient(double);
    await client.loaded('llava:7b');
    expect((await client.row('llava:7b'))?.size).toBeGreaterThan(4_500 * megabyte);
  });
});

describe('a model', () => {
  it('that is deleted is unknown from then on, and stays loaded until it expires', async () => {
    await start({ models: ['llama3'], machine: {} });
    const client = createDoubleClient(double);
    await client.loaded('llama3', '40ms');
    double.removeModel('llama3');
    expect(await names()).toEqual(['smollm2:135m', 'qwen2.5-coder:0.5b']);
    const asked = await client.ask('llama3');
    expect([await asked.status, await asked.text]).toEqual([404, '{"error":"model \'llama3\' not found"}']);
    await double.until('expired', 'llama3');
    expect(await client.ps()).toEqual([]);
    expect(() => double.removeModel('llama3')).toThrow('no model llama3');
  });

  it('that nobody recorded has weights of its own', async () => {
    await start({ models: ['x', 'y'] });
    const tags = (await (await fetch(`${double.url}/api/tags`)).json()) as { models: { digest: string }[] };
    expect(new Set(tags.models.map(({ digest }) => digest)).size).toBe(4);
  });
});

describe('the address', () => {
  it('can have a prefix, and outside of it there is nothing', async () => {
    await start({ pathPrefix: '/ollama/' });
    expect(double.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ollama$/);
    expect(await names()).toHaveLength(2);
    expect(double.requests.at(-1)?.path).toBe('/api/tags');
    expect(await (await fetch(double.url)).text()).toBe('Ollama is running');
    for (const path of ['/api/tags', '/ollamas/api/tags', '/']) {
      expect((await fetch(new URL(path, double.url))).status).toBe(404);
    }
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  it.runIf(hasIpv6)('can be the IPv6 one alone', async () => {
    await start({ host: '::1' });
    expect(double.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(await names()).toHaveLength(2);
    const socket = connect(Number(new URL(double.url).port), '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});

it('the double as a program reads its machine from the script', async () => {
  await start();
  const folder = await mkdtemp(join(tmpdir(), 'wilson-double-'));
  const script = join(folder, 'script.json');
  const options: OllamaDoubleOptions = {
    models: ['a:1b'],
    pathPrefix: '/p',
    machine: { maxLoaded: 1, sizesMb: { 'a:1b': 200 } },
  };
  writeFileSync(script, JSON.stringify(options));
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/helpers/ollama-double-main.ts', '--script', script], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    const provider = createOllamaProvider({ baseUrl: url });
    for (const model of ['smollm2:135m', 'a:1b']) {
      await provider.load(model, { numCtx: 2048, numThreads: null }, { signal, pin: false });
    }
    const loaded = await provider.loaded(signal);
    expect(loaded.map(({ name, contextTokens }) => [name, contextTokens])).toEqual([['a:1b', 2048]]);
    expect(loaded[0]?.memoryBytes).toBeGreaterThan(200 * megabyte);
    await provider.close();
  } finally {
    const gone = once(child, 'exit');
    child.stdin.end();
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
});
