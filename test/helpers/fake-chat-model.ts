import type { ChatModelPort, ChatModelRequest } from '../../src/chat/chat-model.js';
import type { ChatPart } from '../../src/providers/provider.js';
import { noUsage } from '../../src/task/task.js';

export type Script = (request: ChatModelRequest) => AsyncIterable<string> | string;

/** A chat model that says what its script says, and remembers what it was asked. */
export class FakeChatModel implements ChatModelPort {
  readonly name = 'fake:1b';
  contextTokens = 4_096;
  ready: Promise<void> = Promise.resolve();
  readonly requests: ChatModelRequest[] = [];
  reason: 'stop' | 'length' = 'stop';
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  async *stream(request: ChatModelRequest): AsyncIterable<ChatPart> {
    this.requests.push(request);
    const answer = this.#script(request);
    if (typeof answer === 'string') yield { type: 'text', text: answer };
    else for await (const text of answer) yield { type: 'text', text };
    yield { type: 'done', reason: this.reason, usage: noUsage };
  }

  async complete(request: ChatModelRequest): Promise<{ text: string; reason: 'stop' | 'length' }> {
    let text = '';
    for await (const part of this.stream(request)) if (part.type === 'text') text += part.text;
    return { text, reason: this.reason };
  }
}

/** The newest message of a request. */
export function newest(request: ChatModelRequest): string {
  return request.messages.at(-1)?.content ?? '';
}
