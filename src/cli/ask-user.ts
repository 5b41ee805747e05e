import { createInterface } from 'node:readline/promises';
import type { SupervisorPort } from '../supervisor/port.js';
import { answerProblem } from '../task/answer-text.js';
import type { CliIo } from './program.js';
import { safeText } from './views/view.js';

export interface AskUserOptions {
  readonly supervisor: Pick<SupervisorPort, 'answer' | 'asking' | 'onChange'>;
  readonly io: CliIo;
  /** Ctrl-C at the question. */
  onInterrupt(): void;
}

/** Whether there is somebody who can be asked. */
export function canAsk(io: CliIo): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true;
}

/**
 * Asks the user what the agents of `wilson run` ask, one question after the other, while the rest of the work goes on.
 * Whatever else is told meanwhile waits, so that it does not come between what is being typed.
 */
export class AskUser {
  private pending: Promise<void> = Promise.resolve();
  private open = 0;
  private held: string[] = [];
  private readonly ended = new AbortController();
  private hasLeft = false;

  constructor(private readonly options: AskUserOptions) {}

  get isAsking(): boolean {
    return this.open > 0;
  }

  /** Puts a question to the user, after those before it. */
  ask(taskId: string): void {
    this.open += 1;
    this.pending = this.pending
      .then(() => this.askNow(taskId))
      .finally(() => {
        this.open -= 1;
        if (this.open > 0) return;
        for (const line of this.held.splice(0)) this.options.io.stderr.write(line);
      });
    // Whoever waits for the answers gets the reason.
    this.pending.catch(() => undefined);
  }

  /** Tells a line, now or after the answer. */
  tell(line: string): void {
    if (this.open > 0) this.held.push(line);
    else this.options.io.stderr.write(line);
  }

  /** Resolves when no question is before the user any more. */
  async answered(): Promise<void> {
    await this.pending;
  }

  /** Takes the questions away. */
  close(): void {
    this.ended.abort();
  }

  private async askNow(taskId: string): Promise<void> {
    const { supervisor, io } = this.options;
    const question = await this.questionOf(taskId);
    if (question === null || this.hasLeft || this.ended.signal.aborted) return;
    io.stderr.write(`${taskId} asks: ${safeText(question)}\n`);
    // It may be answered from another terminal, or the task may end: then nobody is asked any more.
    const gone = new AbortController();
    const stopLooking = supervisor.onChange(() => {
      this.questionOf(taskId)
        .then((now) => (now === question ? undefined : gone.abort()))
        // The next look says the same, or the answer finds out.
        .catch(() => undefined);
    });
    try {
      const text = await this.read(AbortSignal.any([gone.signal, this.ended.signal]));
      if (text === null) {
        if (gone.signal.aborted) io.stderr.write(`\n${taskId} asks nothing any more.\n`);
        else this.hasLeft = true;
      } else if (!(await supervisor.answer(taskId, text))) io.stderr.write(`${taskId} asks nothing any more.\n`);
    } finally {
      stopLooking();
    }
  }

  private async questionOf(taskId: string): Promise<string | null> {
    const asking = await this.options.supervisor.asking();
    return asking.find(({ id }) => id === taskId)?.question ?? null;
  }

  /** A line that can be an answer; null when the input ended, or the signal came. */
  private async read(signal: AbortSignal): Promise<string | null> {
    const { io, onInterrupt } = this.options;
    const lines = createInterface({ input: io.stdin, output: io.stderr });
    lines.on('SIGINT', onInterrupt);
    const closed = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
    try {
      for (;;) {
        const line = await Promise.race([lines.question('› ', { signal }).catch(whenAborted(signal)), closed]);
        if (line === null) return null;
        const problem = answerProblem(line);
        if (problem === null) return line.trim();
        io.stderr.write(`${problem}\n`);
      }
    } finally {
      lines.close();
    }
  }
}

function whenAborted(signal: AbortSignal): (error: unknown) => null {
  return (error) => {
    if (signal.aborted) return null;
    throw error;
  };
}
