import type { Clock, Timer } from '../src/clock.js';
import type { Progress } from '../src/task/task.js';
import type { HoldGate } from './hold-gate.js';

/** Shorter holds are not shown: a status line that flickers with every turn says nothing. */
const shownAfterMs = 2_000;
const waits = 'waits for the chat';

/** Shows what the work has come to and, while it is held for longer than a moment, that it waits. */
export class HeldProgress {
  private latest: Progress = { fraction: null, basis: '', message: '' };
  private waiting = false;
  private watching = false;
  private readonly over = new AbortController();
  private readonly stopListening: () => void;

  constructor(
    private readonly gate: Pick<HoldGate, 'onClose' | 'passage'>,
    private readonly clock: Clock,
    private readonly send: (progress: Progress) => void,
  ) {
    this.stopListening = gate.onClose(() => this.watch());
  }

  /** The newest progress; shown now, or when the hold is over. */
  show(progress: Progress): void {
    this.latest = progress;
    this.send(this.waiting ? { ...progress, message: waits } : progress);
  }

  stop(): void {
    this.stopListening();
    this.over.abort();
  }

  private watch(): void {
    if (this.watching) return;
    this.watching = true;
    const timer = this.clock.after(shownAfterMs, () => {
      this.waiting = true;
      this.show(this.latest);
    });
    this.gate.passage(this.over.signal).then(
      () => this.release(timer),
      // The work is over; there is nothing more to show.
      () => timer.cancel(),
    );
  }

  private release(timer: Timer): void {
    timer.cancel();
    this.watching = false;
    if (!this.waiting) return;
    this.waiting = false;
    this.show(this.latest);
  }
}
