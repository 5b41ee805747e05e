import type { Clock, Timer } from '../src/clock.js';
import { noUsage, type Usage } from '../src/task/task.js';

/** Each report may become a write to the disk, and a worker that is killed loses no more than what came after the last. */
const everyMs = 1_000;

/** Tells the parent what the work has used while it runs: an attempt that is killed sends no result. */
export class UsageReport {
  private told: Usage = noUsage;
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly send: (usage: Usage) => void,
  ) {}

  /** Tells what there is now, and from then on, once a second, what is new. */
  watch(usage: () => Usage): void {
    this.tell(usage());
    this.timer = this.clock.after(everyMs, () => this.watch(usage));
  }

  stop(): void {
    this.timer?.cancel();
  }

  private tell(usage: Usage): void {
    const isOld = (Object.keys(noUsage) as (keyof Usage)[]).every((key) => usage[key] === this.told[key]);
    if (isOld) return;
    this.told = usage;
    this.send(usage);
  }
}
