import type { ChatPart, ToolSpec } from './provider.js';
import { locateToolCalls } from './tool-call-parser.js';

const opening = /^[{[<`~]/;

/**
 * Passes streamed text on at once, but holds back what may be a tool call until the end shows whether it is one: from the
 * first line that opens like a call. At the end each call becomes a `tool-call` part and the rest comes as text. A call
 * with a problem comes as the text it was, so that whoever asked can find the problem with `parseToolCalls` and ask again.
 *
 * Without tools everything is passed on unchanged.
 */
export class ToolTextFilter {
  private text = '';
  /** Up to here it was passed on. */
  private passed = 0;
  private holding = false;

  constructor(private readonly tools: readonly ToolSpec[]) {}

  *push(piece: string): Generator<ChatPart, void, undefined> {
    if (piece === '') return;
    if (this.tools.length === 0) {
      yield { type: 'text', text: piece };
      return;
    }
    this.text += piece;
    const end = this.safeEnd();
    if (end > this.passed) {
      const text = this.text.slice(this.passed, end);
      this.passed = end;
      yield { type: 'text', text };
    }
  }

  *end(): Generator<ChatPart, void, undefined> {
    if (this.passed >= this.text.length) return;
    const { calls, spans, problem } = locateToolCalls(this.text, this.tools);
    let rest = '';
    let at = this.passed;
    for (const span of problem === null ? spans : []) {
      rest += this.text.slice(at, Math.max(at, span.start));
      at = Math.max(at, span.end);
    }
    rest += this.text.slice(at);
    if (calls.length === 0 ? rest !== '' : rest.trim() !== '') yield { type: 'text', text: rest };
    for (const call of calls) yield { type: 'tool-call', call };
    this.passed = this.text.length;
  }

  /** The end of what can be passed on: whole lines and the line being written, as long as none may open a call. */
  private safeEnd(): number {
    let lineStart = this.text.lastIndexOf('\n', this.passed - 1) + 1;
    while (!this.holding && lineStart < this.text.length) {
      const newline = this.text.indexOf('\n', lineStart);
      const line = this.text.slice(lineStart, newline === -1 ? this.text.length : newline).trimStart();
      if (opening.test(line) || this.mayName(line)) {
        if (newline === -1 && !opening.test(line) && !this.names(line)) return lineStart;
        this.holding = opening.test(line) || this.names(line);
        if (this.holding) return lineStart;
      }
      if (newline === -1) return line === '' ? lineStart : this.text.length;
      lineStart = newline + 1;
    }
    return this.holding ? this.passed : this.text.length;
  }

  /** Whether the line may still become `name(…)`. */
  private mayName(line: string): boolean {
    const word = /^[\w.-]*/.exec(line)?.[0] ?? '';
    return (
      word !== '' &&
      (word.length === line.length ? this.tools.some((tool) => tool.name.startsWith(word)) : this.names(line))
    );
  }

  private names(line: string): boolean {
    return this.tools.some((tool) => line.startsWith(`${tool.name}(`));
  }
}
