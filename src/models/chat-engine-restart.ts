/** How often the engine may be started again, within what time in milliseconds. */
export interface RestartPolicy {
  readonly maxRestarts: number;
  readonly windowMs: number;
}

export const defaultRestartPolicy: RestartPolicy = { maxRestarts: 3, windowMs: 60_000 };

/** Remembers failures and decides whether another start is allowed. Old failures are forgotten with the window. */
export class RestartBudget {
  #failuresMs: number[] = [];

  constructor(private readonly policy: RestartPolicy) {}

  /** Notes a failure at a monotonic time. */
  failed(nowMs: number): void {
    this.#failuresMs.push(nowMs);
  }

  /** Whether the engine may be started at that time. */
  allows(nowMs: number): boolean {
    this.#failuresMs = this.#failuresMs.filter((atMs) => nowMs - atMs < this.policy.windowMs);
    return this.#failuresMs.length <= this.policy.maxRestarts;
  }
}
