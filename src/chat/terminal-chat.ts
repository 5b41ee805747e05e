import { toErrorRecord } from '../errors.js';
import { isOver, type Task } from '../task/task.js';
import { hangUpExitCode } from '../terminal/end-process.js';
import type { KeyEvent, KeyName } from '../terminal/keys.js';
import { LineEditor } from '../terminal/line-editor.js';
import { LiveRegion } from '../terminal/live-region.js';
import { sanitize } from '../terminal/sanitize.js';
import { statusLines } from '../terminal/status-line.js';
import { Terminal } from '../terminal/terminal.js';
import { colorsAllowed, createTheme } from '../terminal/theme.js';
import { taskWindow } from './kill-turn.js';
import { messageLimitBytes } from './message-limit.js';
import { askingList, unansweredText } from './open-question.js';
import { type QuitChoice, quitChoice, quitQuestion } from './quit-choice.js';
import type { ChatDeps } from './session.js';
import { StopSignals } from './stop-signals.js';
import { withoutSubtasks } from './task-words.js';
import { TerminalView } from './terminal-view.js';
import { TurnQueue } from './turn-queue.js';
import { Turns } from './turns.js';

type Mode = 'typing' | 'asking-to-quit' | 'waiting-for-tasks' | 'leaving';

/** The chat on a terminal: keys in, live region out. One object lives as long as one chat. */
export class TerminalChat {
  readonly #deps: ChatDeps;
  readonly #terminal: Terminal;
  readonly #region: LiveRegion;
  readonly #view: TerminalView;
  readonly #editor = new LineEditor();
  readonly #turns: Turns;
  readonly #queue: TurnQueue;
  readonly #signals = new StopSignals();
  #mode: Mode = 'typing';
  #waitingFor: string | null = null;
  #end: (code: number) => void = () => undefined;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
    const colors = colorsAllowed(true, process.env);
    const theme = createTheme(colors);
    this.#terminal = new Terminal(deps.input, deps.output, deps.clock);
    this.#region = new LiveRegion(deps.output, theme);
    this.#view = new TerminalView(this.#region, theme, colors, (text) => {
      this.#waitingFor = text;
      this.#refresh();
    });
    this.#turns = new Turns({ ...deps, view: this.#view, quit: () => this.#askToQuit() });
    this.#queue = new TurnQueue(
      async (text, signal) => {
        this.#view.userLine(text);
        await this.#turns.handle(text, signal);
      },
      () => this.#refresh(),
    );
  }

  /** Runs until the user leaves or the terminal goes away; returns the exit code. The terminal is restored before. */
  async run(): Promise<number> {
    const { supervisor } = this.#deps;
    const code = new Promise<number>((resolve) => {
      this.#end = resolve;
    });
    const stopNotices = supervisor.onNotice((notice) => this.#turns.notice(notice));
    const stopChanges = supervisor.onChange(() => this.#refresh());
    this.#signals.start((signal, exitCode) => (signal === 'SIGINT' ? this.#interrupt() : this.#leave(exitCode)));
    try {
      for (const notice of this.#deps.notices) this.#view.say(notice, 'hint');
      this.#terminal.start({
        onKey: (event) => this.#onKey(event),
        onResize: () => {
          this.#region.resized();
          this.#refresh();
        },
        onEnd: () => this.#leave(hangUpExitCode),
      });
      this.#refresh();
      this.#watchLoading();
      void this.#turns.typedBefore().then((lines) => this.#editor.setHistory(lines));
      const exitCode = await code;
      this.#queue.clear();
      this.#region.close();
      this.#terminal.restore();
      await this.#queue.idle();
      await this.#turns.recorded();
      return exitCode;
    } finally {
      this.#region.close();
      this.#terminal.restore();
      this.#signals.stop();
      stopChanges();
      stopNotices();
    }
  }

  /** A model that cannot be loaded is said at once, not at the first question. */
  #watchLoading(): void {
    this.#deps.model.ready.catch((thrown: unknown) => {
      const { message, hint } = toErrorRecord(thrown);
      this.#view.say(`The chat model could not be loaded: ${message} ${hint}`.trimEnd(), 'error');
    });
  }

  #refresh(): void {
    if (this.#mode === 'leaving') return;
    const columns = Math.max(1, this.#region.columns - 1);
    const queued = this.#queue.waiting.map((text) => `  waits: ${sanitize(text).replace(/\s+/g, ' ')}`);
    const more = queued.length > 2 ? [`  … and ${queued.length - 2} more`] : [];
    this.#region.update({
      hints: [...(this.#waitingFor === null ? [] : [this.#waitingFor]), ...queued.slice(0, 2), ...more],
      status: statusLines(this.#deps.supervisor.active(), columns),
      label: this.#mode === 'asking-to-quit' ? (this.#deps.detach === undefined ? 'w/k/c? ' : 'w/k/b/c? ') : '› ',
      text: this.#editor.text,
      cursor: this.#editor.cursor,
    });
  }

  #onKey(event: KeyEvent): void {
    if (this.#mode === 'leaving') return;
    if (this.#mode === 'asking-to-quit') this.#onQuitKey(event);
    else if (this.#mode === 'waiting-for-tasks') {
      if (event.type === 'key' && (event.name === 'interrupt' || event.name === 'escape')) this.#stay();
    } else if (event.type === 'key') this.#onEditKey(event.name);
    else this.#editor.insert(event.text);
    this.#refresh();
  }

  #onEditKey(name: KeyName): void {
    const editor = this.#editor;
    const edits: Partial<Record<KeyName, () => void>> = {
      newline: () => editor.insert('\n'),
      backspace: () => editor.backspace(),
      delete: () => editor.deleteForward(),
      left: () => editor.left(),
      right: () => editor.right(),
      up: () => editor.previous(),
      down: () => editor.next(),
      home: () => editor.home(),
      end: () => editor.end(),
      'word-left': () => editor.wordLeft(),
      'word-right': () => editor.wordRight(),
      'kill-word': () => editor.killWord(),
      'kill-to-start': () => editor.killToStart(),
      'kill-to-end': () => editor.killToEnd(),
      enter: () => this.#send(),
      interrupt: () => this.#interrupt(),
      redraw: () => this.#region.redraw(),
      'end-of-input': () => (editor.text === '' ? this.#askToQuit() : editor.deleteForward()),
    };
    edits[name]?.();
  }

  #send(): void {
    if (this.#editor.text.trim() === '') {
      this.#editor.clear();
      return;
    }
    if (Buffer.byteLength(this.#editor.text) > messageLimitBytes) {
      this.#view.say(
        `This message is longer than ${messageLimitBytes} bytes. Shorten it, or put it into a file and name the file.`,
        'error',
      );
      return;
    }
    const text = this.#editor.take();
    if (this.#queue.busy && this.#turns.runsAtOnce(text)) {
      this.#view.userLine(text);
      void this.#turns.handle(text, new AbortController().signal);
    } else this.#queue.push(text);
  }

  /** Ctrl-C: the line that is being typed, else the answer that is being written; tasks are never touched. */
  #interrupt(): void {
    if (this.#editor.text !== '') this.#editor.clear();
    else if (!this.#queue.interrupt()) this.#view.say('(Ctrl-D or /quit leaves; /kill ends a task.)', 'hint');
  }

  #askToQuit(): void {
    void this.#liveTasks().then(async (live) => {
      if (this.#mode === 'leaving') return;
      if (live.length === 0 || (await this.#onlyAnswersAreMissing(live))) {
        this.#leave(0);
        return;
      }
      this.#mode = 'asking-to-quit';
      this.#view.say(quitQuestion(live, this.#deps.detach !== undefined), 'reply');
      this.#refresh();
    });
  }

  #onQuitKey(event: KeyEvent): void {
    if (event.type === 'key') {
      if (event.name === 'interrupt' || event.name === 'escape') this.#stay();
      return;
    }
    const choice = event.type === 'text' ? quitChoice(event.text, this.#deps.detach !== undefined) : null;
    if (choice !== null) void this.#quit(choice);
  }

  async #quit(choice: QuitChoice): Promise<void> {
    const { supervisor, detach } = this.#deps;
    try {
      if (choice === 'cancel') this.#stay();
      else if (choice === 'wait') {
        this.#mode = 'waiting-for-tasks';
        this.#view.say('Waiting for the tasks. Ctrl-C goes back to the chat.', 'hint');
        await supervisor.whenIdle();
        // Ctrl-C may have led back to the chat meanwhile.
        if ((this.#mode as Mode) !== 'waiting-for-tasks') return;
        const asking = await supervisor.asking();
        if (asking.length === 0) this.#leave(0);
        else {
          this.#view.say(`The rest waits for you:\n${askingList(asking)}`, 'reply');
          this.#stay();
        }
      } else if (choice === 'kill') {
        const live = await this.#liveTasks();
        this.#view.say(`Stopping ${live.map(({ id }) => id).join(', ')} …`, 'reply');
        await Promise.all(live.map(({ id }) => supervisor.cancel(id)));
        this.#leave(0);
      } else if (detach !== undefined) {
        this.#view.say(await detach(), 'reply');
        this.#leave(0);
      }
    } catch (thrown) {
      const { message, hint } = toErrorRecord(thrown);
      this.#view.say(`${message} ${hint}`.trimEnd(), 'error');
      this.#stay();
    }
  }

  /** Whether nothing goes on before the user has answered: then leaving loses nothing, and says how to answer later. */
  async #onlyAnswersAreMissing(live: readonly Task[]): Promise<boolean> {
    if (live.some(({ status }) => status !== 'blocked')) return false;
    const { supervisor } = this.#deps;
    try {
      const all = await supervisor.tasks(taskWindow);
      if (supervisor.active().length > 0 || all.some(({ status }) => status === 'ready')) return false;
      const asking = await supervisor.asking();
      if (asking.length > 0) this.#view.say(unansweredText(asking), 'reply');
      return asking.length > 0;
    } catch (thrown) {
      this.#view.say(`Open questions could not be read: ${toErrorRecord(thrown).message}`, 'error');
      return false;
    }
  }

  #stay(): void {
    this.#mode = 'typing';
    this.#refresh();
  }

  #leave(exitCode: number): void {
    this.#mode = 'leaving';
    this.#end(exitCode);
  }

  /**
   * Tasks of this folder that are not over, a parent for its subtasks, those with a worker first; a store that fails must
   * not keep anybody here.
   */
  async #liveTasks(): Promise<Task[]> {
    const active = this.#deps.supervisor.active().map(({ task }) => task);
    try {
      const stored = (await this.#deps.supervisor.tasks(taskWindow)).filter((task) => !isOver(task.status));
      return withoutSubtasks([...active, ...stored.filter((task) => !active.some(({ id }) => id === task.id))]);
    } catch (thrown) {
      this.#view.say(`Queued tasks could not be read: ${toErrorRecord(thrown).message}`, 'error');
      return active;
    }
  }
}
