import type { Config } from '../config/config.js';
import { WilsonError } from '../errors.js';
import { displayUrl } from '../providers/ollama-host.js';
import type { ModelStore } from '../store/model-store.js';
import type { SessionStore } from '../store/session-store.js';
import type { Async } from '../store/store-thread.js';
import type { ModelPort, PreparedModel, TaskNeed } from '../supervisor/port.js';
import { megabytes } from '../task/memory-amount.js';
import { purposeOf, type Task } from '../task/task.js';
import type { DownloadProgress } from './download-progress.js';
import type { EvictionWatch } from './eviction-watch.js';
import type { Lease, ModelLeases } from './leases.js';
import type { ModelNeeds } from './model-needs.js';
import type { Chosen, FailedChoice, ModelSelector } from './model-selection.js';
import type { WouldFit } from './would-fit.js';

export interface WorkerModelsOptions {
  readonly config: Config;
  readonly sessionId: string;
  readonly selector: ModelSelector;
  readonly leases: ModelLeases;
  readonly needs: ModelNeeds;
  readonly evictions: EvictionWatch;
  readonly wouldFit: WouldFit;
  readonly store: {
    readonly models: Pick<Async<ModelStore>, 'noteFact'>;
    readonly sessions: Pick<Async<SessionStore>, 'holdModel' | 'releaseModel'>;
  };
  /** Resolves when no chat turn runs, or after a while: a load on the chat's machine would slow it down. */
  quiet(signal: AbortSignal): Promise<void>;
  /** Resolves with the file of an embedded model, fetching it if need be. */
  ensureEmbedded(
    name: string,
    options: { signal: AbortSignal; onProgress(progress: DownloadProgress): void },
  ): Promise<string>;
  describeProgress(progress: DownloadProgress): string;
}

/** Faults of a load after which the next model of the chain is taken. */
const passingLoadFaults = [
  'LOAD_TIMED_OUT',
  'SERVER_UNREACHABLE',
  'SERVER_BUSY',
  'RUNNER_CRASHED',
  'MODEL_MISSING',
  'TIMED_OUT',
  'CHAT_EVICTED',
];

