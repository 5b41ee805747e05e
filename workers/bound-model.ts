import type { AgentModel, AgentModelRequest } from '../src/agents/agent.js';
import { type Clock, sleep, systemClock } from '../src/clock.js';
import { WilsonError } from '../src/errors.js';
import type { ModelRef } from '../src/protocol/messages.js';
import type { ModelProvider, ToolCall } from '../src/providers/provider.js';
import { addUsage, noUsage, type Usage } from '../src/task/task.js';
import type { HoldGate } from './hold-gate.js';
import { ServerStep } from './server-step.js';

export interface BindOptions {
  readonly signal: AbortSignal;
  /** Awaited before a load and a request, and by an embedded model between its tokens. */
  readonly gate: HoldGate;
  readonly clock?: Clock;
  onLoaded(loadMs: number): void;
  onStatus(message: string): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

/** Faults of a server that may be over a moment later; each request is asked again at most this often. */
const passingFaults = ['RUNNER_CRASHED', 'ANSWER_CUT', 'SERVER_BUSY'];
const retryDelaysMs = [500, 2_000];
/** Of an embedded model where the configuration names none; beside other load it takes fewer (ThreadGovernor). */
const mostThreads = 2;

interface Answer {
  readonly text: string;
  readonly calls: ToolCall[];
  readonly reason: 'stop' | 'length';
}

/**
 * Binds the model that the parent chose to what agents use. An embedded model is loaded into this process; one on a
 * server is only asked, since loading and unloading there is the parent's business.
 */
export async function bindModel(ref: ModelRef, options: BindOptions): Promise<AgentModel> {
  const provider = await createProvider(ref, options.gate);
  const load = { numCtx: ref.numCtx, numThreads: ref.numThreads };
  const name = ref.modelPath ?? ref.model;
  let loadMs = 0;
  if (ref.provider === 'llamacpp') {
    await options.gate.passage(options.signal);
    options.onStatus('loading model');
    ({ loadMs } = await provider.load(name, load, { signal: options.signal, pin: true }));
    options.onLoaded(loadMs);
  }
  const capabilities = await provider.capabilities(name, options.signal);
  return new BoundModel(provider, name, ref, capabilities.tools, loadMs, options);
}

async function createProvider(ref: ModelRef, gate: HoldGate): Promise<ModelProvider> {
  if (ref.provider === 'llamacpp') {
    const { createLlamaCppProvider } = await import('../src/providers/llama-cpp.js');
    return createLlamaCppProvider({ threads: ref.numThreads ?? mostThreads, env: process.env, gate });
  }
  if (ref.server === null) throw new WilsonError('BAD_REQUEST', `The model ${ref.model} names no server.`);
  if (ref.provider === 'ollama') {
    const { createOllamaProvider } = await import('../src/providers/ollama.js');
    return createOllamaProvider({ baseUrl: ref.server });
  }
  const { createOpenAiProvider } = await import('../src/providers/openai.js');
  return createOpenAiProvider({ baseUrl: ref.server, apiKeyEnv: ref.apiKeyEnv, env: process.env });
}

class BoundModel implements AgentModel {
  private spent: Usage;
  /** The answer under way, or the last one that was cut off: what was seen of it. */
  private unfinished: Usage = noUsage;

  constructor(
    private readonly provider: ModelProvider,
    private readonly model: string,
    private readonly ref: ModelRef,
    readonly supportsTools: boolean,
    loadMs: number,
    private readonly options: BindOptions,
  ) {
    this.spent = { ...noUsage, loadMs };
  }

  get name(): string {
    return this.ref.model;
  }

  get contextTokens(): number {
    return this.ref.numCtx;
  }

  get temperature(): number {
    return this.ref.temperature;
  }

  /**
   * A step is counted once, however often it is asked. Of an answer that did not come to its end the pieces count, each of
   * which is a token at least; its prompt does not, since nobody has counted that.
   */
  usage(): Usage {
    return addUsage(this.spent, this.unfinished);
  }

  async complete(request: AgentModelRequest): Promise<Answer> {
    const { gate, signal, log } = this.options;
    const step = new ServerStep(gate, signal, () =>
      log('info', 'A request made room for the chat and is asked again after it.'),
    );
    for (let failures = 0; ; failures += 1) {
      try {
        // An embedded model stands still by itself, in the middle of its answer.
        if (this.ref.provider === 'llamacpp') return await this.completeOnce(request, signal);
        return await step.run((bounded) => this.completeOnce(request, bounded));
      } catch (error) {
        const delayMs = retryDelaysMs[failures];
        const passing = error instanceof WilsonError && passingFaults.includes(error.code);
        if (!passing || delayMs === undefined || signal.aborted) throw error;
        log('warn', `${error.message} Asking again.`);
        await sleep(this.options.clock ?? systemClock, delayMs);
      }
    }
  }

  private async completeOnce(request: AgentModelRequest, signal: AbortSignal): Promise<Answer> {
    const { temperature, ...rest } = request;
    const parts = this.provider.chat({
      ...rest,
      temperature: temperature ?? this.ref.temperature,
      model: this.model,
      load: { numCtx: this.ref.numCtx, numThreads: this.ref.numThreads },
      signal,
    });
    let text = '';
    const calls: ToolCall[] = [];
    const clock = this.options.clock ?? systemClock;
    const workedMs = (): number => clock.monotonicMs() - this.options.gate.heldMs();
    const startedMs = workedMs();
    this.unfinished = noUsage;
    for await (const part of parts) {
      const outputTokens = this.unfinished.outputTokens + 1;
      this.unfinished = { ...noUsage, outputTokens, generateMs: Math.max(0, Math.round(workedMs() - startedMs)) };
      if (part.type === 'text') text += part.text;
      else if (part.type === 'tool-call') calls.push(part.call);
      else {
        this.spent = addUsage(this.spent, part.usage);
        this.unfinished = noUsage;
        return { text, calls, reason: part.reason };
      }
    }
    throw new WilsonError('ANSWER_CUT', `The answer of ${this.ref.model} ended without its last line.`);
  }
}
