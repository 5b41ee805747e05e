import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createChatEngine } from '../../src/models/chat-engine-client.js';
import { ensureModel } from '../../src/models/download.js';
import { chatEngineMb } from '../../src/models/embedded-memory.js';
import { figuresOfHeader, knownFigures, readFigures } from '../../src/models/model-figures.js';
import { readGgufHeader } from '../../src/providers/llama-cpp-gguf.js';

const never = new AbortController().signal;
const packings = ['amx', 'x86', 'arm', 'none'] as const;

describe.each(['smollm2:135m', 'qwen2.5-coder:0.5b'])('the figures of %s', (name) => {
  it('are the same in the catalog and in the file', async () => {
    const inCatalog = knownFigures(name);
    const path = await ensureModel(name, { env: process.env, signal: never });
    const inFile = figuresOfHeader(await readGgufHeader(path));
    expect(inCatalog).toMatchObject({ basis: 'catalog', vocabulary: inFile.vocabulary, fileBytes: inFile.fileBytes });
    expect(inCatalog?.cacheBytesPerToken).toBe(inFile.cacheBytesPerToken);
    for (const packing of packings) expect(inCatalog?.places(packing)).toEqual(inFile.places(packing));
    await readFigures(path, process.env);
    expect(knownFigures(path)?.basis).toBe('header');
  }, 900_000);
});

describe.runIf(process.platform === 'linux')('the memory of a real process', () => {
  it('stays within the estimate, and fills most of it', async () => {
    const model = 'smollm2:135m';
    const modelPath = await ensureModel(model, { env: process.env, signal: never });
    const engine = createChatEngine({ name: model, modelPath, threads: 1, env: process.env, ownerToken: randomUUID() });
    try {
      const load = { numCtx: 2_048, numThreads: 1 };
      const messages = [{ role: 'user' as const, content: 'The fox and the dog. '.repeat(300) }];
      const request = { model, messages, load, temperature: 0, maxTokens: 40, signal: never };
      for await (const part of engine.chat(request)) expect(part.type).toMatch(/text|done/);
      const status = readFileSync(`/proc/${engine.pid}/status`, 'utf8');
      const peakMb = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
      const estimateMb = chatEngineMb({ model, numCtx: 2_048 }) ?? 0;
      // Run through the loader of TypeScript, the process is somewhat larger than it will be when compiled.
      expect(peakMb).toBeGreaterThan(estimateMb / 1.15);
      expect(peakMb).toBeLessThan(estimateMb * 1.15);
    } finally {
      await engine.close();
    }
  }, 120_000);
});
