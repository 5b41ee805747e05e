import { describe, expect, it, onTestFinished } from 'vitest';
import type { Config } from '../../../src/config/config.js';
import { parseConfig } from '../../../src/config/parse.js';
import { WilsonError } from '../../../src/errors.js';
import { createWouldFit, type WouldFitOptions } from '../../../src/models/would-fit.js';
import { createOllamaProvider } from '../../../src/providers/ollama.js';
import { startOllamaDouble } from '../../helpers/ollama-double.js';
import { tempFolder } from '../../helpers/temp-folder.js';

const never = new AbortController().signal;

const config = (maxMemoryMb = 16_000): Config =>
  parseConfig(
    `{llms: {chat: {num_ctx: 4096}}, resources: {max_memory_mb: ${maxMemoryMb}, warn_threshold_mb: 1000}}`,
    '/c',
  );

async function server(sizesMb: Readonly<Record<string, number>> = {}) {
  const double = await startOllamaDouble({ onlyModels: true, models: Object.keys(sizesMb), machine: { sizesMb } });
  const provider = createOllamaProvider({ baseUrl: double.url });
  onTestFinished(async () => {
    await provider.close();
    await double.close();
  });
  return { double, provider, env: { OLLAMA_HOST: double.url, WILSON_MODELS: tempFolder() } };
}

function wouldFit(more: Partial<WouldFitOptions>) {
  const env = { WILSON_MODELS: '/nowhere' };
  return createWouldFit({
    config: config(),
    servers: () => [],
    isHere: async () => false,
    totalMb: 16_000,
    env,
    ...more,
  });
}

describe('what would fit instead', () => {
  it('is the largest model that is there already and fits with its worker', async () => {
    const { double, provider, env } = await server({ 'small:1b': 1_000, 'middle:7b': 4_000, 'large:70b': 40_000 });
    const said = await wouldFit({ servers: () => [provider], env })('code', 6_000, never);
    expect(said).toMatch(
      new RegExp(
        `^middle:7b \\(${double.url}\\) is here and would fit with 4,\\d{3} MB: set llms.code to \\{ model: "middle:7b" \\}, or `,
      ),
    );
    const less = await wouldFit({ servers: () => [provider], env })('analysis', 4_000, never);
    expect(less).toMatch(/^small:1b .* set llms\.analysis to \{ model: "small:1b" \}/);
  });

  it('is named with its address where that is not the usual one', async () => {
    const { double, provider, env } = await server({ 'small:1b': 1_000 });
    const other = { ...env, OLLAMA_HOST: 'http://127.0.0.1:1' };
    const said = await wouldFit({ servers: () => [provider], env: other })('code', 6_000, never);
    expect(said).toContain(`set llms.code to { host: "${double.url}", model: "small:1b" }`);
  });

  it('may be an embedded model', async () => {
    const isHere = async (name: string) => name === 'qwen2.5-coder:0.5b';
    const said = await wouldFit({ isHere })('code', 3_000, never);
    expect(said).toMatch(
      /^qwen2\.5-coder:0\.5b \(embedded\) is here and would fit with \d(,\d{3}|\d\d) MB: set llms\.code to \{ provider: llamacpp, model: "qwen2\.5-coder:0\.5b" \}/,
    );
    expect(await wouldFit({ isHere })('code', 300, never)).toMatch(/^Choose a smaller model for llms\.code, /);
  });

  it('is unknown where no server answers, and nobody waits for that', async () => {
    const { double, provider, env } = await server({ 'small:1b': 1_000 });
    await double.die();
    const begun = performance.now();
    expect(await wouldFit({ servers: () => [provider], env })('code', 6_000, never)).toMatch(/^Choose a smaller model/);
    expect(performance.now() - begun).toBeLessThan(6_000);
    const nonsense = (): never => {
      throw new WilsonError('CONFIG_INVALID', 'It is no address.');
    };
    expect(await wouldFit({ servers: nonsense })('code', 6_000, never)).toMatch(/^Choose a smaller model/);
  });

  it('ends when it is to be given up', async () => {
    const { double, provider, env } = await server({ 'small:1b': 1_000 });
    double.script({ when: { path: '/api/tags' }, fault: 'never-answers' });
    const stop = new AbortController();
    const asking = wouldFit({ servers: () => [provider], env })('code', 6_000, stop.signal);
    await double.nextRequest('/api/tags');
    stop.abort();
    expect(await asking).toMatch(/^Choose a smaller model/);
  });
});

describe('the other way out', () => {
  it('is a higher ceiling on a machine with more memory, else a smaller profile', async () => {
    const on = (totalMb: number) => wouldFit({ config: config(8_000), totalMb })('code', 100, never);
    expect(await on(32_000)).toBe(
      "Choose a smaller model for llms.code, or raise resources.max_memory_mb, now 8,000 MB of the machine's 32,000 MB.",
    );
    expect(await on(8_192)).toBe(
      'Choose a smaller model for llms.code, or take a profile for a smaller machine with `wilson config use lowend`.',
    );
  });
});
