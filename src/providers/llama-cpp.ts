import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { catalog } from '../catalog/catalog.js';
import { locateModel } from '../catalog/model-cache.js';
import { type Clock, systemClock } from '../clock.js';
import { WilsonError } from '../errors.js';
import { visionUnavailable } from '../task/vision-errors.js';
import { type EvaluationGate, requestBounds } from './llama-cpp-bounds.js';
import { capabilitiesOf, estimateEmbedded, modelInfoOf } from './llama-cpp-describe.js';
import { generate } from './llama-cpp-generate.js';
import { LlamaRuntime } from './llama-cpp-runtime.js';
import { planThreads } from './llama-cpp-threads.js';
import { Turns } from './llama-cpp-turns.js';
import type {
  Capabilities,
  ChatPart,
  ChatRequest,
  LoadedModel,
  LoadOptions,
  MemoryEstimate,
  ModelInfo,
  ModelProvider,
} from './provider.js';
import { parseToolCalls } from './tool-call-parser.js';

export interface LlamaCppOptions {
  /** Most CPU threads where the load options name none. */
  readonly threads: number;
  readonly env: NodeJS.ProcessEnv;
  readonly clock?: Clock;
  /** Conversations kept in memory side by side (default 1); each costs a context of its own. */
  readonly slots?: number;
  /** Asked between tokens and between the pieces of a prompt; without it nothing is ever held. */
  readonly gate?: EvaluationGate;
}

interface Loaded {
  readonly name: string;
  readonly key: string;
  readonly estimate: MemoryEstimate;
  readonly runtime: LlamaRuntime;
}

/**
 * Runs models with llama.cpp inside this very process: a fault of the native code ends it, so only the chat engine and
 * task workers do this, never the parent. One model at a time; requests are served in the order in which they came.
 */
export function createLlamaCppProvider(options: LlamaCppOptions): ModelProvider {
  return new LlamaCppProvider(options);
}

class LlamaCppProvider implements ModelProvider {
  readonly id = 'llamacpp' as const;
  readonly server = 'embedded';
  readonly #options: LlamaCppOptions;
  readonly #clock: Clock;
  readonly #slots: number;
  readonly #turns = new Turns();
  #loaded: Loaded | null = null;

  constructor(options: LlamaCppOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#slots = options.slots ?? 1;
  }

  async health(): Promise<{ version: string }> {
    return { version: 'llama.cpp' };
  }

