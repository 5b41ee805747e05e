import type { Clock, Timer } from '../../src/clock.js';
import { fullName } from './ollama-double-models.js';
import type { Call } from './ollama-double-runner.js';

/** A load under way, with all requests that wait for it. It belongs to the first of them. */
export class Load {
  private readonly timer: Timer | null;

  /** `done` is called when it is over, never at once; with `ms` null it never is. */
  constructor(
    public callers: readonly Call[],
    readonly first: Call,
    ms: number | null,
    clock: Clock,
    done: (load: Load) => void,
  ) {
    this.timer = ms === null ? null : clock.after(ms, () => done(this));
  }

  get hangs(): boolean {
    return this.timer === null;
  }

  isFor(call: Call): boolean {
    return fullName(this.first.model.name) === fullName(call.model.name) && this.first.options === call.options;
  }

  join(call: Call): void {
    this.callers = [...this.callers, call];
  }

  /** True when it was the one that began it, and so the load is ended. One that hangs does not end. */
  leave(call: Call): boolean {
    if (this.hangs) return false;
    this.callers = this.callers.filter((each) => each !== call);
    if (call !== this.first) return false;
    this.cancel();
    return true;
  }

  cancel(): void {
    this.timer?.cancel();
  }
}
