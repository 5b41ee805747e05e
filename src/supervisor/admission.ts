import { addedMb, type MemoryUse, usedMb } from '../store/memory-use.js';
import { megabytes } from '../task/memory-amount.js';
import type { MemorySum } from '../task/task.js';
import type { TaskNeed } from './port.js';

/** What memory there is to give. */
export interface MemoryLimits {
  /** `resources.max_memory_mb`, for everything of Wilson on this machine together. */
  readonly maxMemoryMb: number;
  /** What stays taken for as long as this session lives: its chat. What does not fit beside it never will. */
  readonly permanent: MemoryUse;
  /** What the machine has left at this moment; null where it does not say. */
  readonly availableMb: number | null;
  /** All memory of the machine, or of the container. */
  readonly totalMb: number;
}

export type Admission =
  | { readonly fits: true }
  | { readonly fits: false; readonly never: boolean; readonly detail: string; readonly sum: MemorySum };

/** Kept free for everybody else, so that a machine under pressure is not pushed into swapping. */
export const keepFreeMb = 256;

/**
 * Whether a need fits beside what is taken: below the ceiling, and into what the machine really has left after all promises
 * are kept. `never` when it would not fit if nothing but this session's chat ran. Pure.
 */
export function admit(use: MemoryUse, need: TaskNeed, limits: MemoryLimits): Admission {
  const needMb = addedMb(use, need);
  const takenMb = usedMb(use);
  const leftMb = limits.availableMb === null ? null : Math.max(0, limits.availableMb - use.promisedMb - keepFreeMb);
  const sum = { needMb, takenMb, ceilingMb: limits.maxMemoryMb, availableMb: roughly(leftMb) };
  const aloneMb = addedMb(limits.permanent, need);
  const permanentMb = usedMb(limits.permanent);
  const asked = `needs ${megabytes(needMb)} (${need.parts})`;
  if (permanentMb + aloneMb > limits.maxMemoryMb) {
    const beside = permanentMb === 0 ? '' : ` and the chat keeps ${megabytes(permanentMb)}`;
    const detail = `needs ${megabytes(aloneMb)} (${need.parts}); Wilson may take ${megabytes(limits.maxMemoryMb)}${beside}`;
    return { fits: false, never: true, detail, sum };
  }
  if (permanentMb + aloneMb > limits.totalMb) {
    const detail = `needs ${megabytes(aloneMb)} (${need.parts}); this machine has ${megabytes(limits.totalMb)}`;
    return { fits: false, never: true, detail, sum };
  }
  if (takenMb + needMb > limits.maxMemoryMb) {
    return {
      fits: false,
      never: false,
      detail: `${asked}; ${megabytes(takenMb)} of ${megabytes(limits.maxMemoryMb)} are taken`,
      sum,
    };
  }
  if (leftMb !== null && needMb > leftMb) {
    const detail = `${asked}; the machine has only about ${megabytes(sum.availableMb ?? 0)} left beside what runs`;
    return { fits: false, never: false, detail, sum };
  }
  return { fits: true };
}

/** Steps that are large enough for the text to stay the same while the machine breathes. */
function roughly(amountMb: number | null): number | null {
  return amountMb === null ? null : Math.floor(amountMb / 128) * 128;
}
