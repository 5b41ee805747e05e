import type { Config, PurposeConfig } from '../config/config.js';
import { defaults } from '../config/defaults.js';
import { serverMemoryMb } from '../models/model-needs.js';
import { estimateMemory } from '../providers/ollama-estimate.js';
import { fullModelName, isSameModel } from '../providers/ollama-names.js';
import type { LoadedModel, LoadOptions, ModelInfo, ModelProvider } from '../providers/provider.js';
import { raceSignal } from '../providers/stream-signal.js';
import type { MemoryFigure } from './json-shapes.js';
import { configuredServers, type Providers } from './providers.js';

/** A model on a server, with what it takes in memory there. */
export interface ServerModel extends MemoryFigure {
  readonly info: ModelInfo;
  /** Null when it is not loaded. */
  readonly loaded: LoadedModel | null;
}

export interface ServerModels {
  readonly provider: ModelProvider;
  /** Null where it does not answer. */
  readonly models: readonly ServerModel[] | null;
}

const megabyte = 1_048_576;
/** Questions to one server at once: enough to be quick, too few to be in anybody's way. */
const questionsAtOnce = 3;

/**
 * Asks each server that the configuration names what it has, what is loaded, and what each model would take. All at
 * once, and never longer than until `signal`: what a server has not said by then is left out, or estimated from the size
 * of the file. Rejects only with `CONFIG_INVALID`, for an address that is none.
 */
export async function readServerModels(
  config: Config,
  providers: Providers,
  signal: AbortSignal,
): Promise<ServerModels[]> {
  return Promise.all(
    configuredServers(config, providers).map((provider) => {
      const contextOf = (name: string): number =>
        contextFor(
          config,
          (purpose) =>
            purpose.provider !== 'llamacpp' &&
            providers.forPurpose(purpose) === provider &&
            isSame(provider, purpose.model, name),
        );
      return readOne(provider, contextOf, signal);
    }),
  );
}

async function readOne(
  provider: ModelProvider,
  contextOf: (name: string) => number,
  signal: AbortSignal,
): Promise<ServerModels> {
  let known: ModelInfo[];
  let loaded: LoadedModel[];
  try {
    [known, loaded] = await raceSignal(Promise.all([provider.list(signal), provider.loaded(signal)]), signal);
  } catch {
    // Why it does not answer is said with the purposes that wanted it.
    return { provider, models: null };
  }
  const models = await inTurn(known, async (info) => {
    const running = loaded.find(({ name }) => isSame(provider, name, info.name)) ?? null;
    const load = { numCtx: contextOf(info.name), numThreads: null };
    return { info, loaded: running, ...(await figureOf(provider, info, running, load, signal)) };
  });
  return { provider, models };
}

async function figureOf(
  provider: ModelProvider,
  info: ModelInfo,
  running: LoadedModel | null,
  load: LoadOptions,
  signal: AbortSignal,
): Promise<MemoryFigure> {
  if (running !== null && running.memoryBytes > 0) {
    return { memoryMb: Math.round(running.memoryBytes / megabyte), memoryBasis: 'measured' };
  }
  try {
    const estimate = await raceSignal(provider.estimate(info.name, load, signal), signal);
    // A server that names no size of the file leaves nothing to go by.
    if (estimate.weightsBytes > 0) return { memoryMb: serverMemoryMb(estimate), memoryBasis: estimate.basis };
  } catch {
    // It would not say more about this one; the size of its file is known all the same.
  }
  if (info.sizeBytes <= 0) return { memoryMb: null, memoryBasis: null };
  const estimate = estimateMemory(info.sizeBytes, { capabilities: [], modelInfo: {} }, load);
  return { memoryMb: serverMemoryMb(estimate), memoryBasis: estimate.basis };
}

/** The largest context, in tokens, of the purposes that use a model; the usual one where none does. Pure. */
export function contextFor(config: Config, uses: (purpose: PurposeConfig) => boolean): number {
  const { chat, code, analysis, vision } = config.llms;
  const wanting = [chat, code, analysis, vision].filter((purpose) => purpose !== null).filter(uses);
  return wanting.length === 0 ? defaults.numCtx : Math.max(...wanting.map(({ numCtx }) => numCtx));
}

/** Whether two names mean one model on that server: only Ollama has names without a tag. */
export function isSame(provider: Pick<ModelProvider, 'id'>, a: string, b: string): boolean {
  return provider.id === 'ollama' ? isSameModel(fullModelName(a), fullModelName(b)) : a === b;
}

async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const runners = Array.from({ length: Math.min(questionsAtOnce, items.length) }, async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await act(item);
    }
  });
  await Promise.all(runners);
  return results;
}
