import type { Clock, Timer } from '../clock.js';

/** What can be stopped and continued as a whole, with all that it started. */
export interface Stoppable {
  stop(): void;
  go(): void;
}

/** Time for which a load may be stopped, all stops together: somebody who chats without pause delays it by this. */
const budgetMs = 10_000;

/**
 * Stops a worker that loads its embedded model while a chat turn runs: a load cannot stand still by itself, and on a few cores
 * a chat beside it takes several times as long. Once the worker has its model it holds still between two tokens instead
 * (see workers/hold-gate.ts) and is not stopped any more.
 */
export class LoadPause {
  private leftMs = budgetMs;
  private sinceMs: number | null = null;
  private timer: Timer | null = null;
  private over = false;

  constructor(
    private readonly target: Stoppable,
    private readonly clock: Clock,
  ) {}

  /** A turn begins. Does nothing once the time is used up or the load is over. */
  hold(): void {
    if (this.over || this.sinceMs !== null || this.leftMs <= 0) return;
    this.sinceMs = this.clock.monotonicMs();
    this.timer = this.clock.after(this.leftMs, () => this.resume());
    this.target.stop();
  }

  /** The turn is over. */
  resume(): void {
    if (this.sinceMs === null) return;
    this.timer?.cancel();
    this.leftMs -= this.clock.monotonicMs() - this.sinceMs;
    this.sinceMs = null;
    this.target.go();
  }

  /** The worker has its model, or is to end: it runs from now on. */
  end(): void {
    this.over = true;
    this.resume();
  }
}
