import { fullName } from './ollama-double-models.js';

/**
 * `loading` and `reloading` (for other options) begin, `loaded` is the end of either; `load-killed`: its last client left, or
 * the one that began it (then it begins again for the others); `stuck`: a load blocks for ever; `unload-lost`: an unload that
 * was asked for and had no effect. A model is gone with `unloaded` (asked for), `evicted` (for room), `expired` (idle),
 * `restarting` (for other options), `crashed`, or `taken` (behind our back).
 */
export type HistoryKind =
  | 'loading'
  | 'reloading'
  | 'loaded'
  | 'load-killed'
  | 'stuck'
  | 'unload-lost'
  | 'unloaded'
  | 'evicted'
  | 'expired'
  | 'restarting'
  | 'crashed'
  | 'taken';

export interface HistoryEntry {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly what: HistoryKind;
  readonly model: string;
}

export interface LoadCounts {
  readonly loads: number;
  readonly reloads: number;
}

/** What happened, in its order, for tests to read and to wait for. */
export class History {
  private entries: readonly HistoryEntry[] = [];
  private waiting: readonly { isOver: () => boolean; resolve: () => void }[] = [];

  all(): readonly HistoryEntry[] {
    return this.entries;
  }

  add(entry: HistoryEntry): void {
    this.entries = [...this.entries, entry];
    const over = this.waiting.filter(({ isOver }) => isOver());
    this.waiting = this.waiting.filter((each) => !over.includes(each));
    for (const { resolve } of over) resolve();
  }

  /** Resolves when that has happened so many times since the start, perhaps long ago. */
  until(what: HistoryKind, model: string, times: number): Promise<void> {
    const isOver = () =>
      this.entries.filter((entry) => entry.what === what && entry.model === fullName(model)).length >= times;
    return new Promise((resolve) => {
      if (isOver()) resolve();
      else this.waiting = [...this.waiting, { isOver, resolve }];
    });
  }
}
