import type { LiveRegion } from '../terminal/live-region.js';
import { Sanitizer, sanitize } from '../terminal/sanitize.js';
import { wrapWords } from '../terminal/text-width.js';
import type { Theme } from '../terminal/theme.js';
import type { ChatView, LineKind } from './view.js';

/** The chat on a terminal: everything goes above the prompt, through the live region. */
export class TerminalView implements ChatView {
  readonly #region: LiveRegion;
  readonly #theme: Theme;
  readonly #colors: boolean;
  readonly #onWaiting: (text: string | null) => void;
  #answer: Sanitizer | null = null;

  constructor(region: LiveRegion, theme: Theme, colors: boolean, onWaiting: (text: string | null) => void) {
    this.#region = region;
    this.#theme = theme;
    this.#colors = colors;
    this.#onWaiting = onWaiting;
  }

  say(text: string, kind: LineKind, onShown?: () => void): void {
    const paint = { notice: this.#theme.notice, reply: plain, error: this.#theme.error, hint: this.#theme.dim }[kind];
    const lines = sanitize(text)
      .split('\n')
      .flatMap((line) => wrapped(line, this.#region.columns - 1));
    this.#region.print(lines.map(paint).join('\n'));
    // What is printed after the end of the chat nobody sees.
    if (!this.#region.isClosed) onShown?.();
  }

  sayRendered(text: string): void {
    this.#region.print(sanitize(text, { keepColors: this.#colors }));
  }

  /** What the user has sent, as it stays in the scrollback. */
  userLine(text: string): void {
    const [first = '', ...rest] = sanitize(text).split('\n');
    this.#region.print(
      [this.#theme.user(`› ${first}`), ...rest.map((line) => this.#theme.user(`  ${line}`))].join('\n'),
    );
  }

  answer(text: string): void {
    this.#answer ??= new Sanitizer();
    this.#region.appendAnswer(this.#answer.push(text));
  }

  endAnswer(): void {
    this.#answer = null;
    this.#region.endAnswer();
  }

  waiting(text: string | null): void {
    this.#onWaiting(text);
  }
}

/** A line of a notice as rows that break between words, each indented like the first. */
function wrapped(line: string, columns: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  if (columns - indent.length < leastColumns) return [line];
  return wrapWords(line.slice(indent.length), columns - indent.length).map((row) => indent + row);
}

/** A terminal that is narrower breaks lines by itself. */
const leastColumns = 20;

function plain(text: string): string {
  return text;
}
