import type { Timer } from '../clock.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import { persist } from '../store/persist.js';
import type { Task } from '../task/task.js';
import { runAttempt } from './attempt.js';
import { checkRequest } from './check-request.js';
import { claimRound } from './claim-round.js';
import { killTask } from './kill-task.js';
import { MemoryGuard } from './memory-guard.js';
import { NoticeBoard } from './notice-board.js';
import * as text from './notice-text.js';
import type { ActiveTask, CancelOutcome, Notice, SupervisorPort, TaskRequest } from './port.js';
import { reapDeadSessions } from './reaper.js';
import { refuseTask } from './refuse-task.js';
import { RunningTask } from './running-task.js';
import type { Wait } from './scheduler.js';
import { settleAttempt } from './settle.js';
import type { SupervisorOptions } from './supervisor-options.js';
import { TaskLedger } from './task-ledger.js';

const candidatesLimit = 64;
const reapEveryMs = 2_000;
const idleLookMs = 5_000;
/** What an attempt was seen to need is the least that it needs: it was stopped while it grew. */
const needMargin = 1.1;

/**
 * Runs the tasks of one session: claims what may run, gives each attempt a worker of its own, and settles what comes
 * of it. One pump at a time owns all decisions; everything that may change them only asks for another turn of it.
 */
export class Supervisor implements SupervisorPort {
  private readonly running = new Map<string, RunningTask>();
  /** Tasks of this session that are not over. */
  private readonly open = new Set<string>();
  private readonly board = new NoticeBoard();
  private readonly ledger: TaskLedger;
  private readonly guard: MemoryGuard;
  private readonly idleWaiters: (() => void)[] = [];
  private readonly announcedWaits = new Set<string>();
  private pumping: Promise<void> | null = null;
  private pumpAgain = false;
  private timer: Timer | null = null;
  private stopping: Promise<void> | null = null;
  private lastReapMs = Number.NEGATIVE_INFINITY;

  private constructor(private readonly options: SupervisorOptions) {
    const { store, session, clock, log } = options;
    this.ledger = new TaskLedger({ store, sessionId: session.id, clock, log, board: this.board });
    this.guard = new MemoryGuard({
      store,
      sessionId: session.id,
      limits: session.limits,
      memory: options.memory,
      clock,
      log,
      everyMs: options.limits.sampleEveryMs,
      isBusy: () => this.running.size > 0,
      stop: (taskId, attempt, reason) => {
        const running = this.running.get(taskId);
        if (running?.attempt === attempt) running.outgrew(reason);
      },
      warn: (line) => this.ledger.say('warning', null, line),
    });
  }

