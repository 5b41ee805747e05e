import type { Clock, Timer } from '../clock.js';
import { KeyDecoder, type KeyEvent } from './keys.js';

/** How long a lone ESC may be the beginning of a key sequence; slow links need more than the usual 25 ms. */
const escapeDelayMs = 60;

export interface TerminalHandlers {
  onKey(event: KeyEvent): void;
  onResize(): void;
  /** The terminal is gone, or nothing more can be typed. */
  onEnd(): void;
}

const enterCodes = '\u001b[?2004h';
/** Paste marks off, cursor visible, line wrap on, colours reset. */
const leaveCodes = '\u001b[?2004l\u001b[?25h\u001b[?7h\u001b[0m';

/**
 * The keyboard in raw mode. `start` switches it on, `restore` gives the terminal back as it was; the latter also happens
 * by itself when the process exits for any reason that JavaScript sees.
 */
export class Terminal {
  readonly #input: NodeJS.ReadStream;
  readonly #output: NodeJS.WriteStream;
  readonly #clock: Clock;
  readonly #decoder = new KeyDecoder();
  #escape: Timer | null = null;
  #handlers: TerminalHandlers | null = null;

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream, clock: Clock) {
    this.#input = input;
    this.#output = output;
    this.#clock = clock;
  }

  start(handlers: TerminalHandlers): void {
    this.#handlers = handlers;
    this.#enter();
    this.#input.on('data', this.#onData);
    this.#input.on('end', this.#onEnd);
    this.#input.on('error', this.#onEnd);
    this.#output.on('error', this.#onEnd);
    this.#output.on('resize', this.#onResize);
    process.on('exit', this.#onExit);
    process.on('SIGCONT', this.#onContinue);
    this.#input.resume();
  }

  /** Safe to call twice. */
  restore(): void {
    if (this.#handlers === null) return;
    this.#handlers = null;
    this.#escape?.cancel();
    this.#input.off('data', this.#onData);
    this.#input.off('end', this.#onEnd);
    this.#output.off('resize', this.#onResize);
    process.off('exit', this.#onExit);
    process.off('SIGCONT', this.#onContinue);
    this.#leave();
    this.#input.pause();
    // The error listeners stay: a terminal that has gone away may still report it, and nobody else would listen.
  }

  #enter(): void {
    this.#input.setRawMode(true);
    this.#output.write(enterCodes);
  }

  #leave(): void {
    try {
      this.#output.write(leaveCodes);
      this.#input.setRawMode(false);
    } catch {
      // The terminal is gone (closed window); there is nothing left to restore.
    }
  }

  readonly #onExit = (): void => this.#leave();

  readonly #onContinue = (): void => {
    this.#enter();
    this.#handlers?.onResize();
  };

  readonly #onResize = (): void => this.#handlers?.onResize();

  readonly #onEnd = (): void => this.#handlers?.onEnd();

  readonly #onData = (chunk: Buffer | string): void => {
    this.#escape?.cancel();
    this.#deliver(this.#decoder.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
    if (this.#decoder.waiting) {
      this.#escape = this.#clock.after(escapeDelayMs, () => this.#deliver(this.#decoder.flush()));
    }
  };

  #deliver(events: readonly KeyEvent[]): void {
    for (const event of events) this.#handlers?.onKey(event);
  }
}
