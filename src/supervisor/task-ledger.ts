import type { Clock } from '../clock.js';
import { toErrorRecord } from '../errors.js';
import type { Log } from '../log.js';
import { persist } from '../store/persist.js';
import type { StoreThread } from '../store/store-thread.js';
import { noUsage, type Task, type TaskStatus } from '../task/task.js';
import { leftOutText } from '../workspace/left-out.js';
import type { AttemptEvents } from './attempt-options.js';
import { type AttemptMemory, MemoryTimeline } from './memory-timeline.js';
import type { NoticeBoard } from './notice-board.js';
import * as text from './notice-text.js';
import type { Notice } from './port.js';
import type { RunningTask } from './running-task.js';
import type { TaskSettlement } from './task-families.js';

export interface LedgerOptions {
  readonly store: StoreThread;
  readonly sessionId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly board: NoticeBoard;
}

/** What an attempt tells while it runs, and that it has run. */
export interface LedgerEvents extends AttemptEvents {
  /** The worker is gone, with or without a result: the last that it used is written down. */
  over(): void;
}

/** What there is to say of a task that is over. */
export interface OverWords {
  readonly subtasks: readonly Task[];
  /** What became of its result, where that is applied without asking. */
  readonly applied: string | undefined;
  /** It ended when nobody was there to be told. */
  readonly isLate: boolean;
  /** It has been put before people. */
  shown(): void;
}

/** A sample that says nothing new is not written at once: each write is one to the disk. */
const notableMb = 2;
const restMs = 2_000;

/** Writes down what happens to tasks: for the store, for the status line, and for the people at the prompt. */
export class TaskLedger {
  private readonly toldReasons = new Set<string>();

  constructor(private readonly options: LedgerOptions) {}

  say(kind: Notice['kind'], taskId: string | null, message: string, shown?: () => void): void {
    this.options.board.notice({ kind, taskId, text: message, ...(shown === undefined ? {} : { shown }) });
  }

  async record(taskId: string, level: 'info' | 'warn' | 'error', kind: string, line: string): Promise<void> {
    const { store, sessionId, log } = this.options;
    try {
      await store.events.append({ taskId, sessionId, level, kind, text: line });
    } catch (error) {
      log.warn({ task: taskId, error: toErrorRecord(error) }, 'an event could not be stored');
    }
  }

  /** A reason that was told once in this session need not be read again with every task. */
  private newReason(reason: string | null): string | null {
    if (reason === null || this.toldReasons.has(reason)) return null;
    this.toldReasons.add(reason);
    return reason;
  }

  /** People have been told why a model is replaced, outside any task. */
  noteTold(reason: string): void {
    this.toldReasons.add(reason);
  }

