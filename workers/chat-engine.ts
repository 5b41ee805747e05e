import { systemClock } from '../src/clock.js';
import { toErrorRecord, WilsonError } from '../src/errors.js';
import { keepYoungSpaceSmall } from '../src/platform/young-space.js';
import { engineProtocolVersion, type FromEngine, type ToEngine, toEngine } from '../src/protocol/engine-messages.js';
import { createLlamaCppProvider } from '../src/providers/llama-cpp.js';
import type { ModelProvider } from '../src/providers/provider.js';

/**
 * The process that runs the chat's embedded model. It serves the parent that forked it, over IPC, and ends with the
 * channel: there is nothing it would do for nobody.
 */

keepYoungSpaceSmall();

const aliveEveryMs = 1_000;

type Question = Extract<ToEngine, { id: number }>;
type ChatQuestion = Extract<ToEngine, { type: 'chat' }>;

const running = new Map<number, AbortController>();
let provider: ModelProvider | null = null;
let modelPath = '';

function send(message: FromEngine): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function answer(question: Question): void {
  const controller = new AbortController();
  running.set(question.id, controller);
  serve(question, controller.signal)
    .catch((error: unknown) => send({ type: 'failed', id: question.id, error: toErrorRecord(error) }))
    .finally(() => running.delete(question.id));
}

async function serve(question: Question, signal: AbortSignal): Promise<void> {
  const { id } = question;
  if (provider === null) throw new WilsonError('PROTOCOL_ERROR', 'The engine was asked before it knew its model.');
  if (question.type === 'load') {
    const onProgress = (fraction: number): void => send({ type: 'load-progress', id, fraction });
    const { loadMs } = await provider.load(modelPath, question.load, { signal, pin: true, onProgress });
    send({ type: 'loaded', id, loadMs });
  } else if (question.type === 'chat') {
    for await (const part of provider.chat(chatRequest(question, signal))) send({ type: 'part', id, part });
  }
}

/** Optional fields that are absent must stay absent, not become undefined. */
function chatRequest(question: ChatQuestion, signal: AbortSignal): Parameters<ModelProvider['chat']>[0] {
  const { type: _type, id: _id, ...rest } = JSON.parse(JSON.stringify(question)) as ChatQuestion;
  return { ...rest, model: modelPath, signal } as Parameters<ModelProvider['chat']>[0];
}

process.on('message', (raw: unknown) => {
  const parsed = toEngine.safeParse(raw);
  if (!parsed.success) {
    const { id } = (raw ?? {}) as { id?: unknown };
    const error = new WilsonError('PROTOCOL_ERROR', `The engine got a message that is not of its protocol.`);
    if (typeof id === 'number') send({ type: 'failed', id, error: error.toRecord() });
    return;
  }
  const message = parsed.data;
  if (message.type === 'init') {
    modelPath = message.modelPath;
    provider = createLlamaCppProvider({ threads: message.threads, slots: message.slots, env: process.env });
  } else if (message.type === 'abort') {
    running.get(message.id)?.abort();
  } else {
    answer(message);
  }
});

process.on('disconnect', () => process.exit(0));
// A Ctrl-C in the terminal is the parent's business: it stops the answer, not the engine.
process.on('SIGINT', () => undefined);

function sayAlive(): void {
  if (running.size > 0) send({ type: 'alive' });
  systemClock.after(aliveEveryMs, sayAlive);
}

sayAlive();
send({ type: 'hello', protocol: engineProtocolVersion, pid: process.pid });
