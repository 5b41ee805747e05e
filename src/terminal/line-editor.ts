import { graphemes } from './text-width.js';

/** How far back one step of the cursor looks for the start of a character; longer clusters do not occur in real text. */
const clusterLimit = 64;

/**
 * The line that is being typed: text, cursor and the lines sent before. It knows nothing of a terminal. The cursor is
 * an index into the text and never stands inside a character as readers see it.
 */
export class LineEditor {
  #text = '';
  #cursor = 0;
  #history: string[] = [];
  /** Position in the history; equal to its length while the own draft is shown. */
  #position = 0;
  #draft = '';

  get text(): string {
    return this.#text;
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** Replaces the lines that Up and Down walk through, oldest first. */
  setHistory(lines: readonly string[]): void {
    this.#history = [...lines];
    this.#position = this.#history.length;
  }

  insert(text: string): void {
    this.#text = this.#text.slice(0, this.#cursor) + text + this.#text.slice(this.#cursor);
    this.#cursor += text.length;
  }

  backspace(): void {
    this.#remove(this.#before(), this.#cursor);
  }

  deleteForward(): void {
    this.#remove(this.#cursor, this.#after());
  }

  left(): void {
    this.#cursor = this.#before();
  }

  right(): void {
    this.#cursor = this.#after();
  }

  wordLeft(): void {
    this.#cursor = this.#wordStart();
  }

  wordRight(): void {
    const rest = /^\s*\S+/u.exec(this.#text.slice(this.#cursor));
    this.#cursor = rest === null ? this.#text.length : this.#cursor + rest[0].length;
  }

  /** To the start of the current line of a text of several. */
  home(): void {
    this.#cursor = this.#text.lastIndexOf('\n', this.#cursor - 1) + 1;
    if (this.#cursor < 0) this.#cursor = 0;
  }

  end(): void {
    const next = this.#text.indexOf('\n', this.#cursor);
    this.#cursor = next === -1 ? this.#text.length : next;
  }

  killWord(): void {
    this.#remove(this.#wordStart(), this.#cursor);
  }

  killToStart(): void {
    const end = this.#cursor;
    this.home();
    this.#remove(this.#cursor, end);
  }

  killToEnd(): void {
    const start = this.#cursor;
    this.end();
    this.#remove(start, this.#cursor);
  }

  previous(): void {
    if (this.#position === 0) return;
    if (this.#position === this.#history.length) this.#draft = this.#text;
    this.#show(this.#position - 1);
  }

  next(): void {
    if (this.#position < this.#history.length) this.#show(this.#position + 1);
  }

  clear(): void {
    this.#text = '';
    this.#cursor = 0;
    this.#draft = '';
    this.#position = this.#history.length;
  }

  /** Returns the text, remembers it for Up and starts an empty line. */
  take(): string {
    const text = this.#text;
    if (text.trim() !== '' && this.#history.at(-1) !== text) this.#history.push(text);
    this.clear();
    return text;
  }

  #show(position: number): void {
    this.#position = position;
    this.#text = this.#history[position] ?? this.#draft;
    this.#cursor = this.#text.length;
  }

  #remove(start: number, end: number): void {
    this.#text = this.#text.slice(0, start) + this.#text.slice(end);
    this.#cursor = start;
  }

  #before(): number {
    const last = graphemes(this.#text.slice(Math.max(0, this.#cursor - clusterLimit), this.#cursor)).at(-1);
    return this.#cursor - (last?.length ?? 0);
  }

  #after(): number {
    const first = graphemes(this.#text.slice(this.#cursor, this.#cursor + clusterLimit))[0];
    return this.#cursor + (first?.length ?? 0);
  }

  #wordStart(): number {
    const head = /\S+\s*$/u.exec(this.#text.slice(0, this.#cursor));
    return head === null ? 0 : head.index;
  }
}
