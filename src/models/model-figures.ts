import { stat } from 'node:fs/promises';
import { type CatalogEntry, findCatalogEntry } from '../catalog/catalog.js';
import { isModelPath, isModelReady, locateModel, unknownModel } from '../catalog/model-cache.js';
import { type GgufHeader, readGgufHeader } from '../providers/llama-cpp-gguf.js';
import { type Packing, placeWeights, type WeightPlaces } from './weight-packing.js';

/** What the memory of an embedded model depends on. */
export interface ModelFigures {
  readonly fileBytes: number;
  readonly vocabulary: number;
  /** Bytes of keys and values for each token of context (2 bytes an element). */
  readonly cacheBytesPerToken: number;
  places(packing: Packing): WeightPlaces;
  /** `header`: from the file itself. `catalog`: published figures. `file-size`: a guess on the safe side. */
  readonly basis: 'header' | 'catalog' | 'file-size';
}

/** Where a header does not say: a large vocabulary, and the cache of a model with as many layers as any of its size. */
const unknownVocabulary = 152_064;
const unknownCacheShare = 1 / 4_096 / 4;

/** From the file's own header. */
export function figuresOfHeader(header: GgufHeader): ModelFigures {
  const { layers, kvHeads, keyLength, valueLength, fileBytes, headerBytes, tensors } = header;
  const complete = layers !== null && kvHeads !== null && keyLength !== null && valueLength !== null;
  return {
    fileBytes,
    vocabulary: header.vocabulary ?? unknownVocabulary,
    cacheBytesPerToken: complete ? 2 * layers * kvHeads * (keyLength + valueLength) : fileBytes * unknownCacheShare,
    places: (packing) =>
      tensors.length === 0 ? wholeFile(fileBytes, packing) : placeWeights(tensors, fileBytes - headerBytes, packing),
    basis: complete && tensors.length > 0 ? 'header' : 'file-size',
  };
}

const read = new Map<string, { stamp: string; figures: ModelFigures }>();
const named = new Map<string, ModelFigures>();

/**
 * Figures of an embedded model: from its file where that is on this machine, else from the catalog. Remembers them, so
 * that {@link knownFigures} has them. Rejects with `UNKNOWN_MODEL`, `MODEL_MISSING` or `MODEL_DAMAGED`.
 */
export async function readFigures(model: string, env: NodeJS.ProcessEnv): Promise<ModelFigures> {
  // A file that has still to be checked is left alone: checking takes seconds, and whoever loads it does so.
  const located = (await isModelReady(model, env)) ? await locateModel(model, env) : null;
  if (located === null) {
    const figures = isModelPath(model) ? null : catalogFigures(model);
    if (figures === null) throw unknownModel(model);
    return figures;
  }
  const { size, mtimeMs } = await stat(located.path);
  const stamp = `${size}:${mtimeMs}`;
  const before = read.get(located.path);
  const figures = before?.stamp === stamp ? before.figures : figuresOfHeader(await readGgufHeader(located.path));
  read.set(located.path, { stamp, figures });
  named.set(model, figures);
  return figures;
}

/** As {@link readFigures} at once, without the disk: what was read before, else the catalog's. Null for an unread path. */
export function knownFigures(model: string): ModelFigures | null {
  return named.get(model) ?? catalogFigures(model);
}

/** What {@link placeWeights} says of the files of two models, so that an estimate of them needs no file. */
const publishedPlaces: Readonly<Record<string, Readonly<Record<Packing, WeightPlaces>>>> = {
  'qwen2.5-coder:0.5b': {
    amx: { mappedBytes: 340_809_216, packedBytes: 236_429_312 },
    x86: { mappedBytes: 485_452_288, packedBytes: 29_417_472 },
    arm: { mappedBytes: 340_809_216, packedBytes: 218_423_296 },
    none: { mappedBytes: 485_452_288, packedBytes: 0 },
  },
  'smollm2:135m': {
    amx: { mappedBytes: 96_576_768, packedBytes: 99_975_168 },
    x86: { mappedBytes: 96_576_768, packedBytes: 0 },
    arm: { mappedBytes: 96_576_768, packedBytes: 30_081_024 },
    none: { mappedBytes: 96_576_768, packedBytes: 0 },
  },
};

function catalogFigures(model: string): ModelFigures | null {
  const entry = findCatalogEntry(model);
  return entry === null ? null : figuresOfEntry(entry);
}

function figuresOfEntry(entry: CatalogEntry): ModelFigures {
  const places = publishedPlaces[entry.name];
  return {
    fileBytes: entry.bytes,
    vocabulary: entry.vocabulary,
    cacheBytesPerToken: 2 * 2 * entry.layers * entry.kvHeads * entry.headDimension,
    places: (packing) => places?.[packing] ?? wholeFile(entry.bytes, packing),
    basis: places === undefined ? 'file-size' : 'catalog',
  };
}

/** On the safe side: all of the file stays mapped, and all of it is packed besides. */
function wholeFile(fileBytes: number, packing: Packing): WeightPlaces {
  return { mappedBytes: fileBytes, packedBytes: packing === 'none' ? 0 : fileBytes };
}
