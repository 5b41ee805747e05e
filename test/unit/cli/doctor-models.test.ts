import { describe, expect, it } from 'vitest';
import { modelFindings } from '../../../src/cli/doctor-models.js';
import type { ModelJson, PurposeJson } from '../../../src/cli/json-shapes.js';
import { parseConfig } from '../../../src/config/parse.js';
import type { Purpose } from '../../../src/task/task.js';

const server = 'http://127.0.0.1:11434';
const totalMb = 23_500;

function purpose(name: Purpose, model: string, memoryMb: number | null, own: Partial<PurposeJson> = {}): PurposeJson {
  return {
    purpose: name,
    provider: 'ollama',
    model,
    server,
    usedFallback: false,
    fallbackReason: null,
    reason: 'configured in /c.yaml',
    memoryMb,
    memoryBasis: memoryMb === null ? null : 'metadata',
    loaded: false,
    contextTokens: 8_192,
    ...own,
  };
}

function model(name: string, memoryMb: number, own: Partial<ModelJson> = {}): ModelJson {
  return {
    name,
    provider: 'ollama',
    server,
    sizeBytes: memoryMb * 1_000_000,
    contextTokens: 8_192,
    present: true,
    loaded: false,
    memoryMb,
    memoryBasis: 'metadata',
    fits: true,
    ...own,
  };
}

function findings(
  purposes: PurposeJson[],
  models: ModelJson[] = [],
  options: { maxMemoryMb?: number; totalMb?: number } = {},
) {
  const maxMemoryMb = options.maxMemoryMb ?? 16_384;
  const config = parseConfig(`resources: {max_memory_mb: ${maxMemoryMb}}`, '/c.yaml');
  return modelFindings({ purposes, models, maxMemoryMb }, config, options.totalMb ?? totalMb);
}

const chat = purpose('chat', 'llama3:latest', 5_400, { memoryBasis: 'measured', loaded: true });

describe('the models against the memory', () => {
  it('are well where each fits beside the chat', () => {
    const found = findings([
      chat,
      purpose('code', 'qwen2.5-coder:7b', 5_200),
      purpose('analysis', 'llama3:latest', 5_400),
    ]);
    expect(found.map(({ level, what }) => `${level} ${what}`)).toEqual([
      'ok chat: llama3:latest (ollama), 5.3 GB of memory.',
      'ok code: qwen2.5-coder:7b (ollama), about 5.1 GB of memory.',
      'ok analysis: llama3:latest (ollama), about 5.3 GB of memory.',
      'ok chat beside code: llama3:latest, qwen2.5-coder:7b and the worker, about 10.5 GB of 16.0 GB.',
      `ok llama3:latest and qwen2.5-coder:7b are to be loaded side by side on ${server}: its OLLAMA_MAX_LOADED_MODELS has to be unset, or 2 or more.`,
    ]);
  });

  it('that do not fit beside the chat are warned of, with the largest that is there and does', () => {
    const models = [model('llama3:latest', 5_400), model('qwen2.5-coder:7b', 5_200), model('tiny', 900)];
    const found = findings([chat, purpose('code', 'qwen2.5-coder:14b', 12_000)], models);
    expect(found).toContainEqual({
      level: 'warn',
      what: 'chat beside code: llama3:latest, qwen2.5-coder:14b and the worker, about 17.2 GB, more than Wilson may take (max_memory_mb: 16.0 GB).',
      remedy:
        'llama3:latest (about 5.3 GB) is there and fits: name it as llms.code.model. This machine has 22.9 GB: resources.max_memory_mb may also be raised to 17600 or more.',
    });
  });

  it('that are larger than what Wilson may take, or than the machine, are warned of with what would fit', () => {
    const large = findings([chat, purpose('analysis', 'mixtral:8x7b', 20_000)]);
    expect(large.find(({ level }) => level === 'warn')).toEqual({
      level: 'warn',
      what: 'analysis: mixtral:8x7b needs about 19.5 GB, more than Wilson may take (max_memory_mb: 16.0 GB).',
      remedy:
        'Name a smaller model as llms.analysis.model, or take the profile for this machine: wilson config use midrange. This machine has 22.9 GB: resources.max_memory_mb may also be raised to 20000 or more.',
    });
    const larger = findings([chat, purpose('analysis', 'mixtral:8x22b', 80_000)], [model('small', 900)]);
    expect(larger.find(({ level }) => level === 'warn')).toEqual({
      level: 'warn',
      what: 'analysis: mixtral:8x22b needs about 78.1 GB, more than this machine has (22.9 GB).',
      remedy: 'small (about 900 MB) is there and fits: name it as llms.analysis.model.',
    });
  });

  it('of two purposes that share one are told once', () => {
    const found = findings([chat, purpose('code', 'big', 20_000), purpose('analysis', 'big', 20_000)]);
    expect(found.filter(({ level }) => level === 'warn').map(({ what }) => what)).toEqual([
      expect.stringMatching(/^code, analysis: big needs/),
    ]);
  });

  it('do not count where they are on another machine, or where nobody knows what they take', () => {
    const remote = { server: 'http://192.0.2.7:11434' };
    const found = findings([chat, purpose('code', 'huge', 400_000, remote), purpose('analysis', 'unknown', null)]);
    expect(found.filter(({ level }) => level !== 'ok')).toEqual([]);
    expect(found.map(({ what }) => what)).toContain('analysis: unknown (ollama).');
  });

  it('count the embedded one twice: the chat and a worker each have their own', () => {
    const embedded = { provider: 'llamacpp', server: 'embedded' } as const;
    const found = findings(
      [
        purpose('chat', 'e', 700, embedded),
        purpose('code', 'e', 600, embedded),
        purpose('analysis', 'e', 600, embedded),
      ],
      [],
      { maxMemoryMb: 1_000 },
    );
    expect(found.at(-1)).toMatchObject({
      level: 'warn',
      what: 'chat beside code, analysis: e, e and the worker, about 1.3 GB, more than Wilson may take (max_memory_mb: 1.0 GB).',
    });
  });
});

describe('a purpose', () => {
  it('on a fallback is a warning with the reason, without any model an error, and no vision model is well', () => {
    const none = { provider: null, model: null, server: null, memoryMb: null, memoryBasis: null };
    const found = findings([
      purpose('chat', 'e', null, { usedFallback: true, fallbackReason: 'Ollama is off.', reason: 'Ollama is off.' }),
      purpose('code', 'c', null, { fallbackReason: 'There is no model.', reason: 'There is no model.' }),
      { ...purpose('vision', '', null), ...none, reason: 'none configured: set llms.vision in config.yaml' },
    ]);
    expect(found.slice(0, 3)).toEqual([
      { level: 'warn', what: 'chat: e (ollama), as a fallback.', remedy: 'Ollama is off.' },
      {
        level: 'error',
        what: 'code: c (ollama) is not to be had, and nothing stands in for it.',
        remedy: 'There is no model.',
      },
      { level: 'ok', what: 'vision: none configured: set llms.vision in config.yaml.', remedy: '' },
    ]);
  });
});
