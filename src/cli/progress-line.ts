/** One line on a terminal that is written over; on anything else, a plain line now and then. */
export class ProgressLine {
  private shown = false;
  private lastPlainMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  show(text: string): void {
    if (this.stream.isTTY) {
      const columns = this.stream.columns || 80;
      this.stream.write(`\r\u001b[K${text.slice(0, columns - 1)}`);
      this.shown = true;
      return;
    }
    const nowMs = performance.now();
    if (nowMs - this.lastPlainMs < plainEveryMs) return;
    this.lastPlainMs = nowMs;
    this.stream.write(`${text}\n`);
  }

  clear(): void {
    if (this.shown) this.stream.write('\r\u001b[K');
    this.shown = false;
  }
}

const plainEveryMs = 5_000;
