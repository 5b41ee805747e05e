import { createHash } from 'node:crypto';
import { type RecordedModel, recordedLoads, recordedModels } from './ollama-double-wire.js';

/** The figures of `/api/show` that a context's memory follows from. */
export interface ModelShape {
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly width: number;
}

const recordedOnes = recordedModels();
const recordedRows = recordedLoads();

const smollm: ModelShape = { layers: 30, heads: 9, keyValueHeads: 3, width: 576 };
/** Qwen2.5 as published, from 0.5B to 32B, each for files up to that many bytes (four bits a weight). */
const qwens: readonly (ModelShape & { readonly upToBytes: number })[] = [
  { upToBytes: 700e6, layers: 24, heads: 14, keyValueHeads: 2, width: 896 },
  { upToBytes: 1.5e9, layers: 28, heads: 12, keyValueHeads: 2, width: 1536 },
  { upToBytes: 3e9, layers: 36, heads: 16, keyValueHeads: 2, width: 2048 },
  { upToBytes: 7e9, layers: 28, heads: 28, keyValueHeads: 4, width: 3584 },
  { upToBytes: 14e9, layers: 48, heads: 40, keyValueHeads: 8, width: 5120 },
  { upToBytes: Number.POSITIVE_INFINITY, layers: 64, heads: 40, keyValueHeads: 8, width: 5120 },
];

/** A plausible shape for a model of that family and file size. */
export function shapeOf(model: Pick<RecordedModel, 'details' | 'size'>): ModelShape {
  if (model.details.family === 'llama') return smollm;
  return qwens.find((each) => model.size <= each.upToBytes) ?? smollm;
}

/**
 * What `/api/ps` gives as the size of a loaded model: its file, a 16-bit key-value cache for each of `parallel` answers, and
 * the compute buffers: those recorded, for other models 7% of the file. For the two recorded models with 4,096 tokens that
 * is the recorded size.
 */
export function loadedBytes(model: RecordedModel, contextTokens: number, parallel: number): number {
  const cache = cacheBytes(model, contextTokens) * parallel;
  const recorded = recordedOnes.find((each) => each.name === model.name && each.size === model.size);
  const row = recordedRows.find((each) => each.name === recorded?.name);
  const compute =
    row === undefined
      ? Math.round(model.size * 0.07)
      : row.size - model.size - cacheBytes(model, Number(row.context_length));
  return model.size + cache + compute;
}

function cacheBytes(model: RecordedModel, contextTokens: number): number {
  const { layers, heads, keyValueHeads, width } = shapeOf(model);
  return 2 * layers * keyValueHeads * (width / heads) * contextTokens * 2;
}

/** The models that the server has in its folder. */
export class ModelShelf {
  private models: RecordedModel[];

  /** `sizeMb` says which sizes a test has set; null for the others. */
  constructor(
    extraModels: readonly string[],
    only: boolean,
    private readonly sizeMb: (name: string) => number | null,
  ) {
    const wanted = extraModels.map(fullName);
    const extra = wanted
      .filter((name) => !recordedOnes.some((model) => model.name === name))
      .map((name) => another(name));
    this.models = [...recordedOnes, ...extra].filter((model) => !only || wanted.includes(model.name));
  }

  /** As `/api/tags` lists them. */
  all(): RecordedModel[] {
    return this.models.map((model) => this.sized(model));
  }

  find(name: string): RecordedModel | null {
    const found = this.models.find((model) => model.name === fullName(name));
    return found === undefined ? null : this.sized(found);
  }

  /** As after a pull. */
  add(name: string, sizeBytes: number): void {
    this.remove(name);
    this.models = [...this.models, ofSize(another(fullName(name)), sizeBytes)];
  }

  remove(name: string): void {
    this.models = this.models.filter((model) => model.name !== fullName(name));
  }

  private sized(model: RecordedModel): RecordedModel {
    const sizeMb = this.sizeMb(model.name);
    return sizeMb === null ? model : ofSize(model, Math.round(sizeMb * 1_048_576));
  }
}

/** The name with its tag, as the server writes it. */
export function fullName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).includes(':') ? name : `${name}:latest`;
}

function ofSize(model: RecordedModel, size: number): RecordedModel {
  const { width } = shapeOf({ details: model.details, size });
  return { ...model, size, details: { ...model.details, embedding_length: width } };
}

/** A model that nobody recorded: as the second recorded one, under that name and with weights of its own. */
function another(name: string): RecordedModel {
  const template = recordedOnes[1];
  if (template === undefined) throw new Error('tags.json has no second model');
  return { ...template, name, model: name, digest: createHash('sha256').update(name).digest('hex') };
}

/**
 * `/api/show` of a model. Nobody recorded one: this is the documented form with the metadata that the GGUF files of the two
 * recorded models hold, and for other models that of published ones of their size.
 */
export function showAnswer(model: RecordedModel, capabilities: readonly string[]): unknown {
  const family = String(model.details.family ?? 'llama');
  const shape = shapeOf(model);
  return {
    modelfile: `FROM ${model.name}`,
    parameters: '',
    template: '{{ .Prompt }}',
    details: model.details,
    model_info: {
      'general.architecture': family,
      [`${family}.attention.head_count`]: shape.heads,
      [`${family}.attention.head_count_kv`]: shape.keyValueHeads,
      [`${family}.block_count`]: shape.layers,
      [`${family}.context_length`]: model.details.context_length,
      [`${family}.embedding_length`]: shape.width,
    },
    capabilities,
    modified_at: model.modified_at,
  };
}
