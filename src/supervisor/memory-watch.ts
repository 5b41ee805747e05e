import { megabytes } from '../task/memory-amount.js';

/** A live worker as it was last measured. */
export interface WatchedWorker {
  readonly taskId: string;
  readonly attempt: number;
  readonly sessionId: string;
  readonly processMb: number;
  readonly reservedMb: number;
  /** ISO 8601: when its slot was taken. */
  readonly claimedAt: string;
}

export interface WatchedMemory {
  readonly workers: readonly WatchedWorker[];
  /** Chats and models on local servers. */
  readonly othersMb: number;
  readonly maxMemoryMb: number;
  /** What the machine has left; null where it does not say. */
  readonly availableMb: number | null;
}

/** With less than this the machine begins to swap, or its kernel to kill. */
const criticalMb = 128;

/**
 * The worker to be stopped because Wilson takes more than it may, or the machine has nothing left: among those that outgrew
 * what they had reserved the largest, of equals the youngest. Null when all is well, or when nobody is to blame. The chat is
 * never among them. Pure, and the same for every session that looks: each stops only its own.
 */
export function workerToStop(memory: WatchedMemory): WatchedWorker | null {
  const totalMb = takenMb(memory);
  const short = memory.availableMb !== null && memory.availableMb < criticalMb;
  if (totalMb <= memory.maxMemoryMb && !short) return null;
  const outgrown = memory.workers.filter(({ processMb, reservedMb }) => processMb > reservedMb);
  const [first] = outgrown.toSorted(
    (a, b) => b.processMb - a.processMb || b.claimedAt.localeCompare(a.claimedAt) || b.taskId.localeCompare(a.taskId),
  );
  return first ?? null;
}

/** What Wilson takes as it is measured. Pure. */
export function takenMb(memory: Pick<WatchedMemory, 'workers' | 'othersMb'>): number {
  return memory.workers.reduce((sum, worker) => sum + worker.processMb, memory.othersMb);
}

/** Why a worker is stopped, for its task. Pure. */
export function outgrownText(worker: WatchedWorker, memory: WatchedMemory): string {
  const totalMb = takenMb(memory);
  const pressed =
    totalMb > memory.maxMemoryMb
      ? `Wilson took ${megabytes(totalMb)} of the ${megabytes(memory.maxMemoryMb)} it may take`
      : `the machine had only ${megabytes(memory.availableMb ?? 0)} left`;
  return `The worker grew to ${megabytes(worker.processMb)}, had reserved ${megabytes(worker.reservedMb)}, and was stopped because ${pressed}.`;
}

/** Falls below the threshold again at this share of it, so that breathing around it is one crossing and not many. */
const rearmShare = 0.95;

/** Tells each crossing of a threshold once. */
export class ThresholdCrossing {
  private above = false;

  constructor(private readonly thresholdMb: number) {}

  /** True at the sample that crosses it from below. */
  crossed(amountMb: number): boolean {
    if (amountMb >= this.thresholdMb) {
      const news = !this.above;
      this.above = true;
      return news;
    }
    if (amountMb < this.thresholdMb * rearmShare) this.above = false;
    return false;
  }
}
