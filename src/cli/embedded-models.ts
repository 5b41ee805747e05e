import { catalog, findCatalogEntry } from '../catalog/catalog.js';
import { isModelPath, locateModel } from '../catalog/model-cache.js';
import type { Config } from '../config/config.js';
import { toErrorRecord } from '../errors.js';
import { chatEngineMb, embeddedWorkerMb } from '../models/embedded-memory.js';
import { readFigures } from '../models/model-figures.js';
import { modelInfoOf } from '../providers/llama-cpp-describe.js';
import type { LoadOptions } from '../providers/provider.js';
import type { ModelLeaseRecord } from '../store/session-store.js';
import type { Purpose } from '../task/task.js';
import type { CommandIo } from './command-io.js';
import type { MemoryFigure, ModelJson } from './json-shapes.js';
import { contextFor } from './server-models.js';

/** Threads of the chat's engine and of a worker where the configuration names none. */
const usualThreads = 2;

/** The models of the catalog, and those that the configuration names by the path of their file. */
export async function embeddedModels(
  config: Config,
  held: readonly ModelLeaseRecord[],
  io: CommandIo,
): Promise<ModelJson[]> {
  const { chat, code, analysis, vision, embedded } = config.llms;
  const used = [chat, code, analysis, vision].filter((purpose) => purpose?.provider === 'llamacpp');
  const named = [...used.map((purpose) => purpose?.model ?? ''), embedded.model].filter(isModelPath);
  const names = [...catalog.map((entry) => entry.name), ...new Set(named)];
  return Promise.all(names.map((name) => embeddedModel(name, config, held, io)));
}

async function embeddedModel(
  name: string,
  config: Config,
  held: readonly ModelLeaseRecord[],
  io: CommandIo,
): Promise<ModelJson> {
  const entry = findCatalogEntry(name);
  const tell = (what: string): void => {
    io.stderr.write(`${what}\n`);
  };
  const located = await locateModel(name, io.env, { onDamaged: tell }).catch((error: unknown) => {
    tell(toErrorRecord(error).message);
    return null;
  });
  const info = entry === null && located !== null ? await modelInfoOf(name, located.path).catch(() => null) : null;
  const numCtx = contextFor(config, (purpose) => purpose.provider === 'llamacpp' && purpose.model === name);
  const figure = await embeddedFigure('code', name, { numCtx, numThreads: null }, io);
  return {
    name,
    provider: 'llamacpp',
    server: 'embedded',
    sizeBytes: entry?.bytes ?? info?.sizeBytes ?? null,
    contextTokens: entry?.contextLength ?? info?.contextLength ?? null,
    present: located !== null,
    loaded: held.some((lease) => lease.provider === 'llamacpp' && isSameEmbedded(lease.model, name)),
    ...figure,
    fits: figure.memoryMb === null ? null : figure.memoryMb <= config.resources.maxMemoryMb,
  };
}

/** What an embedded model takes in a process of its own: the chat's engine, or the worker of a task. */
export async function embeddedFigure(
  purpose: Purpose,
  model: string,
  load: LoadOptions,
  io: CommandIo,
): Promise<MemoryFigure> {
  try {
    const figures = await readFigures(model, io.env);
    const process = {
      model: figures,
      numCtx: load.numCtx,
      threads: load.numThreads ?? usualThreads,
    };
    const memoryMb = purpose === 'chat' ? chatEngineMb(process) : embeddedWorkerMb(process);
    if (memoryMb === null) return { memoryMb: null, memoryBasis: null };
    return { memoryMb, memoryBasis: figures.basis === 'file-size' ? 'file-size' : 'metadata' };
  } catch {
    // No such file, or a damaged one: that is said where the model is listed.
    return { memoryMb: null, memoryBasis: null };
  }
}

/** Whether two names, or aliases, mean one embedded model. */
export function isSameEmbedded(a: string, b: string): boolean {
  return a === b || (findCatalogEntry(a)?.name ?? a) === (findCatalogEntry(b)?.name ?? b);
}
