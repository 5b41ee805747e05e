import type { Capabilities, LoadOptions, MemoryEstimate } from './provider.js';

/** What is read of `/api/show`. */
export interface ShowAnswer {
  readonly capabilities: readonly string[];
  readonly modelInfo: Readonly<Record<string, unknown>>;
}

/** Reads `/api/show` as far as it is used; a field that is missing or of another type counts as not said. */
export function readShow(answer: unknown): ShowAnswer {
  const fields = asRecord(answer);
  const capabilities = fields.capabilities;
  return {
    capabilities: Array.isArray(capabilities) ? capabilities.filter((each) => typeof each === 'string') : [],
    modelInfo: asRecord(fields.model_info),
  };
}

export function toCapabilities(show: ShowAnswer): Capabilities {
  return {
    tools: show.capabilities.includes('tools'),
    vision: show.capabilities.includes('vision'),
    thinking: show.capabilities.includes('thinking'),
    contextLength: metadata(show.modelInfo, 'context_length'),
  };
}

/**
 * What a model will take on the server: weights as large as the file, a 16-bit key-value cache for one conversation
 * (2 x layers x key-value heads x head size x context x 2 bytes, as Ollama counts it), and the compute buffers. The last
 * were 17 MB of a 98 MB model and 36 MB of a 491 MB one in recorded answers of `/api/ps`: taken here as 8% of the
 * weights, at least 32 MiB. Where the metadata lacks the shape, the context is taken as a quarter of the weights and the
 * basis is `file-size`.
 */
export function estimateMemory(weightsBytes: number, show: ShowAnswer, load: LoadOptions): MemoryEstimate {
  const computeBytes = Math.max(32 * 1024 * 1024, Math.round(weightsBytes * 0.08));
  const layers = metadata(show.modelInfo, 'block_count');
  const heads = metadata(show.modelInfo, 'attention.head_count');
  const keyValueHeads = metadata(show.modelInfo, 'attention.head_count_kv') ?? heads;
  const headSize =
    metadata(show.modelInfo, 'attention.key_length') ?? divide(metadata(show.modelInfo, 'embedding_length'), heads);
  if (layers === null || keyValueHeads === null || headSize === null) {
    return { weightsBytes, contextBytes: Math.round(weightsBytes / 4) + computeBytes, basis: 'file-size' };
  }
  const trained = metadata(show.modelInfo, 'context_length') ?? load.numCtx;
  const tokens = Math.min(load.numCtx, trained);
  const cacheBytes = 2 * layers * keyValueHeads * headSize * tokens * 2;
  return { weightsBytes, contextBytes: cacheBytes + computeBytes, basis: 'metadata' };
}

/** A number of the model's metadata, whose keys start with the architecture (`qwen2.block_count`). */
function metadata(modelInfo: Readonly<Record<string, unknown>>, key: string): number | null {
  const architecture = modelInfo['general.architecture'];
  const value = typeof architecture === 'string' ? modelInfo[`${architecture}.${key}`] : undefined;
  // Some models have one figure for each layer: the largest is the safe one.
  if (Array.isArray(value)) {
    const numbers = value.filter((each): each is number => typeof each === 'number');
    return numbers.length === 0 ? null : Math.max(...numbers);
  }
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
}

function divide(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a / b;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}