  async list(signal: AbortSignal): Promise<ModelInfo[]> {
    const infos: ModelInfo[] = [];
    for (const entry of catalog) {
      const located = await locateModel(entry.name, this.#options.env, { signal });
      if (located === null) continue;
      infos.push(await modelInfoOf(entry.name, located.path));
    }
    return infos;
  }

  async capabilities(model: string): Promise<Capabilities> {
    return await capabilitiesOf(await this.#pathOf(model));
  }

  async estimate(model: string, load: LoadOptions): Promise<MemoryEstimate> {
    return await estimateEmbedded(model, load, this.#slots, this.#options.env);
  }

  async load(
    model: string,
    load: LoadOptions,
    options: { signal: AbortSignal; pin: boolean; onProgress?: (fraction: number) => void },
  ): Promise<{ loadMs: number }> {
    const bounds = requestBounds(options.signal, { totalMs: loadLimitMs }, this.#clock);
    try {
      const leave = await this.#turns.enter(bounds.signal);
      try {
        return await this.#ensureLoaded(model, load, bounds.signal, options.onProgress);
      } finally {
        leave();
      }
    } finally {
      bounds.stop();
    }
  }

  async unload(model: string, options: { signal: AbortSignal }): Promise<void> {
    const leave = await this.#turns.enter(options.signal);
    try {
      if (this.#loaded !== null && this.#loaded.name === model) await this.#dispose();
    } finally {
      leave();
    }
  }

  async loaded(): Promise<LoadedModel[]> {
    if (this.#loaded === null) return [];
    const { name, estimate, runtime } = this.#loaded;
    const memoryBytes = estimate.weightsBytes + estimate.contextBytes;
    return [{ name, memoryBytes, contextTokens: runtime.contextSize, expiresAt: null }];
  }

  async *chat(request: ChatRequest): AsyncGenerator<ChatPart, void, void> {
    refuseImages(request);
    const bounds = requestBounds(request.signal, request.timeouts, this.#clock, this.#options.gate);
    try {
      bounds.check();
      const leave = await this.#turns.enter(bounds.signal);
      try {
        const { loadMs } = await this.#ensureLoaded(request.model, request.load, bounds.signal);
        const startedMs = this.#clock.monotonicMs();
        const { runtime } = this.#current();
        // Calls are only recognised in the whole text, so with tools nothing is shown before the end.
        let held = '';
        for await (const part of generate(runtime, request, bounds, this.#clock)) {
          if (part.type === 'text') {
            if (request.tools === undefined) yield part;
            else held += part.text;
            continue;
          }
          if (request.tools !== undefined) yield* withCalls(held, request.tools);
          const { reason, promptTokens, outputTokens } = part;
          const generateMs = Math.round(this.#clock.monotonicMs() - startedMs - bounds.heldMs());
          yield { type: 'done', reason, usage: { promptTokens, outputTokens, loadMs, generateMs } };
        }
      } finally {
        leave();
      }
    } catch (error) {
      bounds.check();
      throw error instanceof WilsonError ? error : runnerFailed(error);
    } finally {
      bounds.stop();
    }
  }

  async close(): Promise<void> {
    const leave = await this.#turns.enter(null);
    try {
      await this.#dispose();
    } finally {
      leave();
    }
  }

  #current(): Loaded {
    if (this.#loaded === null) throw new WilsonError('INTERNAL', 'The embedded model is not loaded.');
    return this.#loaded;
  }

  /** Only inside a turn. `loadMs` is 0 when the model was there already. */
  async #ensureLoaded(
    model: string,
    load: LoadOptions,
    signal: AbortSignal,
    onProgress?: (fraction: number) => void,
  ): Promise<{ loadMs: number }> {
    const startedMs = this.#clock.monotonicMs();
    const key = JSON.stringify([model, load.numCtx, load.numThreads]);
    if (this.#loaded?.key === key) return { loadMs: 0 };
    const path = await this.#pathOf(model);
    await this.#dispose();
    const estimate = await estimateEmbedded(model, load, this.#slots, this.#options.env);
    const runtime = await LlamaRuntime.load({
      path,
      numCtx: load.numCtx,
      threads: planThreads(load.numThreads, this.#options.threads, availableParallelism()),
      threadsFixed: load.numThreads !== null,
      slots: this.#slots,
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    this.#loaded = { name: model, key, estimate, runtime };
    return { loadMs: Math.round(this.#clock.monotonicMs() - startedMs) };
  }

  async #dispose(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = null;
    await loaded?.runtime.dispose();
  }

  async #pathOf(model: string): Promise<string> {
    const located = await locateModel(model, this.#options.env);
    if (located !== null) return located.path;
    throw new WilsonError('MODEL_MISSING', `The model ${model} is not on this machine yet.`, {
      hint: `Fetch it with \`wilson models pull ${model}\`.`,
    });
  }
}

/** A load that takes longer than this is given up; whoever is in more of a hurry aborts it. */
const loadLimitMs = 600_000;

/** An image that was left out silently would be answered by an invention. */
function refuseImages({ messages, model }: ChatRequest): void {
  if (!messages.some(({ images = [] }) => images.length > 0)) return;
  throw visionUnavailable(`The embedded model ${basename(model)} cannot see images.`, {
    hint: 'Set llms.vision in config.yaml to a vision model on a server, e.g. llava:7b of Ollama.',
  });
}

function* withCalls(text: string, tools: NonNullable<ChatRequest['tools']>): Generator<ChatPart, void, void> {
  const { calls, rest, problem } = parseToolCalls(text, tools);
  if (problem !== null) {
    // Nothing of it is to be run; whoever asked sees what was written and can say what is wrong with it.
    yield { type: 'text', text };
    return;
  }
  if (rest !== '') yield { type: 'text', text: rest };
  for (const call of calls) yield { type: 'tool-call', call };
}

function runnerFailed(error: unknown): WilsonError {
  const reason = error instanceof Error ? error.message : String(error);
  return new WilsonError('RUNNER_CRASHED', `llama.cpp failed: ${reason}.`, { hint: 'Try again.', cause: error });
}
