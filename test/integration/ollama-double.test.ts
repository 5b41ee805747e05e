import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOllamaProvider } from '../../src/providers/ollama.js';
import { startOllamaDouble } from '../helpers/ollama-double.js';
import { recording } from '../helpers/ollama-double-wire.js';
import { collect, textOf } from '../helpers/provider-conformance.js';

const root = new URL('../../', import.meta.url);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wilson-double-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the double answers as the recorded server did', () => {
  const post = (url: string, path: string, body: unknown) =>
    fetch(url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
  /** Times differ from recording to recording; everything else is compared byte for byte. */
  const withoutTimes = (text: string) => text.replace(/"(created_at|expires_at)":"[^"]*"/g, '"$1":"…"');
  const hello = [{ role: 'user', content: 'What is 2+2?' }];

  it.each([
    ['chat-load.json', '/api/chat', { model: 'smollm2:135m', keep_alive: -1 }],
    ['chat-unload.json', '/api/chat', { model: 'qwen2.5-coder:0.5b', messages: [], keep_alive: 0 }],
    ['generate-unload-idle.json', '/api/generate', { model: 'qwen2.5-coder:0.5b', keep_alive: 0 }],
    ['chat-missing-model.json', '/api/chat', { model: 'llama3:latest', messages: hello }],
    ['generate-missing-model.json', '/api/generate', { model: 'mixtral', prompt: 'x' }],
    ['show-missing.json', '/api/show', { model: 'nope' }],
    ['chat-tools-unsupported.json', '/api/chat', { model: 'smollm2:135m', messages: hello, tools: [{}] }],
    ['bad-json.json', '/api/chat', '{"model":'],
    ['chat-stream.ndjson', '/api/chat', { model: 'qwen2.5-coder:0.5b', messages: hello }],
    ['pull-unreachable.ndjson', '/api/pull', { model: 'llama3' }],
  ])('%s', async (file, path, body) => {
    const double = await startOllamaDouble();
    try {
      const response = await post(double.url, path, body);
      const recorded = recording(file);
      expect([response.status, response.headers.get('content-type')]).toEqual([recorded.status, recorded.contentType]);
      expect(withoutTimes(await response.text())).toBe(withoutTimes(recorded.body.toString()));
    } finally {
      await double.close();
    }
  });

  it('lists as recorded what is there and what is loaded, before and after', async () => {
    const double = await startOllamaDouble();
    const get = async (path: string) => withoutTimes(await (await fetch(double.url + path)).text());
    const file = (name: string) => withoutTimes(recording(name).body.toString());
    try {
      expect(await get('/api/version')).toBe(file('version.json'));
      expect(await get('/api/tags')).toBe(file('tags.json'));
      expect(await get('/api/ps')).toBe(file('ps-empty.json'));
      await post(double.url, '/api/chat', { model: 'smollm2:135m', keep_alive: -1 });
      expect(await get('/api/ps')).toBe(file('ps-chat-forever.json'));
      await (await post(double.url, '/api/chat', { model: 'qwen2.5-coder:0.5b', messages: hello })).text();
      expect(await get('/api/ps')).toBe(file('ps-two.json'));
      await post(double.url, '/api/chat', { model: 'qwen2.5-coder:0.5b', keep_alive: 0 });
      expect(await get('/api/ps')).toBe(file('ps-after-unload.json'));
    } finally {
      await double.close();
    }
  });

  it('refuses a keep_alive that is a text without a unit, and loads anew for other options', async () => {
    const double = await startOllamaDouble();
    try {
      const refused = await post(double.url, '/api/chat', { model: 'smollm2:135m', keep_alive: '-1' });
      expect([refused.status, await refused.text()]).toEqual([
        400,
        '{"error":"time: missing unit in duration \\"-1\\""}',
      ]);
      for (const num_ctx of [2048, 2048, 4096, undefined]) {
        await post(double.url, '/api/chat', { model: 'smollm2:135m', options: { num_ctx } });
      }
      expect(double.counts('smollm2:135m')).toEqual({ loads: 1, reloads: 2 });
    } finally {
      await double.close();
    }
  });
});

