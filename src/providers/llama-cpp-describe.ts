import { findCatalogEntry, kvCacheBytes } from '../catalog/catalog.js';
import { isModelPath, locateModel, unknownModel } from '../catalog/model-cache.js';
import { estimateFromHeader, quantizationName, readGgufHeader } from './llama-cpp-gguf.js';
import type { Capabilities, LoadOptions, MemoryEstimate, ModelInfo } from './provider.js';

/**
 * Memory of an embedded model, from its file's metadata, or from the catalog while the file is not there yet. Loads
 * nothing. `slots` is the number of conversations kept in memory
 * side by side.
 */
export async function estimateEmbedded(
  model: string,
  load: LoadOptions,
  slots: number,
  env: NodeJS.ProcessEnv,
): Promise<MemoryEstimate> {
  const entry = isModelPath(model) ? null : findCatalogEntry(model);
  const located = await locateModel(model, env);
  if (located !== null) return estimateFromHeader(await readGgufHeader(located.path), load, slots);
  if (entry === null) throw unknownModel(model);
  return {
    weightsBytes: entry.bytes,
    contextBytes: kvCacheBytes(entry, load.numCtx) * slots,
    basis: entry.sha256 === null ? 'file-size' : 'metadata',
  };
}

/** What a GGUF file says it can do. A template that mentions tools belongs to a model that was trained to call them. */
export async function capabilitiesOf(path: string): Promise<Capabilities> {
  const header = await readGgufHeader(path);
  return {
    tools: header.chatTemplate?.includes('tools') ?? false,
    vision: false,
    thinking: header.chatTemplate?.includes('<think>') ?? false,
    contextLength: header.contextLength,
  };
}

/** A GGUF file as a list of models shows it. */
export async function modelInfoOf(name: string, path: string): Promise<ModelInfo> {
  const header = await readGgufHeader(path);
  return {
    name,
    sizeBytes: header.fileBytes,
    parameterSize: header.sizeLabel,
    quantization: quantizationName(header),
    contextLength: header.contextLength,
  };
}
