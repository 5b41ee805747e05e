import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelsJson } from '../../../../src/cli/json-shapes.js';
import { columnsOf } from '../../../../src/cli/views/columns.js';
import { modelsView } from '../../../../src/cli/views/models-view.js';

const server = 'http://127.0.0.1:11434';
const reason = 'qwen2.5-coder:14b is not on the Ollama server: fetch it with `ollama pull qwen2.5-coder:14b`.';
const onOllama = { provider: 'ollama', model: 'llama3:latest', server, contextTokens: 8_192 } as const;
const none = { provider: null, model: null, server: null, loaded: null, contextTokens: null } as const;
const unknown = { memoryMb: null, memoryBasis: null } as const;

const sample: ModelsJson = {
  purposes: [
    {
      purpose: 'chat',
      ...onOllama,
      usedFallback: false,
      fallbackReason: null,
      reason: 'configured in /c.yaml',
      memoryMb: 5_400,
      memoryBasis: 'measured',
      loaded: true,
    },
    {
      purpose: 'code',
      ...onOllama,
      usedFallback: true,
      fallbackReason: reason,
      reason,
      memoryMb: 5_400,
      memoryBasis: 'metadata',
      loaded: false,
    },
    {
      purpose: 'analysis',
      ...onOllama,
      usedFallback: false,
      fallbackReason: null,
      reason: 'configured in /c.yaml',
      ...unknown,
      loaded: null,
    },
    {
      purpose: 'vision',
      ...none,
      usedFallback: false,
      fallbackReason: null,
      reason: 'none configured: set llms.vision in config.yaml',
      ...unknown,
    },
  ],
  models: [
    {
      name: 'llama3:latest',
      provider: 'ollama',
      server,
      sizeBytes: 4_661_224_676,
      contextTokens: 8_192,
      present: true,
      loaded: true,
      memoryMb: 5_400,
      memoryBasis: 'measured',
      fits: true,
    },
    {
      name: 'mixtral:8x22b',
      provider: 'ollama',
      server,
      sizeBytes: 80_000_000_000,
      contextTokens: 65_536,
      present: true,
      loaded: false,
      memoryMb: 80_000,
      memoryBasis: 'file-size',
      fits: false,
    },
    {
      name: 'qwen2.5-coder:1.5b',
      provider: 'llamacpp',
      server: 'embedded',
      sizeBytes: 1_117_320_768,
      contextTokens: null,
      present: false,
      loaded: false,
      ...unknown,
      fits: null,
    },
  ],
  maxMemoryMb: 16_384,
};

describe('modelsView', () => {
  it('shows what is used for what, how large it is and whether it is loaded, why, and what is there', () => {
    expect(modelsView(sample, { columns: Number.POSITIVE_INFINITY, colors: false })).toBe(
      [
        'PURPOSE   MODEL                         RAM  CONTEXT  LOADED  PROVIDER  SERVER',
        'chat      llama3:latest              5.3 GB    8,192  yes     ollama    http://127.0.0.1:11434',
        'code      llama3:latest (fallback)  ~5.3 GB    8,192  no      ollama    http://127.0.0.1:11434',
        'analysis  llama3:latest                   -    8,192  -       ollama    http://127.0.0.1:11434',
        'vision    (none)                          -        -  -       -         -',
        '',
        'chat, analysis: configured in /c.yaml',
        `code: ${reason}`,
        'vision: none configured: set llms.vision in config.yaml',
        '',
        'MODEL               PROVIDER     SIZE       RAM  FITS  CONTEXT  STATE     SERVER',
        'llama3:latest       ollama     4.3 GB    5.3 GB  yes     8,192  loaded    http://127.0.0.1:11434',
        'mixtral:8x22b       ollama    74.5 GB  ~78.1 GB  no     65,536  ready     http://127.0.0.1:11434',
        'qwen2.5-coder:1.5b  llamacpp   1.0 GB         -  -           -  not here  embedded',
        '',
        '~ is an estimate, loaded and with its context. FITS: alone within max_memory_mb (16.0 GB). What is not here is fetched with wilson models pull <name>.',
        '',
      ].join('\n'),
    );
  });

  it('says of a purpose without any model that it has none, and why', () => {
    const view = modelsView(
      {
        ...sample,
        purposes: [
          {
            purpose: 'code',
            ...onOllama,
            usedFallback: false,
            fallbackReason: 'There is no model for code.',
            reason: 'There is no model for code.',
            ...unknown,
            loaded: false,
          },
        ],
        models: [],
      },
      { columns: 100, colors: false },
    );
    expect(view).toContain('llama3:latest (not to be had)');
    expect(view).toContain('code: There is no model for code.');
    expect(view).not.toContain('FITS');
  });

  it('stays within the width from 60 to 120 columns, and keeps purpose, model, RAM and whether it is loaded', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 120 }), fc.boolean(), (columns, long) => {
        const named = long
          ? {
              ...sample,
              models: sample.models.map((model) => ({ ...model, name: `hf.co/somebody/${model.name}-GGUF` })),
            }
          : sample;
        const view = modelsView(named, { columns, colors: false });
        for (const line of view.split('\n')) expect(columnsOf(line)).toBeLessThanOrEqual(columns);
        expect(view).toMatch(/^PURPOSE +MODEL +RAM .*LOADED/);
        expect(view).toMatch(/\nMODEL .*RAM +FITS .*STATE/);
      }),
      { numRuns: 61 },
    );
  });

  it('lets no control code of a model name or a reason through', () => {
    const [first] = sample.purposes;
    const [model] = sample.models;
    if (first === undefined || model === undefined) throw new Error('the sample is empty');
    const view = modelsView(
      {
        ...sample,
        purposes: [{ ...first, model: 'a\u001b[31m\nb', reason: 'c\u001b]0;x\u0007d' }],
        models: [{ ...model, name: 'e\rf' }],
      },
      { columns: 80, colors: false },
    );
    expect(view).not.toMatch(/(?!\n)\p{Cc}/u);
  });
});
