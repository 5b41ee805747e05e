/** Runs turns one after the other, and remembers what waits. */
export class TurnQueue {
  readonly #run: (text: string, signal: AbortSignal) => Promise<void>;
  readonly #changed: () => void;
  readonly #waiting: string[] = [];
  #current: AbortController | null = null;
  #idle: Promise<void> = Promise.resolve();

  /** `run` must not reject. `changed` is called when a turn begins or ends or the queue grows. */
  constructor(run: (text: string, signal: AbortSignal) => Promise<void>, changed: () => void) {
    this.#run = run;
    this.#changed = changed;
  }

  get busy(): boolean {
    return this.#current !== null;
  }

  /** Messages that wait for their turn, oldest first. */
  get waiting(): readonly string[] {
    return this.#waiting;
  }

  push(text: string): void {
    this.#waiting.push(text);
    if (this.#current === null) this.#idle = this.#drain();
    else this.#changed();
  }

  /** Stops the turn that runs; false when none does. Messages that wait stay. */
  interrupt(): boolean {
    if (this.#current === null || this.#current.signal.aborted) return false;
    this.#current.abort();
    return true;
  }

  /** Stops the turn that runs and forgets those that wait. */
  clear(): void {
    this.#waiting.length = 0;
    this.interrupt();
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    while (this.#current !== null || this.#waiting.length > 0) await this.#idle;
  }

  async #drain(): Promise<void> {
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      this.#current = new AbortController();
      this.#changed();
      try {
        await this.#run(text, this.#current.signal);
      } finally {
        this.#current = null;
      }
    }
    this.#changed();
  }
}
