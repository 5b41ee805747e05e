/** Messages of one question, in order, for one reader; ends with the failure, if there is one. */
export class Inbox<Message> {
  readonly #messages: Message[] = [];
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  push(message: Message): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  /** Everything pushed before is still read; afterwards `next` rejects. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  /** As {@link fail}, but at once: what has not been read is dropped. */
  abandon(error: Error): void {
    this.#messages.length = 0;
    this.#failure = error;
    this.#wake?.();
  }

  async next(): Promise<Message> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
