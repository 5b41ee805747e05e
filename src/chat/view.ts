/** What a line is; surfaces may colour it or send it to stderr. */
export type LineKind =
  /** Of a task: started, done, failed … */
  | 'notice'
  /** Wilson's own answer, written by the program. */
  | 'reply'
  /** Something went wrong; the text says what to do. */
  | 'error'
  /** Help that nobody has to read. */
  | 'hint';

/** Where a chat shows itself: a terminal or plain streams. Text given to it may hold control codes; it takes them out. */
export interface ChatView {
  /** Prints whole lines, without disturbing what is being typed or answered; `onShown` is called when they are there. */
  say(text: string, kind: LineKind, onShown?: () => void): void;
  /** Text that Wilson's own commands rendered; its colours may pass. */
  sayRendered(text: string): void;
  /** Adds to the answer that is being written. */
  answer(text: string): void;
  endAnswer(): void;
  /** Shows what is being waited for; null takes it away. */
  waiting(text: string | null): void;
}
