import { Sanitizer, sanitize } from '../terminal/sanitize.js';
import type { ChatView, LineKind } from './view.js';

interface TextOutput {
  write(text: string): boolean;
}

/**
 * The chat on plain streams: answers and notices to one, errors and hints to the other, without any escape sequence. A
 * notice that comes while an answer is being written waits for its end.
 */
export class PipedView implements ChatView {
  readonly #output: TextOutput;
  readonly #errors: TextOutput;
  #answer: Sanitizer | null = null;
  #endsLine = true;
  #held: { readonly line: string; readonly onShown: (() => void) | undefined }[] = [];

  constructor(output: TextOutput, errors: TextOutput) {
    this.#output = output;
    this.#errors = errors;
  }

  say(text: string, kind: LineKind, onShown?: () => void): void {
    const line = `${sanitize(text)}\n`;
    if (this.#answer !== null && kind !== 'error' && kind !== 'hint') {
      this.#held.push({ line, onShown });
      return;
    }
    if (kind === 'error' || kind === 'hint') this.#errors.write(line);
    else this.#output.write(line);
    onShown?.();
  }

  sayRendered(text: string): void {
    this.say(text, 'reply');
  }

  answer(text: string): void {
    this.#answer ??= new Sanitizer();
    const clean = this.#answer.push(text);
    if (clean === '') return;
    this.#endsLine = clean.endsWith('\n');
    this.#output.write(clean);
  }

  endAnswer(): void {
    if (this.#answer !== null && !this.#endsLine) this.#output.write('\n');
    this.#answer = null;
    this.#endsLine = true;
    for (const { line, onShown } of this.#held.splice(0)) {
      this.#output.write(line);
      onShown?.();
    }
  }

  waiting(text: string | null): void {
    if (text !== null) this.#errors.write(`${sanitize(text)}\n`);
  }
}
