import { layoutRegion, type RegionContent, type RegionLayout } from './region-layout.js';
import { textWidth, wrapWords } from './text-width.js';
import type { Theme } from './theme.js';

const beginFrame = '\u001b[?2026h\u001b[?25l';
const endFrame = '\u001b[?25h\u001b[?2026l';
const noWrap = '\u001b[?7l';
const wrap = '\u001b[?7h';

/** The part of a terminal's output stream that is used. */
export interface RegionOutput {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): boolean;
}

/**
 * The bottom lines of the window: an unfinished answer row, hints, status lines and the prompt. Text printed through it
 * goes above them into the scrollback and is never drawn again. Every frame is one write; frames asked for in the same
 * turn of the event loop become one.
 */
export class LiveRegion {
  readonly #output: RegionOutput;
  readonly #theme: Theme;
  #content: RegionContent = { answer: null, hints: [], status: [], label: '', text: '', cursor: 0 };
  /** Lines that wait to be printed above. */
  #above: string[] = [];
  #drawn: RegionLayout | null = null;
  #drawnColumns = 0;
  #scheduled: NodeJS.Immediate | null = null;
  #closed = false;

  constructor(output: RegionOutput, theme: Theme) {
    this.#output = output;
    this.#theme = theme;
  }

  /** Columns of the window; 80 where it does not say. */
  get columns(): number {
    return this.#output.columns ?? 80;
  }

  /** Whether it is gone: what is printed now appears nowhere. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Shows new content with the next frame; what is not named stays as it is. */
  update(change: Partial<RegionContent>): void {
    this.#content = { ...this.#content, ...change };
    this.#schedule();
  }

  /** Prints whole lines above the region. The text must hold no control codes but colours. */
  print(text: string): void {
    this.#above.push(...text.split('\n').map((line) => line.replaceAll('\t', '    ')));
    this.#schedule();
  }

  /** Adds to the answer that is being written: its full rows go above, the last one stays in the region. */
  appendAnswer(text: string): void {
    const lines = `${this.#content.answer ?? ''}${text.replaceAll('\t', '    ')}`.split('\n');
    const open = lines.pop() ?? '';
    const width = Math.max(1, this.columns - 1);
    for (const line of lines) this.#above.push(...wrapWords(line, width));
    const rows = wrapWords(open, width);
    this.#above.push(...rows.slice(0, -1));
    this.update({ answer: rows.at(-1) ?? '' });
  }

  /** Puts the last row of the answer above too. */
  endAnswer(): void {
    const rest = this.#content.answer;
    if (rest !== null && rest !== '') this.print(rest);
    this.update({ answer: null });
  }

  /** The window has another size: rows drawn before may have been broken anew by the terminal. */
  resized(): void {
    this.#schedule();
  }

  /** Draws everything anew on an empty window. */
  redraw(): void {
    if (this.#closed) return;
    this.#drawn = null;
    this.#output.write('\u001b[2J\u001b[H');
    this.#schedule();
  }

  /** Draws what is pending now. */
  flush(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#scheduled = null;
    if (this.#closed) return;
    this.#draw();
  }

  /** Prints what is pending, removes the region and leaves the cursor at the start of an empty line. */
  close(): void {
    if (this.#closed) return;
    this.endAnswer();
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#closed = true;
    this.#output.write(`${this.#toTop()}\u001b[J${this.#takeAbove()}${wrap}\u001b[?25h`);
  }

  #schedule(): void {
    if (this.#closed || this.#scheduled !== null) return;
    this.#scheduled = setImmediate(() => this.flush());
  }

  #takeAbove(): string {
    const text = this.#above.map((line) => `${line}\r\n`).join('');
    this.#above = [];
    return text;
  }

  #draw(): void {
    const layout = layoutRegion(this.#content, this.columns, this.#output.rows ?? 24);
    if (this.#above.length === 0 && this.#drawn !== null && this.#drawnColumns === this.columns) {
      if (sameLayout(layout, this.#drawn)) return;
    }
    const printed = this.#above.length > 0 ? `\u001b[J${this.#takeAbove()}` : '';
    const rows = layout.rows.map((row, index) => this.#paint(row, layout.kinds[index] ?? 'prompt'));
    const up = layout.rows.length - 1 - layout.cursorRow;
    const frame =
      beginFrame +
      this.#toTop() +
      printed +
      noWrap +
      rows.join('\u001b[K\r\n') +
      '\u001b[J' +
      (up > 0 ? `\u001b[${up}A` : '') +
      '\r' +
      layout.cursorPrefix +
      wrap +
      endFrame;
    this.#drawn = layout;
    this.#drawnColumns = this.columns;
    this.#output.write(frame);
  }

  /** Moves from the cursor to the region's first row, counting rows that a narrower window has broken in two. */
  #toTop(): string {
    if (this.#drawn === null) return '\r';
    const columns = Math.max(1, this.columns);
    const above = this.#drawn.rows.slice(0, this.#drawn.cursorRow);
    const narrower = columns < this.#drawnColumns;
    const height = above.reduce(
      (sum, row) => sum + (narrower ? Math.max(1, Math.ceil(textWidth(row) / columns)) : 1),
      0,
    );
    return height > 0 ? `\r\u001b[${height}A` : '\r';
  }

  #paint(row: string, kind: RegionLayout['kinds'][number]): string {
    if (kind === 'status') return this.#theme.status(row);
    return kind === 'hint' ? this.#theme.dim(row) : row;
  }
}

function sameLayout(a: RegionLayout, b: RegionLayout): boolean {
  return (
    a.cursorRow === b.cursorRow &&
    a.cursorPrefix === b.cursorPrefix &&
    a.rows.length === b.rows.length &&
    a.rows.every((row, index) => row === b.rows[index] && a.kinds[index] === b.kinds[index])
  );
}
