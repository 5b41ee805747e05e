import type {
  ChatWrapper,
  Llama,
  LlamaContext,
  LlamaContextSequence,
  LlamaGrammar,
  LlamaModel,
  Token,
} from 'node-llama-cpp';
import { batchTokens } from './llama-cpp-batch.js';
import { SamplerCollector } from './llama-cpp-collect.js';
import { loadError } from './llama-cpp-errors.js';
import type { PromptTurn } from './llama-cpp-prompt.js';
import { chooseSlot } from './llama-cpp-slots.js';
import { ThreadGovernor, type ThreadPlan } from './llama-cpp-threads.js';
import type { JsonSchema } from './provider.js';

export interface RuntimeOptions {
  readonly path: string;
  /** Context of each slot in tokens. */
  readonly numCtx: number;
  readonly threads: ThreadPlan;
  /** The user's own number: it is not lowered while the machine is busy. */
  readonly threadsFixed: boolean;
  /** Conversations that are kept in memory side by side. */
  readonly slots: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

interface Slot {
  readonly sequence: LlamaContextSequence;
  lastUsed: number;
}

type NodeLlamaCpp = typeof import('node-llama-cpp');

let sharedLlama: Promise<{ module: NodeLlamaCpp; llama: Llama }> | null = null;
let lastLogLine = '';

/** Loads the native library once in a process; it stays, since only the end of the process really unloads it. */
function nativeLibrary(): Promise<{ module: NodeLlamaCpp; llama: Llama }> {
  sharedLlama ??= openLibrary().catch((error: unknown) => {
    sharedLlama = null;
    throw error;
  });
  return sharedLlama;
}

async function openLibrary(): Promise<{ module: NodeLlamaCpp; llama: Llama }> {
  const module = await import('node-llama-cpp');
  const llama = await module.getLlama({
    gpu: false,
    // Never compile or fetch anything on the user's machine.
    build: 'never',
    skipDownload: true,
    maxThreads: 1,
    progressLogs: false,
    logLevel: module.LlamaLogLevel.error,
    logger: (_level, message) => {
      lastLogLine = message.trim() || lastLogLine;
    },
  });
  return { module, llama };
}

/** A model in the memory of this process, with its context divided into slots. */
export class LlamaRuntime {
  readonly #slots: Slot[] = [];
  readonly collector = new SamplerCollector();
  #uses = 0;

  private constructor(
    readonly module: NodeLlamaCpp,
    private readonly llama: Llama,
    readonly model: LlamaModel,
    private readonly context: LlamaContext,
    private readonly wrapper: ChatWrapper,
    readonly governor: ThreadGovernor,
    slots: number,
  ) {
    for (let index = 0; index < slots; index++) this.#slots.push({ sequence: context.getSequence(), lastUsed: 0 });
  }

  /**
   * Loads a model. Rejects with `MODEL_DAMAGED`, `OUT_OF_MEMORY`, `ENGINE_DOWN` (no build for this machine) or the reason
   * of the signal, and leaves nothing loaded then.
   */
  static async load(options: RuntimeOptions): Promise<LlamaRuntime> {
    const { path, threads, signal } = options;
    let model: LlamaModel | null = null;
    try {
      const { module, llama } = await nativeLibrary();
      signal.throwIfAborted();
      llama.maxThreads = threads.prompt;
      lastLogLine = '';
      model = await llama.loadModel({
        modelPath: path,
        gpuLayers: 0,
        loadSignal: signal,
        ...(options.onProgress === undefined ? {} : { onLoadProgress: options.onProgress }),
      });
      const context = await model.createContext({
        contextSize: options.numCtx,
        sequences: options.slots,
        threads: threads.prompt,
        batchSize: Math.min(batchTokens, options.numCtx),
        createSignal: signal,
      });
      const wrapper = module.resolveChatWrapper(model);
      const governor = new ThreadGovernor(threads, options.threadsFixed);
      return new LlamaRuntime(module, llama, model, context, wrapper, governor, options.slots);
    } catch (error) {
      await model?.dispose();
      signal.throwIfAborted();
      throw loadError(path, error, lastLogLine);
    }
  }

  get contextSize(): number {
    return this.context.contextSize;
  }

  /** The prompt in tokens, and texts that end an answer besides the model's own end tokens. */
  tokenize(turns: readonly PromptTurn[]): { tokens: Token[]; stops: string[] } {
    const { contextText, stopGenerationTriggers } = this.wrapper.generateContextState({
      chatHistory: turns.map((turn) =>
        turn.type === 'model'
          ? { type: 'model', response: turn.text === '' ? [] : [turn.text] }
          : { type: turn.type, text: turn.text },
      ),
    });
    const stops = stopGenerationTriggers
      .filter((trigger) => trigger.values.every((value) => typeof value === 'string'))
      .map((trigger) => trigger.values.join(''));
    return { tokens: contextText.tokenize(this.model.tokenizer), stops };
  }

  /** The sequence whose memory serves this prompt best. */
  sequenceFor(prompt: readonly Token[]): LlamaContextSequence {
    const states = this.#slots.map(({ sequence, lastUsed }) => ({ tokens: sequence.contextTokens, lastUsed }));
    const slot = this.#slots[chooseSlot(states, prompt)];
    if (slot === undefined) throw new Error('a runtime without slots');
    slot.lastUsed = ++this.#uses;
    return slot.sequence;
  }

  /** Threads of the evaluations from now on; at most those that the model was loaded with. */
  useThreads(count: number): void {
    this.llama.maxThreads = count;
  }

  /** A grammar that admits exactly the JSON of a schema. Throws where the schema is beyond the library. */
  async grammar(schema: JsonSchema): Promise<LlamaGrammar> {
    // The library's own type describes only schemas that are known at compile time.
    const known = schema as unknown as Parameters<typeof this.llama.createGrammarForJsonSchema>[0];
    return await this.llama.createGrammarForJsonSchema(known);
  }

  async dispose(): Promise<void> {
    await this.context.dispose();
    await this.model.dispose();
  }
}
