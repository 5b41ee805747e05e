import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

const defaultTimeoutMs = 20_000;

export interface ScreenOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    // ESRCH: it is gone.
    return false;
  }
}

/** A program on a pseudo-terminal, and the screen that a person would see. */
export class TerminalScreen {
  readonly #pty: ReturnType<typeof spawn>;
  readonly #screen: xterm.Terminal;
  readonly #checks = new Set<() => void>();
  readonly exited: Promise<{ exitCode: number; signal: number | undefined }>;
  /** Every byte that the program wrote. */
  raw = '';

  constructor(program: string, args: string[], options: ScreenOptions = {}) {
    const { columns = 80, rows = 24 } = options;
    this.#screen = new xterm.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
    this.#pty = spawn(program, args, {
      name: 'xterm-256color',
      cols: columns,
      rows,
      env: { ...process.env, NO_COLOR: '', ...options.env },
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#screen.write(data, () => {
        for (const check of this.#checks) check();
      });
    });
    this.exited = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => resolve({ exitCode, signal }));
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** All lines with the scrollback, without empty ones at the end; wrapped rows are separate. */
  lines(): string[] {
    const buffer = this.#screen.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row)?.translateToString(true) ?? '');
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  text(): string {
    return this.lines().join('\n');
  }

  /** The row that the cursor is in, and its column. */
  cursor(): { line: string; column: number } {
    const buffer = this.#screen.buffer.active;
    return {
      line:
        buffer
          .getLine(buffer.baseY + buffer.cursorY)
          ?.translateToString(true)
          .trimEnd() ?? '',
      column: buffer.cursorX,
    };
  }

  write(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  kill(signal: NodeJS.Signals): void {
    try {
      process.kill(this.#pty.pid, signal);
    } catch (error) {
      // It has ended by itself, and only its exit has not been told yet.
      if (isAlive(this.#pty.pid)) throw error;
    }
  }

  /** Closes the terminal, as closing its window does. */
  close(): void {
    (this.#pty as unknown as { destroy(): void }).destroy();
  }

  /** Resolves when the program's process is gone; rejects when it lives on for 10 s. */
  async gone(): Promise<void> {
    const end = performance.now() + 10_000;
    while (isAlive(this.#pty.pid)) {
      if (performance.now() > end)
        throw new Error(`process ${this.#pty.pid} lives on; the screen shows:\n${this.text()}`);
      // The end of a process that is not our child is no event.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Resolves when the screen is as the test wants it; rejects with the screen as it was then. */
  async until(wanted: string | RegExp | (() => boolean), timeoutMs = defaultTimeoutMs): Promise<void> {
    const holds =
      typeof wanted === 'function'
        ? wanted
        : () => (typeof wanted === 'string' ? this.text().includes(wanted) : wanted.test(this.text()));
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#checks.delete(check);
        reject(new Error(`the screen never showed ${String(wanted)}; it shows:\n${this.text()}`));
      }, timeoutMs);
      this.#checks.add(check);
    });
  }
}