  /** A write whose answer nobody waits for; the store keeps the order. */
  write(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      this.options.log.error({ error: toErrorRecord(error) }, 'a write to the store failed');
    });
  }

  /** What an attempt tells while it runs, noted everywhere it belongs; the first of its agent is told to people. */
  attemptEvents(task: Task, running: RunningTask, isFirst: boolean): LedgerEvents {
    const { store, clock } = this.options;
    const { id, attempt } = task;
    const timeline = new MemoryTimeline(clock.monotonicMs());
    let used = noUsage;
    let usedWrittenMs = Number.NEGATIVE_INFINITY;
    let written = { processMb: 0, atMs: Number.NEGATIVE_INFINITY };
    return {
      spawned: (identity) => {
        running.spawned(identity);
        const known = store.workers.setProcess(id, attempt, identity).then((slotIsOurs) => {
          // `kill` came before the worker was known, found nothing to end, and gave the slot back.
          if (!slotIsOurs) running.stop('cancelled');
        });
        this.write(known);
        void this.record(id, 'info', 'spawned', `attempt ${attempt}: worker process ${identity.pid}`);
      },
      ready: () => {
        running.setPhase('loading');
        void this.record(id, 'info', 'ready', 'the worker is ready');
      },
      model: (record, serverMemoryMb) => {
        running.setModel(record, serverMemoryMb);
        this.write(store.tasks.setModel(id, attempt, record));
        void this.record(id, record.usedFallback ? 'warn' : 'info', 'model', `${record.model} (${record.provider})`);
        if (!isFirst) return;
        this.say('started', id, text.startedText(task, record.model));
        const reason = record.usedFallback ? this.newReason(record.fallbackReason) : null;
        // With a subtask it is told again only when it is news.
        if (record.usedFallback && (reason !== null || task.parentId === null)) {
          this.say('fallback', id, text.fallbackText(task, record.model, reason));
        }
      },
      // Not lost to a lock: the subtasks build on it.
      workspace: (workspace) => {
        this.write(persist(clock, () => store.tasks.setWorkspace(id, workspace, attempt)));
        if (workspace.leftOut === undefined || attempt > 1) return;
        const line = `${id} works without a part of the folder: ${leftOutText(workspace.leftOut)}`;
        this.say('info', id, line);
        void this.record(id, 'info', 'left_out', line);
      },
      working: () => {
        running.setPhase('working');
        this.write(store.tasks.begin(id, attempt));
      },
      progress: (progress) => {
        if (running.setProgress(progress)) this.write(store.tasks.setProgress(id, attempt, progress));
      },
      log: (level, line) => void this.record(id, level, 'log', line),
      memory: (sample) => {
        running.setMemory(sample);
        const nowMs = clock.monotonicMs();
        const { processMb, kind } = sample;
        timeline.add(nowMs, processMb);
        const isNews = Math.abs(processMb - written.processMb) >= notableMb || nowMs - written.atMs >= restMs;
        if (!isNews) return;
        written = { processMb, atMs: nowMs };
        const record = JSON.stringify({ ...timeline.record(), reservedMb: running.reservedMb } satisfies AttemptMemory);
        this.write(store.workers.setMemory(id, attempt, { processMb, kind, timeline: record }));
      },
      delivered: () => running.delivers(),
      usage: (usage) => {
        used = usage;
        const nowMs = clock.monotonicMs();
        if (nowMs - usedWrittenMs < restMs) return;
        usedWrittenMs = nowMs;
        this.write(store.tasks.setUsage(id, attempt, usage, running.peakMb));
      },
      // However it ended. Asked for before the end of the task is: who is told of that reads this too.
      over: () => this.write(persist(clock, () => store.tasks.setUsage(id, attempt, used, running.peakMb))),
    };
  }

  /** Tells people that a task is over, and how; `subtasks` are those of a parent. */
  sayOver(task: Task, status: TaskStatus, { subtasks, applied, isLate, shown }: OverWords): void {
    const { id } = task;
    // A reviewer's verdict has been told with what it judged.
    const isTold = task.type === 'review' && task.parentId !== null && task.artifacts.length === 0;
    const late = isLate ? `\n${text.lateText(task)}` : '';
    if (status === 'done' && !isTold) this.say('done', id, doneWords(task, subtasks, applied) + late, shown);
    if (status === 'failed') this.say('failed', id, text.failedText(task) + late, shown);
    else if (status === 'cancelled') this.say('cancelled', id, `${id} was cancelled: ${task.title}`);
  }

  /** Stores what an attempt means for its task. Resolves with the status when the task is over, else with null. */
  async settle(
    task: Task,
    settlement: TaskSettlement,
    { findings, needMb }: { readonly findings: readonly string[]; readonly needMb: number | null },
  ): Promise<TaskStatus | null> {
    const { clock, store } = this.options;
    const { tasks } = store;
    const { id, attempt } = task;
    if (settlement.kind === 'end') {
      const ended = await persist(clock, () => tasks.end(id, attempt, settlement.ending));
      return ended ? settlement.ending.status : ((await tasks.get(id))?.status ?? null);
    }
    if (settlement.kind === 'requeue') {
      const { because, error } = settlement;
      await persist(clock, () => tasks.requeue(id, attempt, { runAtMs: 0, findings, interruption: because, error }));
      if (error !== null) void this.record(id, 'info', 'queued', error.message);
      return null;
    }
    const put = await persist(clock, () =>
      tasks.requeue(id, attempt, {
        runAtMs: settlement.delayMs === 0 ? 0 : clock.now() + settlement.delayMs,
        findings: settlement.findings,
        interruption: 'none',
        ...(needMb === null ? {} : { needMb }),
        error: settlement.error,
        definitionOfDone: settlement.checks,
      }),
    );
    if (!put) return (await tasks.get(id))?.status ?? null;
    const why = settlement.error.message.replace(/\.$/, '');
    this.say('info', id, `${id}: attempt ${attempt} failed (${why}); trying again with a fresh worker.`);
    void this.record(id, 'warn', 'retry', settlement.error.message);
    return null;
  }
}

function doneWords(task: Task, subtasks: readonly Task[], applied: string | undefined): string {
  if (task.role === 'parent') return text.parentDoneText(task, subtasks, applied);
  return task.parentId === null ? text.doneText(task, applied) : text.subtaskDoneText(task);
}
