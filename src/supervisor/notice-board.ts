import type { Notice } from './port.js';

/** How many notices are kept for a listener that comes after they were made. */
const keptNotices = 50;

/** Tells listeners what happened; notices that came before the first listener are kept for it. */
export class NoticeBoard {
  private readonly noticeListeners = new Set<(notice: Notice) => void>();
  private readonly changeListeners = new Set<() => void>();
  private waiting: Notice[] = [];

  notice(notice: Notice): void {
    if (this.noticeListeners.size === 0) {
      this.waiting = [...this.waiting, notice].slice(-keptNotices);
      return;
    }
    for (const listener of this.noticeListeners) listener(notice);
  }

  change(): void {
    for (const listener of this.changeListeners) listener();
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    this.noticeListeners.add(listener);
    for (const notice of this.waiting.splice(0)) listener(notice);
    return () => this.noticeListeners.delete(listener);
  }

  onChange(listener: () => void): () => void {
    this.changeListeners.add(listener);
    return () => this.changeListeners.delete(listener);
  }
}