  /**
   * Registers the session, ends what dead sessions left behind, and takes up interrupted tasks of its folder.
   * Listeners of `onNotice` get the notices of the start as well, however late they come within the same turn.
   */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options);
    const { store, session, clock } = options;
    await store.sessions.begin(session);
    // Before anything can be claimed: who wants to end a task must find its parent.
    if (options.socket !== null) await store.sessions.setSocket(session.id, options.socket);
    const reaped = await reapDeadSessions(store, clock);
    for (const taskId of reaped.givenUp)
      supervisor.ledger.say('failed', taskId, `✗ ${taskId} failed: Wilson was ended too often while it ran.`);
    if (options.adopt) {
      const interrupted = await store.tasks.interrupted(session.folder);
      await store.tasks.adopt(session.id, session.folder);
      // Those that wait for a delayed retry count too.
      for (const taskId of await store.tasks.waitingIds(session.id)) supervisor.open.add(taskId);
      for (const task of interrupted) {
        supervisor.ledger.say(
          'interrupted',
          task.id,
          `${task.id} was interrupted when Wilson ended; it is taken up again: ${task.title}`,
        );
      }
    }
    supervisor.guard.start();
    supervisor.pump();
    return supervisor;
  }

  async submit(asked: TaskRequest): Promise<Task> {
    const { store, session } = this.options;
    if (this.stopping !== null) throw new WilsonError('SHUTTING_DOWN', 'Wilson is ending and takes no new tasks.');
    await checkRequest(asked);
    const request = (await this.options.prepareRequest?.(asked)) ?? asked;
    const task = await store.tasks.submit({
      title: request.title,
      description: request.description,
      type: request.type,
      folder: request.folder,
      priority: request.priority ?? 0,
      sessionId: session.id,
    });
    this.open.add(task.id);
    this.pump();
    return task;
  }

  async cancel(taskId: string): Promise<CancelOutcome> {
    const { store } = this.options;
    const queued = await store.tasks.cancelQueued(taskId);
    if (queued === 'cancelled') {
      await this.over(taskId, 'cancelled');
    } else if (queued === 'active') {
      const running = await this.runningHere(taskId);
      if (running === null) {
        const { result, task } = await killTask(store, taskId, this.options.clock, this.options.session.id);
        if (result === 'survived') throw survived(taskId);
        await this.over(taskId, 'cancelled');
        return { result, task };
      }
      running.stop('cancelled');
      await running.ended;
      // It may have ended, or gone back to the queue, in the very moment in which it was to be stopped.
      if ((await store.tasks.cancelQueued(taskId)) === 'cancelled') await this.over(taskId, 'cancelled');
    } else if (queued === 'over') {
      // Ended from elsewhere in the moment of its start: its worker must go all the same.
      const running = this.running.get(taskId);
      running?.stop('cancelled');
      await running?.ended;
    }
    const task = await store.tasks.get(taskId);
    if (task === null) return { result: 'unknown', task: null };
    return { result: queued !== 'over' && task.status === 'cancelled' ? 'cancelled' : 'over', task };
  }

  /** The task as this supervisor runs it; null when another session does. */
  private async runningHere(taskId: string): Promise<RunningTask | null> {
    // A claim may be on its way back from the store.
    if (!this.running.has(taskId)) await this.pumping;
    return this.running.get(taskId) ?? null;
  }

  active(): readonly ActiveTask[] {
    return [...this.running.values()].map((running) => running.view());
  }

  tasks(limit: number): Promise<Task[]> {
    return this.options.store.tasks.list({ folder: this.options.session.folder, limit });
  }

  task(taskId: string): Promise<Task | null> {
    return this.options.store.tasks.get(taskId);
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    return this.board.onNotice(listener);
  }

  onChange(listener: () => void): () => void {
    return this.board.onChange(listener);
  }

  /** Says something to the user outside any task; a `reason` for a fallback in it need not be told again with a task. */
  notify(notice: Notice, reason: string | null = null): void {
    if (reason !== null) this.ledger.noteTold(reason);
    this.board.notice(notice);
  }

  whenIdle(): Promise<void> {
    if (this.open.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idleWaiters.push(resolve);
    });
  }

  shutdown(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    this.timer?.cancel();
    this.guard.end();
    for (const running of this.running.values()) running.stop('shutdown');
    await this.pumping;
    for (const running of this.running.values()) running.stop('shutdown');
    await Promise.all([...this.running.values()].map((running) => running.ended));
    await this.options.store.sessions.end(this.options.session.id);
  }

  /** Looks at the queue, now if nobody does, else once more after the present look. */
  pump(): void {
    if (this.pumping !== null) {
      this.pumpAgain = true;
      return;
    }
    this.pumping = this.pumpLoop()
      .catch((error: unknown) => {
        const record = toErrorRecord(error);
        this.options.log.error({ error: record }, 'the queue could not be looked at');
        this.ledger.say('warning', null, `The queue could not be looked at: ${record.message} ${record.hint}`.trim());
        this.wakeIn(this.options.pollMs ?? 1_000);
      })
      .finally(() => {
        this.pumping = null;
        if (this.pumpAgain && this.stopping === null) this.pump();
      });
  }

  private async pumpLoop(): Promise<void> {
    do {
      this.pumpAgain = false;
      await this.lookOnce();
    } while (this.pumpAgain && this.stopping === null);
  }

  private async lookOnce(): Promise<void> {
    const { store, session, clock } = this.options;
    if (this.stopping !== null) return;
    this.timer?.cancel();
    const candidates = await store.tasks.runnable(
      { id: session.id, folder: session.folder, adopt: this.options.adopt },
      candidatesLimit,
    );
    let slots = await store.workers.list();
    const waitsForOthers = slots.some((slot) => slot.sessionId !== session.id) || this.hasTasksElsewhere();
    const mayReap = this.options.adopt || (candidates.length > 0 && waitsForOthers);
    if (mayReap && clock.monotonicMs() - this.lastReapMs >= reapEveryMs) {
      this.lastReapMs = clock.monotonicMs();
      if ((await reapDeadSessions(store, clock)).sessions.length > 0) {
        slots = await store.workers.list();
        this.pumpAgain = true;
      }
    }
    const round = await claimRound(this.options, candidates, slots.length, (task, owner, need) => {
      this.launch(task, owner, need.processMb);
      return !this.isStopping();
    });
    for (const { task, detail, hint } of round.refusals) await this.refuse(task.id, detail, hint);
    if (round.madeRoom) this.pumpAgain = true;
    await this.announceWaits(round.waits, candidates);
    await this.forgetEndedElsewhere();
    const waiting = await store.tasks.waitingOf(session.id);
    if (waiting.count > 0 || this.hasTasksElsewhere()) {
      const poll = this.options.pollMs ?? 300;
      const untilDue = (waiting.nextRunAtMs ?? 0) - clock.now();
      this.wakeIn(Math.max(poll, Math.min(untilDue, 2_000)));
    } else if (this.options.adopt) {
      // Another parent of this folder may die and leave its tasks to us.
      this.timer = clock.after(idleLookMs, () => this.pump());
    }
  }

  /** Whether a task of ours is not run by us: it waits, or another parent has taken it. */
  private hasTasksElsewhere(): boolean {
    return [...this.open].some((taskId) => !this.running.has(taskId));
  }

  private isStopping(): boolean {
    return this.stopping !== null;
  }

  /** A queued task of ours may have been cancelled from another terminal, or taken by another parent. */
  private async forgetEndedElsewhere(): Promise<void> {
    const elsewhere = [...this.open].filter((taskId) => !this.running.has(taskId));
    for (const { id, status } of await this.options.store.tasks.overOf(elsewhere)) {
      // It may have been launched, and ended, since it was asked for.
      if (!this.running.has(id)) await this.over(id, status);
    }
  }

  private wakeIn(delayMs: number): void {
    this.timer?.cancel();
    this.timer = this.options.clock.after(delayMs, () => this.pump(), { keepAlive: true });
  }

  /** Notes why tasks wait; each is announced once. */
  private async announceWaits(waits: readonly Wait[], candidates: readonly Task[]): Promise<void> {
    if (waits.length === 0) return;
    const news = new Set(await this.options.store.tasks.setQueuedReasons(waits));
    for (const { taskId, detail } of waits) {
      const task = candidates.find(({ id }) => id === taskId);
      if (task === undefined || !news.has(taskId) || this.announcedWaits.has(taskId)) continue;
      this.announcedWaits.add(taskId);
      this.ledger.say('queued', taskId, text.queuedText(task, detail));
      void this.ledger.record(taskId, 'info', 'queued', detail);
    }
  }

  private async refuse(taskId: string, detail: string, hint: string): Promise<void> {
    if (await refuseTask(this.options.store, this.options.session.id, taskId, detail, hint))
      await this.over(taskId, 'failed');
  }

  private launch(task: Task, owner: string, reservedMb: number): void {
    this.open.add(task.id);
    this.announcedWaits.delete(task.id);
    const running = new RunningTask(task, reservedMb, () => this.board.change());
    this.running.set(task.id, running);
    this.guard.wake();
    this.board.change();
    running.ended = this.attempt(task, owner, running)
      .catch((error: unknown) => this.attemptBroke(task, error))
      .finally(() => {
        this.running.delete(task.id);
        this.board.change();
        this.pump();
      });
  }

  private async attempt(task: Task, owner: string, running: RunningTask): Promise<void> {
    const { options, ledger } = this;
    const { id, attempt } = task;
    const findings = await options.store.tasks.findings(id);
    const outcome = await runAttempt({
      task,
      owner,
      entry: options.workerEntry,
      env: options.workerEnv,
      clock: options.clock,
      limits: options.limits,
      models: options.models,
      workspaces: options.workspaces,
      priority: options.priority,
      brief: () => Promise.resolve({ findings, definitionOfDone: [], handover: [], review: null }),
      onCall: (tool) => Promise.reject(new WilsonError('CALL_REFUSED', `${tool} is not served yet.`)),
      sandboxed: options.sandboxed,
      signal: running.signal,
      resize: (need) =>
        running.resizes(need, options.store.workers.resize(id, attempt, need, options.session.limits.maxMemoryMb)),
      events: ledger.attemptEvents(task, running),
      releaseSlot: async () => {
        running.workerGone();
        const released = await persist(options.clock, () => options.store.workers.release(id, attempt));
        // Another terminal's `kill` may have ended the worker and released for us.
        if (!released) options.log.warn({ task: id, attempt }, 'the slot had been released by someone else');
        this.pump();
      },
    });
    running.setPhase('checking');
    if (outcome.kind === 'result') {
      ledger.write(
        options.store.tasks.setProgress(id, attempt, { ...running.progress, message: 'checking the result' }),
      );
    }
    const counted = (await options.store.tasks.failuresOf(id)) + 1;
    const settlement = await settleAttempt(task, counted, outcome, options.verification, running.signal);
    const outgrew = outcome.kind === 'failed' && outcome.failure === 'outgrew';
    const needMb = outgrew ? Math.ceil((running.peakMb ?? 0) * needMargin) : null;
    const over = await ledger.settle(task, settlement, { findings, needMb });
    if (over !== null) await this.over(id, over);
  }

  /** A fault of Wilson itself: the task fails, the rest goes on. */
  private async attemptBroke(task: Task, error: unknown): Promise<void> {
    const record = toErrorRecord(error);
    this.options.log.error({ task: task.id, error: record }, 'an attempt broke');
    try {
      const ending = { status: 'failed', summary: null, error: record } as const;
      await persist(this.options.clock, () => this.options.store.tasks.end(task.id, task.attempt, ending));
      await this.over(task.id, 'failed');
    } catch (second) {
      this.options.log.error({ task: task.id, error: toErrorRecord(second) }, 'and could not be recorded');
    }
  }

  /** A task of ours is over: tells people, and those who wait. */
  private async over(taskId: string, status: Task['status'] | null): Promise<void> {
    if (!this.open.delete(taskId)) return;
    this.announcedWaits.delete(taskId);
    const task = await this.options.store.tasks.get(taskId);
    if (task !== null && status !== null) {
      if (status === 'done') {
        const applied = await this.options.applyDone?.(task);
        this.ledger.say('done', taskId, text.doneText(task, applied));
      } else if (status === 'failed') this.ledger.say('failed', taskId, text.failedText(task));
      else if (status === 'cancelled') this.ledger.say('cancelled', taskId, `${taskId} was cancelled: ${task.title}`);
      void this.ledger.record(
        taskId,
        status === 'failed' ? 'error' : 'info',
        status,
        task.error?.message ?? task.summary ?? status,
      );
    }
    this.board.change();
    if (this.open.size === 0) for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}

function survived(taskId: string): WilsonError {
  return new WilsonError('NOT_KILLED', `${taskId} has processes that the system would not end.`, {
    hint: '`wilson ps` shows them.',
  });
}
