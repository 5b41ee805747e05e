import { type Clock, withDeadline } from '../clock.js';
import { WilsonError } from '../errors.js';
import { displayUrl } from '../providers/ollama-host.js';
import type { MemoryEstimate, ModelProvider } from '../providers/provider.js';
import type { ModelStore } from '../store/model-store.js';
import type { Async } from '../store/store-thread.js';
import type { TaskNeed } from '../supervisor/port.js';
import { megabytes } from '../task/memory-amount.js';
import { embeddedWorkerMb } from './embedded-memory.js';
import { keyOf } from './leases.js';
import { findLoaded } from './loaded-model.js';
import { isLocalServer } from './local-server.js';
import { readFigures } from './model-figures.js';
import type { Chosen } from './model-selection.js';

export interface ModelNeedsOptions {
  readonly providerFor: (choice: Chosen) => ModelProvider;
  readonly store: Pick<Async<ModelStore>, 'facts' | 'find'>;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** CPU threads of an embedded worker. */
  readonly embeddedThreads: (choice: Chosen) => number;
}

/** What the worker of a choice will take. */
export interface ModelNeeds {
  /** Asks the server where that is needed, for at most {@link askMs}; what it said counts for a second. Never rejects. */
  needOf(choice: Chosen): Promise<TaskNeed>;
}

const megabyte = 1_048_576;
/** Commands that a worker runs, e.g. the tests of a project: two interpreters with what they need. */
const commandsMb = 100;
/** A worker without a model: a Node process with its agent, measured at 60 to 90 MB, and its commands. */
export const workerShareMb = 100 + commandsMb;
/** The provider's estimate has the buffers in it; recorded servers took 8% less and 0.5% less than it says. */
const serverMargin = 1.02;
const askMs = 2_500;
const freshMs = 1_000;

export function createModelNeeds(options: ModelNeedsOptions): ModelNeeds {
  const { clock, store } = options;
  const known = new Map<string, { need: Promise<TaskNeed>; untilMs: number }>();

  /** What was seen of a model with that context; null also where the database does not answer now. */
  async function seenMb({ provider, model, load }: Chosen): Promise<number | null> {
    try {
      const facts = await store.facts();
      const fact = facts.find(
        (each) => each.provider === provider && each.model === model && each.numCtx === load.numCtx,
      );
      return fact?.memoryMb ?? null;
    } catch (error) {
      if (error instanceof WilsonError) return null;
      throw error;
    }
  }

  async function ofEmbedded(choice: Chosen): Promise<TaskNeed> {
    const { model } = choice;
    const estimateMb = await embeddedNeedMb(choice, options.embeddedThreads(choice), options.env);
    // What was measured beside another process shares pages with it, so it may raise the estimate and never lower it.
    const factMb = await seenMb(choice);
    const measuredMb = factMb === null ? 0 : factMb + commandsMb;
    const processMb = Math.max(estimateMb, measuredMb);
    const basis = measuredMb > estimateMb ? 'measured' : 'metadata';
    return { processMb, model: null, parts: `worker with ${model} ${megabytes(processMb)}`, basis };
  }

  async function onServer(choice: Chosen, signal: AbortSignal): Promise<TaskNeed> {
    const worker = `worker ${megabytes(workerShareMb)}`;
    const bare = { processMb: workerShareMb, model: null, parts: worker, basis: 'metadata' } as const;
    if (!isLocalServer(choice.server)) return { ...bare, parts: `${worker}, ${choice.model} elsewhere` };
    const provider = options.providerFor(choice);
    const ours = await store.find(keyOf(choice));
    // Loaded by somebody else: it is there whether we use it or not.
    const theirs = ours === null || (!ours.ours && ours.state === 'loaded');
    if (theirs && (await findLoaded(provider, choice.model, signal)) !== null) {
      return { ...bare, parts: `${worker}, ${choice.model} is loaded already` };
    }
    const measuredMb = ours?.memoryMeasured === true ? ours.memoryMb : await seenMb(choice);
    const memoryMb = measuredMb ?? (await estimateMb(provider, choice, signal));
    return withModel(choice, memoryMb, measuredMb === null ? 'metadata' : 'measured');
  }

  /** For a server that does not say: what is wrong with it is found out when the model is loaded. */
  async function unasked(choice: Chosen): Promise<TaskNeed> {
    const memoryMb = choice.provider !== 'llamacpp' && isLocalServer(choice.server) ? await seenMb(choice) : null;
    if (memoryMb !== null) return withModel(choice, memoryMb, 'measured');
    return { processMb: workerShareMb, model: null, parts: `worker ${megabytes(workerShareMb)}`, basis: 'metadata' };
  }

  async function ask(choice: Chosen): Promise<TaskNeed> {
    try {
      if (choice.provider === 'llamacpp') return await ofEmbedded(choice);
      return await withDeadline(clock, askMs, (signal) => onServer(choice, signal));
    } catch {
      return await unasked(choice);
    }
  }

  return {
    needOf: (choice) => {
      const key = JSON.stringify([displayUrl(choice.server), choice.model, choice.load]);
      const entry = known.get(key);
      if (entry !== undefined && clock.monotonicMs() < entry.untilMs) return entry.need;
      const fresh = { need: ask(choice), untilMs: clock.monotonicMs() + askMs + freshMs };
      known.set(key, fresh);
      void fresh.need.then(() => {
        fresh.untilMs = clock.monotonicMs() + freshMs;
      });
      return fresh.need;
    },
  };
}

/**
 * What a worker with that embedded model takes in MB, its commands included. What is not known of a model that is not here
 * counts nothing: its task will say what is wrong with it.
 */
export async function embeddedNeedMb(
  choice: Pick<Chosen, 'model' | 'load'>,
  threads: number,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  try {
    await readFigures(choice.model, env);
  } catch (error) {
    if (!(error instanceof WilsonError)) throw error;
  }
  const { numCtx } = choice.load;
  return commandsMb + (embeddedWorkerMb({ model: choice.model, numCtx, threads }) ?? workerShareMb - commandsMb);
}

/** What a model will take on its server in MB: weights and context by its metadata, and buffers. */
export async function estimateMb(
  provider: ModelProvider,
  choice: Pick<Chosen, 'model' | 'load'>,
  signal: AbortSignal,
): Promise<number> {
  return serverMemoryMb(await provider.estimate(choice.model, choice.load, signal));
}

/** What an estimate comes to in MB on a server, with the buffers it computes in. Pure. */
export function serverMemoryMb({ weightsBytes, contextBytes }: MemoryEstimate): number {
  return Math.ceil(((weightsBytes + contextBytes) * serverMargin) / megabyte);
}

function withModel(choice: Chosen, memoryMb: number, basis: TaskNeed['basis']): TaskNeed {
  return {
    processMb: workerShareMb,
    model: { key: keyOf(choice), memoryMb },
    parts: `worker ${megabytes(workerShareMb)} + ${choice.model} ${megabytes(memoryMb)}`,
    basis,
  };
}
