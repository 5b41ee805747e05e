import type { Clock } from '../clock.js';
import { toErrorRecord } from '../errors.js';
import type { Notice, SupervisorPort } from '../supervisor/port.js';
import type { Task, TaskType } from '../task/task.js';
import { answerTurn, modelReady } from './answer-turn.js';
import { ByTheWay } from './by-the-way.js';
import type { ChatModelPort } from './chat-model.js';
import { Conversation } from './conversation.js';
import { acceptedLine, taskRequest } from './delegate-turn.js';
import { chosenTasks } from './kill-target.js';
import { killTasks, killTurn, taskWindow } from './kill-turn.js';
import { progressReport } from './progress-report.js';
import { QuestionTurns } from './question-turn.js';
import { reviewedTask, reviewReport } from './review-report.js';
import { decideTurn } from './routing/decide.js';
import { routeByModel } from './routing/model-router.js';
import type { Decision, Route, RouteContext } from './routing/route.js';
import { commandNamed, helpText, unknownCommand } from './slash-commands.js';
import type { ChatView } from './view.js';

/** Commands of the chat by name without the slash; each returns text that is ready to be printed. */
export type ChatCommands = Readonly<Record<string, (args: string[]) => Promise<string>>>;

/** A message as it is kept; `program` marks an exchange that Wilson itself dealt with, without the model. */
export interface KeptMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  readonly by: 'model' | 'program';
}

export interface ChatHistory {
  load(limit: number): Promise<KeptMessage[]>;
  append(message: KeptMessage): Promise<void>;
}

export interface TurnPorts {
  readonly supervisor: SupervisorPort;
  readonly model: ChatModelPort;
  readonly commands: ChatCommands;
  readonly history: ChatHistory;
  readonly clock: Clock;
  readonly folder: string;
  readonly view: ChatView;
  /** The user asked to leave. */
  quit(): void;
}

/** Messages of earlier sessions that the conversation goes on from. */
const historyLimit = 40;

/** Serves one turn at a time: decides what it is and does it. Failures are told, never thrown. */
export class Turns {
  readonly #ports: TurnPorts;
  readonly #conversation: Conversation;
  readonly #byTheWay = new ByTheWay();
  readonly #questions: QuestionTurns;
  readonly #loaded: Promise<readonly KeptMessage[]>;
  #recorded: Promise<void> = Promise.resolve();
  /** Tasks between which the user has been asked to choose. */
  #choice: readonly Task[] = [];
  #submitting = 0;
  #heldNotices: Notice[] = [];
  #failures = 0;

  constructor(ports: TurnPorts) {
    this.#ports = ports;
    const { model } = ports;
    this.#conversation = new Conversation(model.countTokens?.bind(model));
    this.#questions = new QuestionTurns(ports.supervisor, ports.view);
    this.#loaded = this.#load();
  }

  /** Turns that failed so far. */
  get failures(): number {
    return this.#failures;
  }

