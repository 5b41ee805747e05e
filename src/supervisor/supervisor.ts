import type { Timer } from '../clock.js';
import { toErrorRecord, WilsonError } from '../errors.js';
import { persist } from '../store/persist.js';
import { needsPlan } from '../task/needs-plan.js';
import type { ReviewRecord } from '../task/review.js';
import { isOver, type Task, type TaskStatus } from '../task/task.js';
import { adoptTasks } from './adopt-tasks.js';
import { cancelTask } from './cancel-task.js';
import { checkRequest } from './check-request.js';
import { claimRound } from './claim-round.js';
import { MemoryGuard } from './memory-guard.js';
import { NoticeBoard } from './notice-board.js';
import { Orchestration } from './orchestration.js';
import type { ActiveTask, CancelOutcome, Notice, SupervisorPort, TaskRequest } from './port.js';
import { QueueWaits } from './queue-waits.js';
import { reapDeadSessions } from './reaper.js';
import { refuseTask } from './refuse-task.js';
import { runTask } from './run-task.js';
import { RunningTask } from './running-task.js';
import type { SupervisorOptions } from './supervisor-options.js';
import { TaskEnds } from './task-ends.js';
import { TaskFamilies } from './task-families.js';
import { TaskLedger } from './task-ledger.js';

const candidatesLimit = 64;
const reapEveryMs = 2_000;
const idleLookMs = 5_000;
/** How often families are looked at without a reason. */
const familiesEveryMs = 2_000;

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
  private readonly families: TaskFamilies;
  private readonly ends: TaskEnds;
  private readonly orchestration: Orchestration;
  private readonly idleWaiters: (() => void)[] = [];
  private readonly waits: QueueWaits;
  private pumping: Promise<void> | null = null;
  private pumpAgain = false;
  private timer: Timer | null = null;
  private stopping: Promise<void> | null = null;
  private lastReapMs = Number.NEGATIVE_INFINITY;
  private lastFamiliesMs = Number.NEGATIVE_INFINITY;

  private constructor(private readonly options: SupervisorOptions) {
    const { store, session, clock, log } = options;
    this.ledger = new TaskLedger({ store, sessionId: session.id, clock, log, board: this.board });
    this.waits = new QueueWaits(store, this.ledger);
    this.ends = new TaskEnds({ ...options, ledger: this.ledger });
    const track = (taskId: string): void => {
      this.open.add(taskId);
      this.pump();
    };
    const over = (taskId: string, status: TaskStatus): Promise<void> => this.over(taskId, status);
    const stop = (taskId: string): void => this.running.get(taskId)?.stop('cancelled');
    this.families = new TaskFamilies({ ...options, ledger: this.ledger, over, track, stop });
    this.orchestration = new Orchestration({
      store,
      session,
      track,
      active: () => this.active(),
      showProgress: (taskId, progress) => this.running.get(taskId)?.setProgress(progress),
      goOn: (parentId) => this.families.goOn(parentId),
    });
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
    await reapDeadSessions(store, clock);
    if (options.adopt) await supervisor.adopt();
    supervisor.guard.start();
    supervisor.pump();
    return supervisor;
  }

  /** Takes up the tasks of the folder whose parent is gone, and what it has left undone after their end. */
  private async adopt(): Promise<void> {
    // Found to be over by the next look at the queue, which does what follows.
    for (const taskId of await this.ends.adopt()) this.open.add(taskId);
    const adopted = await adoptTasks(this.options, this.ledger);
    // Those that wait for a delayed retry, or for an answer, count too.
    for (const taskId of adopted) this.open.add(taskId);
    if (adopted.length > 0) await this.families.lookAgain();
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
      role: (request.planned ?? needsPlan(request.description, request.type)) ? 'plan' : 'work',
    });
    this.open.add(task.id);
    this.pump();
    return task;
  }

  cancel(taskId: string): Promise<CancelOutcome> {
    const { store, clock, session } = this.options;
    return cancelTask(
      {
        store,
        clock,
        session,
        running: (id) => this.running.get(id) ?? null,
        runningBelow: (id) => [...this.running.values()].filter((running) => running.isPartOf(id)),
        claimsKnown: () => this.pumping ?? Promise.resolve(),
        over: (id, status) => this.over(id, status),
        stopFinish: (id) => this.families.stopFinish(id),
      },
      taskId,
    );
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

  subtasks(taskId: string): Promise<Task[]> {
    return this.options.store.families.membersOf(taskId);
  }

  reviews(taskId: string): Promise<ReviewRecord[]> {
    return this.options.store.families.reviewsOf(taskId);
  }

  asking(): Promise<Task[]> {
    return this.options.store.families.asking(this.options.session.folder);
  }

  async answer(taskId: string, answer: string): Promise<boolean> {
    const answered = await this.options.store.families.answer(taskId, answer);
    if (answered) {
      this.open.add(taskId);
      void this.ledger.record(taskId, 'info', 'answered', answer);
      this.pump();
    }
    return answered;
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
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => {
      this.idleWaiters.push(resolve);
      this.pump();
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
    await this.families.stopAll();
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
    await this.lookAfterFamilies();
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
    await this.waits.note(round.waits, candidates);
    await this.forgetEndedElsewhere();
    const waiting = await store.tasks.waitingOf(session.id);
    const nobodyWorks = this.running.size === 0 && waiting.count === 0 && !this.families.isBusy;
    if (nobodyWorks && (await store.families.asking(session.folder)).some(({ id }) => this.open.has(id))) {
      this.settleDown();
    }
    if (waiting.count > 0 || this.hasTasksElsewhere()) {
      const poll = this.options.pollMs ?? 300;
      const untilDue = (waiting.nextRunAtMs ?? 0) - clock.now();
      this.wakeIn(Math.max(poll, Math.min(untilDue, 2_000)));
    } else if (this.options.adopt) {
      // Another parent of this folder may die and leave its tasks to us.
      this.timer = clock.after(idleLookMs, () => this.pump());
    }
  }

  /** Takes over what a session of this folder has left since we began, and goes on with what nobody has gone on with. */
  private async lookAfterFamilies(): Promise<void> {
    const { clock, adopt } = this.options;
    if (clock.monotonicMs() - this.lastFamiliesMs < familiesEveryMs) return;
    this.lastFamiliesMs = clock.monotonicMs();
    if (adopt) await this.adopt();
    if (this.hasTasksElsewhere()) await this.families.lookAgain();
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
      if (this.running.has(id)) continue;
      void this.families.stopFinish(id);
      await this.over(id, status);
    }
  }

  private wakeIn(delayMs: number): void {
    this.timer?.cancel();
    this.timer = this.options.clock.after(delayMs, () => this.pump(), { keepAlive: true });
  }

  private async refuse(taskId: string, detail: string, hint: string): Promise<void> {
    if (await refuseTask(this.options.store, this.options.session.id, taskId, detail, hint))
      await this.over(taskId, 'failed');
  }

  private launch(task: Task, owner: string, reservedMb: number): void {
    this.open.add(task.id);
    this.waits.forget(task.id);
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
    const { options, ledger, families, orchestration } = this;
    const slotFree = (): void => this.pump();
    const over = await runTask({ options, ledger, families, orchestration, slotFree }, task, owner, running);
    if (over !== null) await this.over(task.id, over);
  }

  /** A fault of Wilson itself: the task fails, the rest goes on. */
  private async attemptBroke(task: Task, error: unknown): Promise<void> {
    const record = toErrorRecord(error);
    this.options.log.error({ task: task.id, error: record }, 'an attempt broke');
    try {
      const ending = { status: 'failed', summary: null, error: record } as const;
      await persist(this.options.clock, () => this.options.store.tasks.end(task.id, task.attempt, ending));
      // What it has brought about before may stand: then that is how it ended.
      const now = await this.options.store.tasks.get(task.id);
      if (now !== null && isOver(now.status)) await this.over(task.id, now.status);
      await this.families.goOn(task.parentId ?? task.id);
    } catch (second) {
      this.options.log.error({ task: task.id, error: toErrorRecord(second) }, 'and could not be recorded');
    }
  }

  /** A task of ours is over: tells people, and those who wait. */
  private async over(taskId: string, status: TaskStatus | null): Promise<void> {
    if (!this.open.delete(taskId)) return;
    this.waits.forget(taskId);
    try {
      const task = status === null ? null : await this.ends.follow(taskId, status);
      if (task !== null) await this.families.afterOver(task);
    } finally {
      this.board.change();
      if (this.isIdle) this.settleDown();
    }
  }

  private get isIdle(): boolean {
    return this.open.size === 0 && !this.ends.isBusy;
  }

  /** Nothing of ours runs or will run by itself. */
  private settleDown(): void {
    for (const resolve of this.idleWaiters.splice(0)) resolve();
  }
}
