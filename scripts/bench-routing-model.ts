/** The embedded model in this process, which a benchmark may do; the chat has it in a process of its own. */
import { defaultEmbeddedModel } from '../src/catalog/catalog.js';
import { locateModel } from '../src/catalog/model-cache.js';
import type { ChatModelPort, ChatModelRequest } from '../src/chat/chat-model.js';

const threads = 2;
const contextTokens = 2_048;

/** Loads a GGUF file, or where none is named the embedded model that lies in the model cache. Null when it is not there. */
export async function embeddedModel(named?: string): Promise<ChatModelPort | null> {
  const modelPath = named ?? (await locateModel(defaultEmbeddedModel, process.env))?.path;
  if (modelPath === undefined) return null;
  const { getLlama, LlamaChat, LlamaLogLevel } = await import('node-llama-cpp');
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    skipDownload: true,
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize: contextTokens, threads });
  const chat = new LlamaChat({ contextSequence: context.getSequence() });
  async function complete(request: ChatModelRequest) {
    const history = request.messages.map(({ role, content }) =>
      role === 'assistant'
        ? { type: 'model' as const, response: [content] }
        : { type: role === 'system' ? ('system' as const) : ('user' as const), text: content },
    );
    const grammar =
      request.schema === undefined ? undefined : await llama.createGrammarForJsonSchema(request.schema as never);
    const { response } = await chat.generateResponse(history, {
      maxTokens: request.maxTokens,
      temperature: request.temperature ?? 0,
      signal: request.signal,
      ...(grammar === undefined ? {} : { grammar }),
    });
    return { text: response, reason: 'stop' as const };
  }
  return {
    name: modelPath,
    contextTokens,
    ready: Promise.resolve(),
    complete,
    stream: () => {
      throw new Error('routing does not stream');
    },
  };
}
