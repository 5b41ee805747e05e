import type { StoreThread } from '../store/store-thread.js';
import type { Task } from '../task/task.js';
import { queuedText } from './notice-text.js';
import type { Wait } from './scheduler.js';
import type { TaskLedger } from './task-ledger.js';

/** Notes why tasks wait for a slot or memory, and tells people once for each. */
export class QueueWaits {
  private readonly announced = new Set<string>();

  constructor(
    private readonly store: StoreThread,
    private readonly ledger: TaskLedger,
  ) {}

  async note(waits: readonly Wait[], candidates: readonly Task[]): Promise<void> {
    if (waits.length === 0) return;
    const news = new Set(await this.store.tasks.setQueuedReasons(waits));
    for (const { taskId, detail } of waits) {
      const task = candidates.find(({ id }) => id === taskId);
      if (task === undefined || !news.has(taskId) || this.announced.has(taskId)) continue;
      this.announced.add(taskId);
      this.ledger.say('queued', taskId, queuedText(task, detail));
      void this.ledger.record(taskId, 'info', 'queued', detail);
    }
  }

  /** It runs or is over: the next wait is news again. */
  forget(taskId: string): void {
    this.announced.delete(taskId);
  }
}
