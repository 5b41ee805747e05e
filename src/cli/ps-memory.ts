import { type MemoryNeed, type MemoryUse, withNeed } from '../store/memory-use.js';

/** What is seen of the memory that Wilson takes. */
export interface SeenMemory {
  /** Chats whose model is in an engine of their own; null before it was measured. */
  readonly chats: readonly { readonly reservedMb: number; readonly engineMb: number | null }[];
  /** Workers; null before the first sample. */
  readonly workers: readonly {
    readonly reservedMb: number;
    readonly processMb: number | null;
    readonly model: MemoryNeed['model'];
  }[];
  /** Models on servers of this machine that Wilson has loaded, or loads: those have `memoryMb` promised, not taken. */
  readonly models: readonly { readonly key: string; readonly memoryMb: number; readonly isLoaded: boolean }[];
}

/**
 * What is promised and not in use yet, in MB: of each worker and chat what it has not taken of its share, and each model
 * that is still to come once, however many wait for it. Pure.
 */
export function promisedMb({ chats, workers, models }: SeenMemory): number {
  const there: MemoryUse = { ...nothing, models: models.filter(({ isLoaded }) => isLoaded) };
  const coming = [
    ...models.filter(({ isLoaded }) => !isLoaded),
    ...workers.flatMap(({ model }) => (model === null ? [] : [model])),
  ];
  const promised = coming.reduce((use, model) => withNeed(use, { processMb: 0, model }), there);
  const shares = [
    ...workers.map(({ reservedMb, processMb }) => reservedMb - (processMb ?? 0)),
    ...chats.map(({ reservedMb, engineMb }) => reservedMb - (engineMb ?? 0)),
  ];
  return shares.reduce((sum, share) => sum + Math.max(0, share), promised.promisedMb);
}

const nothing: MemoryUse = { chatsMb: 0, workersMb: 0, models: [], promisedMb: 0 };
