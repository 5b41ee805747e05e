import type { Clock, Timer } from '../clock.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import type { Log } from '../log.js';
import type { StoreThread } from '../store/store-thread.js';
import { megabytes } from '../task/memory-amount.js';
import { outgrownText, ThresholdCrossing, takenMb, type WatchedMemory, workerToStop } from './memory-watch.js';
import type { MachineMemory } from './supervisor-options.js';

export interface MemoryGuardOptions {
  readonly store: Pick<StoreThread, 'workers'>;
  readonly sessionId: string;
  readonly limits: { readonly maxMemoryMb: number; readonly warnThresholdMb: number };
  readonly memory: MachineMemory;
  readonly clock: Clock;
  readonly log: Log;
  /** How often it looks while workers run. */
  readonly everyMs: number;
  /** Whether a worker of this session runs. */
  isBusy(): boolean;
  stop(taskId: string, attempt: number, reason: WilsonError): void;
  warn(text: string): void;
}

/** Without workers only models and chats can have grown. */
const idleLookMs = 5_000;

/**
 * Looks at what all wilson processes take together while it runs: stops a worker of this session that outgrew what it had
 * reserved when the ceiling is passed, and warns once at each crossing of the threshold.
 */
export class MemoryGuard {
  private readonly threshold: ThresholdCrossing;
  private timer: Timer | null = null;
  private looking = false;
  private ended = false;

  constructor(private readonly options: MemoryGuardOptions) {
    this.threshold = new ThresholdCrossing(options.limits.warnThresholdMb);
  }

  start(): void {
    this.next();
  }

  end(): void {
    this.ended = true;
    this.timer?.cancel();
  }

  /** Looks sooner: a worker has started. */
  wake(): void {
    // A look that is under way is followed by the next one soon enough.
    if (!this.looking) this.next();
  }

  private next(): void {
    this.timer?.cancel();
    if (this.ended) return;
    const delayMs = this.options.isBusy() ? this.options.everyMs : idleLookMs;
    this.timer = this.options.clock.after(delayMs, () => {
      this.looking = true;
      this.look()
        .catch((error: unknown) => {
          if (!this.ended) this.options.log.warn({ error: toErrorRecord(error) }, 'the memory could not be looked at');
        })
        .finally(() => {
          this.looking = false;
          this.next();
        });
    });
  }

  private async look(): Promise<void> {
    const { store, limits, memory, sessionId } = this.options;
    const [slots, use] = await Promise.all([store.workers.list(), store.workers.memoryUse()]);
    const workers = slots
      .filter((slot) => slot.identity !== null)
      .map((slot) => ({ ...slot, processMb: slot.processMb ?? 0 }));
    const modelsMb = use.models.reduce((sum, model) => sum + model.memoryMb, 0);
    const watched: WatchedMemory = {
      workers,
      othersMb: use.chatsMb + modelsMb,
      maxMemoryMb: limits.maxMemoryMb,
      availableMb: memory.availableMb(),
    };
    const victim = workerToStop(watched);
    if (victim !== null && victim.sessionId === sessionId) {
      const text = outgrownText(victim, watched);
      const reason = new WilsonError('MEMORY_EXCEEDED', text, {
        hint: 'A smaller task or a smaller model needs less; resources.max_memory_mb in config.yaml says what Wilson may take.',
      });
      this.options.stop(victim.taskId, victim.attempt, reason);
    }
    if (this.threshold.crossed(takenMb(watched))) this.options.warn(warning(watched, use.chatsMb, modelsMb, limits));
  }
}

function warning(
  watched: WatchedMemory,
  chatsMb: number,
  modelsMb: number,
  limits: MemoryGuardOptions['limits'],
): string {
  const parts = [
    ...watched.workers.map(({ taskId, processMb }) => `${taskId} ${megabytes(processMb)}`),
    ...(modelsMb > 0 ? [`models ${megabytes(modelsMb)}`] : []),
    ...(chatsMb > 0 ? [`chat ${megabytes(chatsMb)}`] : []),
  ].join(', ');
  const made = parts === '' ? '' : ` (${parts})`;
  return `⚠️ Wilson takes ${megabytes(takenMb(watched))} of memory${made}. warn_threshold_mb is ${megabytes(limits.warnThresholdMb)}, the ceiling ${megabytes(limits.maxMemoryMb)}.`;
}
