import { findCatalogEntry, kvCacheBytes } from '../catalog/catalog.js';
import type { Config } from '../config/config.js';
import { WilsonError } from '../errors.js';
import type { ModelChoice, ModelPort, PreparedModel } from '../supervisor/port.js';
import { type Purpose, purposeOf, type Task } from '../task/task.js';
import { visionUnavailable } from '../task/vision-errors.js';
import type { DownloadProgress } from './download-progress.js';
import type { Lease, ModelLeases } from './leases.js';
import type { Chosen, ModelSelector } from './model-selection.js';

/** Who is told which models are held, for `wilson ps`. */
export interface HeldModels {
  hold(record: {
    holder: string;
    choice: ModelChoice;
    memoryMb: number | null;
    contextTokens: number;
    keepAlive: boolean;
    ours: boolean;
  }): void;
  release(holder: string): void;
}

export interface WorkerModelsOptions {
  readonly config: Config;
  readonly selector: ModelSelector;
  readonly leases: ModelLeases;
  readonly held: HeldModels;
  /** Resolves with the file of an embedded model, fetching it if need be. */
  ensureEmbedded(
    name: string,
    options: { signal: AbortSignal; onProgress(progress: DownloadProgress): void },
  ): Promise<string>;
  describeProgress(progress: DownloadProgress): string;
}

const megabyte = 1_048_576;
/** A Node process with its agent: measured at 60 to 90 MB. */
const workerShareMb = 100;
/** Compute buffers of llama.cpp beside weights and context; facts, section 4, advises 1.25 times plus 150 MiB. */
const embeddedFactor = 1.25;
const embeddedExtraMb = 150;
/** Embedded workers leave the cores to the chat: one thread each, unless the configuration says otherwise. */
const embeddedThreads = 1;
/** What a server may take to load before the task falls back. */
const passingLoadFaults = [
  'LOAD_TIMED_OUT',
  'SERVER_UNREACHABLE',
  'SERVER_BUSY',
  'RUNNER_CRASHED',
  'MODEL_MISSING',
  'TIMED_OUT',
];

/** What an embedded model takes in a process: weights, context and buffers, in MB. An estimate, on the safe side. */
export function embeddedMemoryMb(name: string, numCtx: number): number | null {
  const entry = findCatalogEntry(name);
  if (entry === null) return null;
  return Math.round(((entry.bytes + kvCacheBytes(entry, numCtx)) * embeddedFactor) / megabyte) + embeddedExtraMb;
}

/** Chooses, fetches or loads the model of each task, and falls back where the configuration allows it. */
export function createWorkerModels(options: WorkerModelsOptions): ModelPort {
  const { config, selector, leases, held } = options;
  /** The last choice for a purpose, so that the reservation of the next task needs no question to a server. */
  const lastChoice = new Map<Purpose, Chosen>();

  async function prepareEmbedded(chosen: Chosen, task: Prepare): Promise<PreparedModel> {
    const modelPath = await options.ensureEmbedded(chosen.model, {
      signal: task.signal,
      onProgress: (progress) => task.onStatus(`fetching ${chosen.model}: ${options.describeProgress(progress)}`),
    });
    held.hold({
      holder: task.holder,
      choice: chosen,
      memoryMb: null,
      contextTokens: chosen.load.numCtx,
      keepAlive: false,
      ours: true,
    });
    return {
      ref: { ...refOf(chosen), modelPath, numThreads: chosen.load.numThreads ?? embeddedThreads },
      record: recordOf(chosen),
      serverMemoryMb: null,
      release: () => {
        held.release(task.holder);
        return Promise.resolve();
      },
    };
  }

  async function prepareOnServer(chosen: Chosen, task: Prepare): Promise<PreparedModel> {
    task.onStatus(`loading ${chosen.model}`);
    const lease: Lease = await leases.acquire(chosen, task.holder, { signal: task.signal });
    const memoryMb = lease.memoryBytes === null ? null : Math.round(lease.memoryBytes / megabyte);
    held.hold({
      holder: task.holder,
      choice: chosen,
      memoryMb,
      contextTokens: chosen.load.numCtx,
      keepAlive: false,
      ours: lease.ours,
    });
    return {
      ref: refOf(chosen),
      record: recordOf(chosen),
      serverMemoryMb: memoryMb,
      release: async () => {
        held.release(task.holder);
        await lease.release();
      },
    };
  }

  /** The configured model could not be loaded: the embedded one, with the reason, unless that is forbidden. */
  async function fallBack(chosen: Chosen, error: WilsonError, task: Prepare): Promise<PreparedModel> {
    if (config.llms.fallback === 'forbid') throw error;
    if (chosen.purpose === 'vision') throw visionUnavailable(error.message, { hint: error.hint, cause: error });
    const embedded = selector.standIn(chosen.purpose, `${error.message} ${error.hint}`.trim());
    return prepareEmbedded(embedded, task);
  }

  return {
    reserveMb: (task) => {
      const purpose = purposeOf(task);
      const chosen = lastChoice.get(purpose);
      // A vision model is on a server: nothing embedded can stand in for it.
      if (purpose === 'vision') return workerShareMb;
      const name =
        chosen === undefined || chosen.provider === 'llamacpp' ? (chosen?.model ?? config.llms.embedded.model) : null;
      if (name === null) return workerShareMb;
      return workerShareMb + (embeddedMemoryMb(name, chosen?.load.numCtx ?? config.llms.code.numCtx) ?? 0);
    },
    prepare: async (task: Task, prepare: Prepare) => {
      prepare.onStatus('choosing a model');
      const purpose = purposeOf(task);
      const chosen = await selector.choose(purpose, prepare.signal);
      lastChoice.set(purpose, chosen);
      if (chosen.provider === 'llamacpp') return prepareEmbedded(chosen, prepare);
      try {
        return await prepareOnServer(chosen, prepare);
      } catch (error) {
        const passing = error instanceof WilsonError && passingLoadFaults.includes(error.code);
        if (!passing || prepare.signal.aborted) throw error;
        return fallBack(chosen, error, prepare);
      }
    },
  };
}

type Prepare = Parameters<ModelPort['prepare']>[1];

function refOf(chosen: Chosen): PreparedModel['ref'] {
  return {
    provider: chosen.provider,
    model: chosen.model,
    server: chosen.provider === 'llamacpp' ? null : chosen.server,
    apiKeyEnv: chosen.apiKeyEnv,
    modelPath: null,
    temperature: chosen.temperature,
    numCtx: chosen.load.numCtx,
    numThreads: chosen.load.numThreads,
  };
}

function recordOf(chosen: Chosen): PreparedModel['record'] {
  return {
    model: chosen.model,
    provider: chosen.provider,
    usedFallback: chosen.usedFallback,
    fallbackReason: chosen.fallbackReason,
  };
}