/** Chooses, fetches or loads the model of each task, and falls back where the configuration allows it. */
export function createWorkerModels(options: WorkerModelsOptions): ModelPort {
  const { config, selector, leases, needs, sessionId, store } = options;
  /** Models that could not be used for a task, for the attempt that waits for the memory of the next in the chain. */
  const failedFor = new Map<string, readonly FailedChoice[]>();

  function choose(task: Task, failed: readonly FailedChoice[], signal: AbortSignal): Promise<Chosen> {
    const crowded = options.evictions.crowded();
    return selector.choose(purposeOf(task), signal, { failed, crowded });
  }

  async function needOf(task: Task, chosen: Chosen): Promise<TaskNeed> {
    const need = await needs.needOf(chosen);
    if (task.needMb === null || task.needMb <= need.processMb) return need;
    const model = need.model === null ? '' : ` + ${chosen.model} ${megabytes(need.model.memoryMb)}`;
    const parts = `worker as measured ${megabytes(task.needMb)}${model}`;
    return { ...need, processMb: task.needMb, parts, basis: 'measured' };
  }

  /** What was reserved may be for another model, of a moment ago: what this one needs must fit as well. */
  async function reserve(task: Task, chosen: Chosen, prepare: Prepare): Promise<void> {
    const need = await needOf(task, chosen);
    if (await prepare.resize(need)) return;
    throw new WilsonError(
      'MEMORY_BUSY',
      `${chosen.model} needs memory that was not reserved and is not free now (${need.parts}).`,
    );
  }

  async function prepareEmbedded(chosen: Chosen, prepare: Prepare): Promise<PreparedModel> {
    const holder = shownHolder(prepare.holder);
    const modelPath = await options.ensureEmbedded(chosen.model, {
      signal: prepare.signal,
      onProgress: (progress) => prepare.onStatus(`fetching ${chosen.model}: ${options.describeProgress(progress)}`),
    });
    const { provider, server, model, purpose } = chosen;
    await store.sessions.holdModel({
      sessionId,
      holder,
      provider,
      server,
      model,
      purpose,
      memoryMb: null,
      contextTokens: chosen.load.numCtx,
      keepAlive: false,
      ours: true,
    });
    return {
      ref: { ...refOf(chosen), modelPath },
      record: recordOf(chosen),
      serverMemoryMb: null,
      notePeak: (processMb) =>
        store.models.noteFact({
          provider,
          model,
          numCtx: chosen.load.numCtx,
          memoryMb: processMb,
          loadMs: null,
          unloadMs: null,
        }),
      release: async () => {
        await store.sessions.releaseModel(sessionId, holder);
      },
    };
  }

  async function prepareOnServer(chosen: Chosen, prepare: Prepare, estimate: number): Promise<PreparedModel> {
    prepare.onStatus(`loading ${chosen.model}`);
    await options.quiet(prepare.signal);
    const lease: Lease = await leases.acquire(forTask(chosen), shownHolder(prepare.holder), {
      signal: prepare.signal,
      estimateMb: estimate,
    });
    try {
      await options.evictions.check(chosen, prepare.signal);
    } catch (error) {
      await leases.stopKeeping(chosen);
      await lease.release();
      throw error;
    }
    return {
      ref: refOf({ ...chosen, load: lease.load }),
      record: recordOf(chosen),
      serverMemoryMb: lease.memoryMb,
      notePeak: () => Promise.resolve(),
      release: () => lease.release(),
    };
  }

  async function prepareOnce(chosen: Chosen, prepare: Prepare): Promise<PreparedModel> {
    if (chosen.provider === 'llamacpp') return prepareEmbedded(chosen, prepare);
    const need = await needs.needOf(chosen);
    try {
      return await prepareOnServer(chosen, prepare, need.model?.memoryMb ?? 0);
    } catch (error) {
      if (error instanceof WilsonError && error.code === 'LOAD_TIMED_OUT') void options.evictions.unstick(chosen);
      throw error;
    }
  }

  return {
    need: async (task, signal) => needOf(task, await choose(task, failedFor.get(task.id) ?? [], signal)),
    makeRoom: () => leases.makeRoom(),
    wouldFit: (task, limitMb, signal) => options.wouldFit(purposeOf(task), limitMb, signal),
    prepare: async (task, prepare) => {
      prepare.onStatus('choosing a model');
      let failed = failedFor.get(task.id) ?? [];
      failedFor.delete(task.id);
      for (;;) {
        const chosen = await choose(task, failed, prepare.signal);
        try {
          await reserve(task, chosen, prepare);
        } catch (error) {
          failedFor.set(task.id, failed);
          throw error;
        }
        try {
          return await prepareOnce(chosen, prepare);
        } catch (error) {
          const passing = error instanceof WilsonError && passingLoadFaults.includes(error.code);
          if (!passing || prepare.signal.aborted || config.llms.fallback === 'forbid') throw error;
          if (chosen.provider === 'llamacpp') throw error;
          const { provider, server, model } = chosen;
          failed = [...failed, { provider, server, model, reason: `${error.message} ${error.hint}`.trim() }];
          prepare.onFault(`${displayUrl(server)}: ${error.message}`);
        }
      }
    },
  };
}

type Prepare = Parameters<ModelPort['prepare']>[1];

/** `TASK-001` of the owner mark `<session>:TASK-001:2`. */
function shownHolder(holder: string): string {
  return holder.split(':')[1] ?? holder;
}

/** What keeps the chat's model loaded is the chat, not a task that uses it as well or in place of another. */
function forTask(chosen: Chosen): Chosen {
  const isChats = chosen.purpose === 'chat' || chosen.usedFallback;
  return isChats && chosen.keepAlive === true ? { ...chosen, keepAlive: false, idleTimeoutS: 0 } : chosen;
}

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