describe('the double as a program', () => {
  it('prints its URL, plays its script, and is gone when its stdin ends', async () => {
    const script = join(folder, 'script.json');
    writeFileSync(
      script,
      JSON.stringify({
        models: ['llama3:latest'],
        steps: [
          { when: { text: 'France' }, times: 0, answer: 'Paris' },
          { when: { model: 'llama3:latest' }, answer: ['four', ' <or> ', '4'] },
        ],
      }),
    );
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'test/helpers/ollama-double-main.ts', '--script', script],
      { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    try {
      const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
      const provider = createOllamaProvider({ baseUrl: url });
      const ask = async (content: string) =>
        textOf(
          await collect(
            provider.chat({
              model: 'llama3',
              messages: [{ role: 'user', content }],
              load: { numCtx: 2048, numThreads: 1 },
              temperature: 0,
              maxTokens: 9,
              signal: new AbortController().signal,
            }),
          ),
        );
      expect(await ask('The capital of France?')).toBe('Paris');
      expect(await ask('2+2?')).toBe('four <or> 4');
      expect(await ask('And of France again?')).toBe('Paris');
    } finally {
      const gone = once(child, 'exit');
      child.stdin.end();
      expect(await gone).toEqual([0, null]);
    }
  });
});

describe('the provider in a process of its own', () => {
  /** Runs a program that has only the provider in it; resolves with its exit and all that it printed. */
  async function runProgram(body: string) {
    const program = join(folder, 'program.mts');
    const provider = new URL('src/providers/ollama.ts', root).href;
    writeFileSync(program, `import { createOllamaProvider } from ${JSON.stringify(provider)};\n${body}`);
    const child = spawn(process.execPath, ['--import', 'tsx', program], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (piece) => (stdout += piece));
    child.stderr.on('data', (piece) => (stderr += piece));
    const [code, signal] = await once(child, 'close');
    expect(child.exitCode ?? child.signalCode).not.toBeNull();
    return { code, signal, stdout, stderr };
  }

  it('sees an unload through although nothing else keeps the process alive, and then ends by itself', async () => {
    const double = await startOllamaDouble();
    try {
      double.script({ when: { path: '/api/ps' }, times: 3, recording: 'ps-two.json' });
      const result = await runProgram(`
        const provider = createOllamaProvider({ baseUrl: ${JSON.stringify(double.url)} });
        const signal = new AbortController().signal;
        await provider.load('smollm2:135m', { numCtx: 2048, numThreads: 1 }, { signal, pin: true });
        await provider.unload('smollm2:135m', { signal });
        process.stdout.write('unloaded');
      `);
      expect(result).toEqual({ code: 0, signal: null, stdout: 'unloaded', stderr: '' });
      expect(double.isLoaded('smollm2:135m')).toBe(false);
    } finally {
      await double.close();
    }
  });

  it('prints nothing and leaves no unhandled failure behind when answers break off in every way', async () => {
    const double = await startOllamaDouble();
    try {
      const faults = [
        'cut',
        'cut-within-line',
        'no-done',
        'error-line',
        'gone-after-headers',
        'gone-after-accept',
        'html',
        'bad-json',
        'stall',
      ] as const;
      for (const fault of faults) double.script({ fault });
      const result = await runProgram(`
        const provider = createOllamaProvider({ baseUrl: ${JSON.stringify(double.url)} });
        const codes = [];
        for (let index = 0; index < ${faults.length}; index += 1) {
          const controller = new AbortController();
          try {
            for await (const part of provider.chat({
              model: 'qwen2.5-coder:0.5b', messages: [{ role: 'user', content: 'x' }], load: { numCtx: 512, numThreads: 1 },
              temperature: 0, maxTokens: 9, signal: controller.signal, timeouts: { stallMs: 200 },
            })) {
              // The last one is left while the server is still there and silent.
              if (index === ${faults.length - 1}) { controller.abort(); break; }
            }
            codes.push('left');
          } catch (error) { codes.push(error.code); }
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
        process.stdout.write(codes.join(' '));
      `);
      expect(result.stdout).toBe(
        'ANSWER_CUT ANSWER_CUT ANSWER_CUT RUNNER_CRASHED ANSWER_CUT SERVER_UNREACHABLE SERVER_NOT_OLLAMA BAD_REQUEST left',
      );
      expect(result).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await double.close();
    }
  });
});