  /** Lines that the user typed in earlier sessions, oldest first. */
  async typedBefore(): Promise<string[]> {
    return (await this.#loaded).filter(({ role }) => role === 'user').map(({ content }) => content);
  }

  /** Resolves when what was said is stored. */
  recorded(): Promise<void> {
    return this.#recorded;
  }

  /** True for a turn that needs neither the model nor what is being said now, so that it need not wait for its turn. */
  runsAtOnce(text: string): boolean {
    if (this.#choice.length > 0) return false;
    const { route, certain, by } = decideTurn(text, this.#context());
    return certain && by !== 'proposal' && by !== 'reply' && route.intent !== 'answer';
  }

  /** Serves a turn; resolves when it is over. `signal` stops an answer, not a task. */
  async handle(text: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#loaded;
      if (await this.#choose(text)) return;
      const { reply, remind } = await this.#questions.take(text);
      if (reply !== null) {
        await this.#record(text, reply);
        return;
      }
      const context = this.#context();
      const decision = await this.#decide(text, context, signal);
      await this.#serve(text, decision, context, signal);
      if (decision.route.intent === 'delegate') remind();
    } catch (thrown) {
      if (signal.aborted) {
        this.#ports.view.say('(stopped)', 'hint');
        return;
      }
      this.#fail(thrown);
    }
  }

  /** Shows a notice; while a task is being submitted it waits, so that the task's id is seen first. */
  notice(notice: Notice): void {
    if (this.#submitting > 0) this.#heldNotices.push(notice);
    else this.#show(notice);
  }

  #show(notice: Notice): void {
    this.#ports.view.say(notice.text, 'notice', notice.shown);
    this.#questions.shown(notice);
  }

  #context(): RouteContext {
    return { lastAssistant: this.#conversation.last('assistant'), lastUser: this.#conversation.last('user') };
  }

  async #decide(text: string, context: RouteContext, signal: AbortSignal): Promise<Decision> {
    const decision = decideTurn(text, context);
    if (decision.certain) return decision;
    const { model, view, clock } = this.#ports;
    try {
      await modelReady(model, view, signal);
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      // The answer turn will say what is wrong with the model.
      return decision;
    }
    const route = await routeByModel(text, context, model, clock, signal);
    return route === null ? decision : { route, certain: true, by: 'model' };
  }

  async #serve(text: string, decision: Decision, context: RouteContext, signal: AbortSignal): Promise<void> {
    const { route } = decision;
    switch (route.intent) {
      case 'answer':
        return this.#answer(text, signal);
      case 'delegate':
        return this.#delegate(text, route.type, context, decision.by);
      case 'progress':
        return this.#reply(text, await this.#progress(text));
      case 'models':
        return this.#models(text);
      case 'kill': {
        const outcome = await killTurn(text, this.#ports.supervisor, this.#ports.view);
        this.#choice = outcome.among;
        return this.#record(text, outcome.text);
      }
      case 'command':
        return this.#command(route, text);
    }
  }

  async #answer(text: string, signal: AbortSignal): Promise<void> {
    const { model, view, supervisor } = this.#ports;
    const outcome = await answerTurn(
      text,
      {
        model,
        view,
        conversation: this.#conversation,
        byTheWay: this.#byTheWay,
        active: () => supervisor.active(),
        now: () => new Date(this.#ports.clock.now()),
      },
      signal,
    );
    if (outcome.failed) this.#failures += 1;
    if (outcome.text !== null) await this.#record(text, outcome.text, 'model');
  }

  async #delegate(text: string, type: TaskType, context: RouteContext, by: string): Promise<void> {
    const { supervisor, folder, view } = this.#ports;
    this.#submitting += 1;
    try {
      const task = await supervisor.submit(
        taskRequest(text, type, folder, context, by === 'proposal' || by === 'reply', by === 'reply'),
      );
      view.say(acceptedLine(task), 'notice');
      await this.#record(text, `${acceptedLine(task)}. It runs in the background.`);
    } finally {
      this.#submitting -= 1;
      if (this.#submitting === 0) {
        for (const notice of this.#heldNotices.splice(0)) this.#show(notice);
      }
    }
  }

  async #progress(text: string): Promise<string> {
    const { supervisor } = this.#ports;
    const tasks = await supervisor.tasks(taskWindow);
    const judged = reviewedTask(text, tasks);
    const reviews = judged === null ? [] : await supervisor.reviews(judged.id);
    return reviews.length > 0 ? reviewReport(reviews) : progressReport(text, tasks);
  }

  async #models(text: string): Promise<void> {
    const aboutMemory =
      /\b(?:memory|ram|vram|running|loaded|speicher|memoria|mémoire)\b|内存|メモリ|메모리|памят/i.test(text);
    const { commands, view } = this.#ports;
    const shown = await (aboutMemory ? commands.ps?.([]) : commands.models?.(['--brief']));
    view.sayRendered((shown ?? '').trimEnd());
    return this.#record(text, 'I showed the list of models and their memory.');
  }

  async #command(route: Extract<Route, { intent: 'command' }>, text: string): Promise<void> {
    const { view, commands } = this.#ports;
    const name = commandNamed(route.name);
    if (name === 'answer') {
      if (!(await this.#questions.command(text))) this.#failures += 1;
      return;
    }
    if (name === 'quit') return this.#ports.quit();
    if (name === 'help') return view.say(helpText(), 'reply');
    const command = name === null ? undefined : commands[name];
    if (command === undefined) {
      this.#failures += 1;
      return view.say(unknownCommand(route.name), 'error');
    }
    view.sayRendered((await command([...route.args])).trimEnd());
  }

  /** Takes the turn as the answer to "which one should stop?"; anything else ends the question. */
  async #choose(text: string): Promise<boolean> {
    const among = this.#choice;
    this.#choice = [];
    if (among.length === 0) return false;
    const chosen = chosenTasks(text, among);
    if (chosen === null) return false;
    if (chosen.length === 0) await this.#reply(text, 'Nothing was stopped.');
    else await this.#record(text, await killTasks(chosen, this.#ports.supervisor, this.#ports.view));
    return true;
  }

  async #reply(text: string, reply: string): Promise<void> {
    this.#ports.view.say(reply, 'reply');
    await this.#record(text, reply);
  }

  #fail(thrown: unknown): void {
    this.#failures += 1;
    const { message, hint } = toErrorRecord(thrown);
    this.#ports.view.say(hint === '' ? message : `${message} ${hint}`, 'error');
  }

  async #load(): Promise<readonly KeptMessage[]> {
    try {
      const messages = await this.#ports.history.load(historyLimit);
      for (const { role, content, by } of messages) {
        await this.#conversation.add({ role, content }, { byProgram: by === 'program' });
      }
      return messages;
    } catch (thrown) {
      this.#ports.view.say(`Earlier messages could not be read: ${toErrorRecord(thrown).message}`, 'error');
      return [];
    }
  }

  /** Remembers a turn and stores it behind the ones before; the chat does not wait for the disk. */
  async #record(user: string, assistant: string, by: KeptMessage['by'] = 'program'): Promise<void> {
    const options = { byProgram: by === 'program' };
    await this.#conversation.add({ role: 'user', content: user }, options);
    await this.#conversation.add({ role: 'assistant', content: assistant }, options);
    this.#recorded = this.#recorded.then(async () => {
      try {
        await this.#ports.history.append({ role: 'user', content: user, by });
        await this.#ports.history.append({ role: 'assistant', content: assistant, by });
      } catch (thrown) {
        this.#ports.view.say(`This turn could not be stored: ${toErrorRecord(thrown).message}`, 'error');
      }
    });
  }
}
