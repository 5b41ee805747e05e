import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultEmbeddedModel } from '../../../src/catalog/catalog.js';
import { defaults } from '../../../src/config/defaults.js';
import { parseConfig } from '../../../src/config/parse.js';
import { knownKeys } from '../../../src/config/problems-of.js';
import { profileNames } from '../../../src/config/profiles.js';
import { packagedConfig, packageFolder } from '../../../src/config/source.js';

const text = readFileSync(packagedConfig(), 'utf8');

describe('the packaged config.yaml', () => {
  it('comes to exactly the defaults, but for the models it names', () => {
    const packaged = parseConfig(text, '/c');
    const bare = parseConfig('workers:', '/c');
    expect({
      ...packaged,
      llms: { ...packaged.llms, code: { ...packaged.llms.code, model: 'llama3:latest' } },
    }).toEqual(bare);
  });

  it('takes the embedded model that the catalog has as its default', () => {
    expect(defaults.embeddedModel).toBe(defaultEmbeddedModel);
  });

  it('explains every key', () => {
    const missing = knownKeys
      .map((path) => String(path.at(-1)))
      .filter((key) => !new RegExp(`^ *(# )?${key}:`, 'm').test(text));
    expect(missing).toEqual([]);
  });

  it('names the defaults in its comments', () => {
    for (const phrase of [
      `default: ${defaults.chat.temperature}`,
      `default: ${defaults.chat.idleTimeoutS}`,
      `default: ${defaults.numCtx}`,
      `default: ${defaults.code.temperature}`,
      `temperature: ${defaults.analysis.temperature}`,
      `default: ${defaults.embeddedModel}`,
      `default: ${defaults.workers.maxConcurrent}`,
      `default: ${defaults.maxMemoryMb}`,
    ]) {
      expect(text).toContain(phrase);
    }
  });
});

describe('the profiles', () => {
  it('are those of the design', () => {
    expect(profileNames()).toEqual(['cloud', 'highend', 'lowend', 'midrange']);
  });

  it.each([
    ['lowend', 'llama3:latest', 'llama3:latest', 1, 8_192, 7_168],
    ['midrange', 'qwen2.5-coder:7b', 'llama3:latest', 2, 16_384, 14_336],
    ['highend', 'qwen2.5-coder:32b', 'mixtral:8x7b', 2, 32_768, 28_672],
    ['cloud', 'deepseek-coder:33b', 'mixtral:8x22b', 4, 65_536, 57_344],
  ])('%s loads', (name, code, analysis, maxConcurrent, maxMemoryMb, warnThresholdMb) => {
    const config = parseConfig(readFileSync(join(packageFolder(), `config-${name}.yaml`), 'utf8'), '/c');
    expect(config).toMatchObject({
      llms: { chat: { model: 'llama3:latest', keepAlive: true }, code: { model: code }, analysis: { model: analysis } },
      workers: { maxConcurrent },
      resources: { maxMemoryMb, warnThresholdMb },
    });
  });
});
