import type { Notice, SupervisorPort } from '../supervisor/port.js';
import { answerProblem } from '../task/answer-text.js';
import type { Task } from '../task/task.js';
import { type Answer, answerCommand, answerIn, askingList, mayAnswer } from './open-question.js';
import type { ChatView } from './view.js';

type AskingPort = Pick<SupervisorPort, 'answer' | 'asking' | 'task'>;

/**
 * Questions of agents in the chat: knows whether one is the newest thing that was said, and passes answers on. The store is
 * asked only for turns that can be an answer, so that no other turn waits for it.
 */
export class QuestionTurns {
  #isNewest = false;

  constructor(
    private readonly supervisor: AskingPort,
    private readonly view: ChatView,
  ) {}

  /** A notice was shown. */
  shown(notice: Notice): void {
    this.#isNewest = notice.kind === 'asks';
  }

  /**
   * The turn as an answer, passed on; then what is to be remembered of it. Else null, and what still waits is told by
   * `remind` once the turn turns out to be an order.
   */
  async take(text: string): Promise<{ readonly reply: string | null; remind(): void }> {
    const isNewest = this.#isNewest;
    // What a command shows may be what the question is about: it stays the newest.
    if (!text.trimStart().startsWith('/')) this.#isNewest = false;
    if (!mayAnswer(text, isNewest)) return { reply: null, remind: () => undefined };
    const asking = await this.supervisor.asking();
    const answer = answerIn(text, asking, isNewest);
    if (answer !== null) return { reply: await this.#pass(answer), remind: () => undefined };
    return { reply: null, remind: () => this.#remind(asking) };
  }

  /** `/answer`; returns whether it was passed on. */
  async command(text: string): Promise<boolean> {
    const asking = await this.supervisor.asking();
    const answer = answerCommand(text, asking);
    if (typeof answer === 'string') {
      this.view.say(answer, 'error');
      return false;
    }
    await this.#pass(answer);
    return true;
  }

  async #pass({ taskId, text }: Answer): Promise<string> {
    const problem = answerProblem(text);
    if (problem !== null) {
      this.view.say(problem, 'error');
      return problem;
    }
    const isPassed = await this.supervisor.answer(taskId, text);
    if (isPassed) this.#isNewest = false;
    // It may have been answered from another terminal, or ended, in this moment.
    const reply = isPassed ? `Passed to ${taskId}: ${shortened(text)}` : `${taskId} asks nothing any more.`;
    this.view.say(reply, 'reply');
    return reply;
  }

  #remind(asking: readonly Task[]): void {
    if (asking.length > 0) this.view.say(`(Still open: ${askingList(asking)} – /answer answers it.)`, 'hint');
  }
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 120 ? line : `${line.slice(0, 119).trimEnd()}…`;
}
