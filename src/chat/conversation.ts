import type { ChatMessage } from '../providers/provider.js';
import { estimateTokens, tokensPerMessage } from './token-estimate.js';

type CountTokens = (text: string) => Promise<number>;

export interface FittedPrompt {
  readonly messages: readonly ChatMessage[];
  /** Older messages that do not fit and were left out of this prompt. */
  readonly leftOut: number;
}

/**
 * The messages of the chat and which of them still fit. The oldest go first and several at once (down to half of what is
 * there for history), so that the beginning of the prompt, which servers cache, stays the same for many turns.
 */
export class Conversation {
  /** What the model sees. */
  readonly #messages: { readonly message: ChatMessage; readonly tokens: number }[] = [];
  #lastUser: string | null = null;
  #lastAssistant: string | null = null;
  readonly #count: CountTokens;
  #first = 0;

  constructor(count?: CountTokens) {
    this.#count = count ?? ((text) => Promise.resolve(estimateTokens(text)));
  }

  /**
   * Adds what was said. With `byProgram` it was an order or a question that Wilson itself dealt with: it counts as the last
   * exchange, but the model does not see it, since a small one repeats "TASK-001 accepted" as its own next answer (I9).
   */
  async add(message: ChatMessage, options: { readonly byProgram?: boolean } = {}): Promise<void> {
    if (message.role === 'user') this.#lastUser = message.content;
    else if (message.role === 'assistant') this.#lastAssistant = message.content;
    if (options.byProgram === true) return;
    this.#messages.push({ message, tokens: (await this.#count(message.content)) + tokensPerMessage });
  }

  last(role: 'user' | 'assistant'): string | null {
    return role === 'user' ? this.#lastUser : this.#lastAssistant;
  }

  /** `opening`, the history that fits, and `newest`; null when `newest` alone leaves no room for an answer. */
  async fit(
    opening: readonly ChatMessage[],
    newest: string,
    contextTokens: number,
    answerTokens: number,
  ): Promise<FittedPrompt | null> {
    const fixed = await this.#tokens([...opening.map(({ content }) => content), newest]);
    const room = contextTokens - answerTokens - fixed;
    if (room < 0) return null;
    if (this.#size() > room) {
      while (this.#first < this.#messages.length && this.#size() > room / 2) this.#first += 1;
    }
    // A history that begins with an answer would be one without its question.
    while (this.#messages[this.#first]?.message.role === 'assistant') this.#first += 1;
    const history = this.#messages.slice(this.#first).map(({ message }) => message);
    return {
      messages: [...opening, ...history, { role: 'user', content: newest }],
      leftOut: this.#first,
    };
  }

  async #tokens(texts: readonly string[]): Promise<number> {
    const counts = await Promise.all(texts.map((text) => this.#count(text)));
    return counts.reduce((sum, count) => sum + count + tokensPerMessage, 0);
  }

  #size(): number {
    return this.#messages.slice(this.#first).reduce((sum, { tokens }) => sum + tokens, 0);
  }
}
