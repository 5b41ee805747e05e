import { toErrorRecord } from '../errors.js';
import type { ActiveTask } from '../supervisor/port.js';
import { Interrupted, orInterrupted, untilInterrupted } from './abort.js';
import type { ByTheWay } from './by-the-way.js';
import type { ChatModelPort } from './chat-model.js';
import type { Conversation } from './conversation.js';
import { opening } from './system-prompt.js';
import { turnContext } from './turn-context.js';
import type { ChatView } from './view.js';

/** Most tokens of one answer, where the context is large enough. */
const answerLimit = 1_024;
const temperature = 0.3;

export interface AnswerPorts {
  readonly model: ChatModelPort;
  readonly view: ChatView;
  readonly conversation: Conversation;
  readonly byTheWay: ByTheWay;
  active(): readonly ActiveTask[];
  now(): Date;
}

export interface AnswerOutcome {
  /** What was written; null when there is nothing to remember. */
  readonly text: string | null;
  readonly failed: boolean;
}

/** Waits for the model to be loaded, visibly. Rejects with what the loading failed with, or {@link Interrupted}. */
export async function modelReady(model: ChatModelPort, view: ChatView, signal: AbortSignal): Promise<void> {
  let settled = false;
  const ready = model.ready.finally(() => {
    settled = true;
  });
  // A model that is ready settles within this turn of the event loop: then there is nothing to wait for.
  await Promise.race([ready.catch(() => undefined), new Promise((resolve) => setImmediate(resolve))]);
  if (!settled) view.waiting(`Loading the chat model (${model.name}) …`);
  try {
    await orInterrupted(ready, signal);
  } finally {
    view.waiting(null);
  }
}

function failureText(thrown: unknown, modelName: string): string {
  const { message, hint } = toErrorRecord(thrown);
  const remedy = hint === '' ? 'Try again, or see /models.' : hint;
  return `The chat model (${modelName}) could not answer: ${message.replace(/[.\s]+$/, '')}. ${remedy}`;
}

/** Answers one turn with the chat model, streamed. Never throws for what the model does; a failure is one clear line. */
export async function answerTurn(text: string, ports: AnswerPorts, signal: AbortSignal): Promise<AnswerOutcome> {
  const { model, view } = ports;
  let written = '';
  try {
    await modelReady(model, view, signal);
    const maxTokens = Math.max(64, Math.min(answerLimit, Math.floor(model.contextTokens / 4)));
    const prompt = await ports.conversation.fit(
      opening(model.name),
      text + turnContext(text, ports.active(), ports.now()),
      model.contextTokens,
      maxTokens,
    );
    if (prompt === null) {
      view.say(
        `This message is too long for the chat model: its context is ${model.contextTokens} tokens. Shorten it, or name a file and ask for a task that reads it.`,
        'error',
      );
      return { text: null, failed: true };
    }
    if (prompt.leftOut > 0) sayLeftOut(view, prompt.leftOut, ports.conversation);
    const parts = model.stream({ messages: prompt.messages, maxTokens, temperature, signal });
    let cut = false;
    for await (const part of untilInterrupted(parts, signal)) {
      if (part.type === 'text') {
        const chunk = written === '' ? part.text.trimStart() : part.text;
        written += chunk;
        if (chunk !== '') view.answer(chunk);
      } else if (part.type === 'done') cut = part.reason === 'length';
    }
    view.endAnswer();
    finish(written, cut, maxTokens, ports);
    return { text: written === '' ? null : written.trimEnd(), failed: written.trim() === '' };
  } catch (thrown) {
    view.endAnswer();
    if (thrown instanceof Interrupted || signal.aborted) {
      view.say('(stopped)', 'hint');
      return { text: written === '' ? null : `${written} (stopped by the user)`, failed: false };
    }
    view.say(failureText(thrown, model.name), 'error');
    return { text: null, failed: true };
  }
}

function finish(written: string, cut: boolean, maxTokens: number, ports: AnswerPorts): void {
  if (written.trim() === '') {
    ports.view.say(`The chat model (${ports.model.name}) gave an empty answer. Ask again, or in other words.`, 'error');
    return;
  }
  if (cut) ports.view.say(`(The answer was cut at ${maxTokens} tokens; "go on" continues it.)`, 'hint');
  const line = ports.byTheWay.next(ports.active());
  if (line !== null) ports.view.say(line, 'reply');
}

const told = new WeakMap<Conversation, number>();

/** Once for each time that more of the history goes. */
function sayLeftOut(view: ChatView, leftOut: number, conversation: Conversation): void {
  if (told.get(conversation) === leftOut) return;
  told.set(conversation, leftOut);
  const messages = leftOut === 1 ? 'message no longer fits' : 'messages no longer fit';
  view.say(`(${leftOut} older ${messages} the model's context and ${leftOut === 1 ? 'is' : 'are'} left out.)`, 'hint');
}
