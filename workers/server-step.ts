import type { HoldGate } from './hold-gate.js';

/** A step that made room for the chat so often runs to its end the next time, whatever the chat does. */
const mostYields = 2;

/**
 * One step of a worker that asks a server, which serves one request after the other: it begins when the chat is silent, is
 * given up when a chat turn begins, and asked again after it (its prompt is in the server's cache then). At most twice:
 * the third time it runs through, bounded by the request's own timeouts.
 */
export class ServerStep {
  private yields = 0;

  /** `onYield` is called once for a step, when it first makes room. */
  constructor(
    private readonly gate: HoldGate,
    private readonly signal: AbortSignal,
    private readonly onYield: () => void,
  ) {}

  /** Resolves with what `ask` answers in the end. Rejects as `ask` does, or with `ABORTED` when the work was stopped. */
  async run<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      await this.gate.passage(this.signal);
      // It may have closed before we had our turn.
      if (this.gate.isHeld) continue;
      const room = new AbortController();
      const end = this.yields < mostYields ? this.gate.onClose(() => room.abort()) : this.gate.runThrough();
      try {
        return await ask(AbortSignal.any([this.signal, room.signal]));
      } catch (error) {
        if (!room.signal.aborted || this.signal.aborted) throw error;
        if (this.yields === 0) this.onYield();
        this.yields += 1;
      } finally {
        end();
      }
    }
  }
}
