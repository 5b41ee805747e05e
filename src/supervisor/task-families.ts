import { toErrorRecord, WilsonError } from '../errors.js';
import type { FamilyNews } from '../store/family-progress.js';
import { persist } from '../store/persist.js';
import { checkText } from '../task/check-rules.js';
import { requestBehind } from '../task/part-of.js';
import { findingText, isBlocking, type ReviewRecord } from '../task/review.js';
import { isOver, type Task, type TaskStatus } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';
import type { Brief } from './attempt-options.js';
import { endingOfParent } from './finish-parent.js';
import * as text from './notice-text.js';
import { maxAttempts } from './restart-policy.js';
import type { Settlement } from './settle.js';
import type { SupervisorOptions } from './supervisor-options.js';
import type { TaskLedger } from './task-ledger.js';

/** Longest diff that a reviewer is given, in characters: more fits into no model's context here. */
const patchLimit = 200_000;
/** What a worker is told is bounded: it all has to fit into one message, and into the context of its model. */
const handoverChars = 4_000;
const questionsKept = 40;
const findingsTold = 20;
const filesListed = 1_000;
const evidenceLines = 100;
const lineChars = 2_000;

export interface FamiliesOptions
  extends Pick<SupervisorOptions, 'store' | 'session' | 'clock' | 'log' | 'verification' | 'workspaces'> {
  readonly ledger: TaskLedger;
  /** A task of ours is over. */
  over(taskId: string, status: TaskStatus): Promise<void>;
  /** A task that is ours from now on. */
  track(taskId: string): void;
  /** Ends the worker of a task whose parent is over, where it is ours. */
  stop(taskId: string): void;
}

type FamilySettlement = Extract<Settlement, { kind: 'plan' | 'ask' | 'verdict' | 'review' | 'delegated' }>;

/** What an attempt means for its task alone. */
export type TaskSettlement = Exclude<Settlement, FamilySettlement>;

export function isFamilySettlement(settlement: Settlement): settlement is FamilySettlement {
  return ['plan', 'ask', 'verdict', 'review', 'delegated'].includes(settlement.kind);
}

/**
 * What becomes of tasks that belong together: plans become subtasks, subtasks become ready, reviews send work back or let
 * it pass, and a parent whose subtasks are over is looked at as a whole.
 */
export class TaskFamilies {
  /** Parents whose whole is being checked, with the way to stop that. */
  private readonly finishing = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();

  constructor(private readonly options: FamiliesOptions) {}

  get isBusy(): boolean {
    return this.finishing.size > 0;
  }

  /** What a worker is told about the family of its task. */
  async brief(task: Task): Promise<Brief> {
    const { store } = this.options;
    const [findings, messages, judges, reviews] = await Promise.all([
      store.tasks.findings(task.id),
      store.families.communicationsOf(task.id),
      store.families.isJudge(task.id),
      store.families.reviewsOf(task.id),
    ]);
    const handover = [];
    for (const id of task.dependsOn) {
      const other = await store.tasks.get(id);
      if (other?.summary)
        handover.push({ from: `${other.id} (${other.agent})`, text: cut(other.summary, handoverChars) });
    }
    const parent = task.parentId === null || judges ? null : await store.tasks.get(task.parentId);
    const questions = messages.filter(({ kind }) => kind === 'question' || kind === 'answer').slice(-questionsKept);
    for (const { fromName, text: said } of questions) handover.push({ from: fromName, text: said });
    return {
      findings: allFindings(task, findings, reviews),
      definitionOfDone: task.demands.filter(({ check }) => check !== 'review_approved').map(plainSpec),
      handover,
      // Who judges gets it with the work.
      partOf: parent === null ? null : requestBehind(parent.description, task.description),
      review: judges && task.parentId !== null ? await this.workToJudge(task, task.parentId) : null,
    };
  }

  private async workToJudge(judge: Task, parentId: string): Promise<NonNullable<Brief['review']>> {
    const { store, workspaces } = this.options;
    const [{ patch, files }, parent, judged] = await Promise.all([
      workspaces.patch(parentId),
      store.tasks.get(parentId),
      store.families.judgedBy(judge.id),
    ]);
    const seen = judged.flatMap((task) =>
      task.definitionOfDone.flatMap((check) => ('passed' in check ? [`${task.id}: ${text.evidenceLine(check)}`] : [])),
    );
    return {
      patch: patch.slice(0, patchLimit),
      truncated: patch.length > patchLimit,
      files: files.slice(0, filesListed).map(({ path }) => path),
      evidence: seen.slice(0, evidenceLines).map((line) => cut(line, lineChars)),
      request: parent?.description ?? judge.description,
    };
  }

  /** Brings what a subtask has made into its parent's workspace. Rejects with the conflict. */
  async merge(task: Task, workspace: Workspace): Promise<void> {
    const { store, workspaces, ledger } = this.options;
    if (task.parentId === null || (await store.families.isJudge(task.id))) return;
    const parent = await store.tasks.get(task.parentId);
    if (parent?.role !== 'parent' || isOver(parent.status)) return;
    try {
      const paths = await workspaces.merge(workspace);
      void ledger.record(task.id, 'info', 'merged', text.mergedText(task, paths));
    } catch (error) {
      const { code, message, hint } = toErrorRecord(error);
      if (code !== 'APPLY_CONFLICT') throw error;
      throw new WilsonError('MERGE_CONFLICT', `Its changes do not fit to what other subtasks have made: ${message}`, {
        hint,
        cause: error,
      });
    }
  }

  /** Does what a plan, a question, a verdict or a finished part means. Resolves with the status when the task is over. */
  async settle(task: Task, settlement: FamilySettlement): Promise<TaskStatus | null> {
    const { store, clock, session, ledger } = this.options;
    const { id, attempt } = task;
    switch (settlement.kind) {
      case 'plan':
        return this.plan(task, settlement.plan);
      case 'ask': {
        const asks = await persist(clock, () => store.families.ask(id, attempt, settlement.question));
        if (!asks) return this.statusOf(id);
        ledger.say('asks', id, text.askText({ id, question: settlement.question }));
        void ledger.record(id, 'info', 'asks', settlement.question);
        return null;
      }
      case 'verdict':
        return this.verdict(task, settlement);
      case 'review': {
        const waits = await persist(clock, () => store.families.toReview(id, attempt, settlement.left, session.id));
        if (!waits) return this.statusOf(id);
        for (const judge of await store.families.judgesOf(id)) this.options.track(judge.id);
        void ledger.record(id, 'info', 'in_review', 'its checks are met; it waits for its review');
        await this.goOn(task.parentId === null ? id : task.parentId);
        if (task.parentId !== null) await this.goOn(id);
        return null;
      }
      case 'delegated': {
        const waits = await persist(clock, () => store.families.waitForDelegated(id, attempt, settlement.left));
        if (!waits) return this.statusOf(id);
        await this.goOn(id);
        return null;
      }
    }
  }

  private async plan(task: Task, plan: Extract<Settlement, { kind: 'plan' }>['plan']): Promise<TaskStatus | null> {
    const { store, clock, session, ledger } = this.options;
    const { id, attempt } = task;
    for (const note of plan.notes) void ledger.record(id, 'info', 'plan', note);
    if (plan.steps.length === 1) {
      const whole = await persist(clock, () => store.families.staysWhole(id, attempt));
      if (!whole) return this.statusOf(id);
      ledger.say('planned', id, `${id} stays one task: ${task.title}`);
      const fallen = plan.steps.flatMap(({ checks }) => checks.map(checkText));
      const note = fallen.length === 0 ? '' : `, so these checks of its plan fall away: ${fallen.join('; ')}`;
      void ledger.record(id, 'info', 'planned', `the request stays one task${note}`);
      return null;
    }
    const subtasks = await persist(clock, () => store.families.plan(id, attempt, plan.steps, session.id));
    if (subtasks === null) return this.statusOf(id);
    for (const subtask of subtasks) this.options.track(subtask.id);
    const line = text.planText(task, subtasks, plan);
    ledger.say('planned', id, line);
    void ledger.record(id, 'info', 'planned', line);
    await this.goOn(id);
    return null;
  }

  private async verdict(
    judge: Task,
    { review, diffBytes }: Extract<Settlement, { kind: 'verdict' }>,
  ): Promise<TaskStatus | null> {
    const { store, clock, ledger } = this.options;
    const options = { maxAttempts, diffBytes };
    const judged = await persist(clock, () => store.families.verdict(judge.id, judge.attempt, review, options));
    if (judged === null) return this.statusOf(judge.id);
    for (const { taskId, outcome, findings } of judged) {
      const subject = await store.tasks.get(taskId);
      if (subject === null) continue;
      const record: ReviewRecord = {
        ...review,
        findings,
        taskId,
        attempt: subject.attempt,
        reviewer: judge.id,
        diffBytes,
        createdAt: new Date(clock.now()).toISOString(),
      };
      const line = text.reviewText(record);
      ledger.say('reviewed', taskId, line);
      void ledger.record(taskId, review.verdict === 'approved' ? 'info' : 'warn', 'reviewed', line);
      if (outcome === 'revise') {
        const nextAttempt = subject.attempt + 1;
        const revision = text.revisionText(subject, { reviewer: judge.id, findings: findings.length, nextAttempt });
        ledger.say('info', taskId, revision);
        void ledger.record(taskId, 'info', 'revised', revision);
      } else if (outcome !== 'waits') await this.options.over(taskId, subject.status);
    }
    const status = await this.statusOf(judge.id);
    if (judge.parentId !== null) await this.goOn(judge.parentId);
    return status !== null && isOver(status) ? status : null;
  }

  /** A task is over: others may run now, or not any more, its parent may be complete, and what is below it ends too. */
  async afterOver(task: Pick<Task, 'id' | 'parentId'>): Promise<void> {
    if ((await this.options.store.families.unfinishedBelow(task.id)).length > 0) await this.goOn(task.id);
    if (task.parentId !== null) await this.goOn(task.parentId);
  }

  /** Brings a family up to date and does what has become due; resolves with the subtasks that may run now. */
  async goOn(parentId: string): Promise<readonly string[]> {
    const { store, clock } = this.options;
    return this.follow(parentId, await persist(clock, () => store.families.reconcile(parentId)));
  }

  private async follow(parentId: string, news: FamilyNews): Promise<readonly string[]> {
    for (const id of news.skipped) await this.options.over(id, 'failed');
    for (const id of news.dropped) await this.options.over(id, 'cancelled');
    for (const id of news.stranded) this.options.stop(id);
    if (news.complete) this.finish(parentId);
    return news.readied;
  }

  /**
   * Looks at every family of ours once more: another terminal, a parent that died between two steps or a write that was
   * lost may have left something to do. Rejects when the store is busy: the next look does it.
   */
  async lookAgain(): Promise<void> {
    const { store, session } = this.options;
    for (const id of await store.families.toLookAfter(session.id)) {
      await this.follow(id, await store.families.reconcile(id));
    }
  }

  /** Stops the look at the whole of a parent; resolves when it has stopped. */
  async stopFinish(parentId: string): Promise<void> {
    const work = this.finishing.get(parentId);
    work?.stop.abort('cancelled');
    await work?.ended;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.finishing.keys()].map((id) => this.stopFinish(id)));
  }

  private finish(parentId: string): void {
    if (this.finishing.has(parentId)) return;
    const stop = new AbortController();
    const ended = this.finishNow(parentId, stop.signal)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        this.options.log.error({ task: parentId, error: toErrorRecord(error) }, 'a parent could not be finished');
      })
      .finally(() => this.finishing.delete(parentId));
    this.finishing.set(parentId, { stop, ended });
  }

  private async finishNow(parentId: string, signal: AbortSignal): Promise<void> {
    const { store, clock, session, ledger } = this.options;
    const parent = await persist(clock, () => store.families.beginFinish(parentId, session.id));
    if (parent === null) return;
    // Tried again from elsewhere, its parts may have been run here before it was adopted: its end is ours to tell.
    this.options.track(parentId);
    const subtasks = await store.families.membersOf(parentId);
    const ending = await endingOfParent(this.options, parent, subtasks, signal);
    if (signal.aborted) return;
    const ended = await persist(clock, () => store.tasks.end(parentId, parent.attempt, ending));
    if (!ended) return;
    void ledger.record(parentId, 'info', 'finished', `${subtasks.length} subtasks are over`);
    await this.options.over(parentId, ending.status);
  }

  private async statusOf(id: string): Promise<TaskStatus | null> {
    return (await this.options.store.tasks.get(id))?.status ?? null;
  }
}

/**
 * What held the attempts before this one back: what the last one missed, and the findings of a review that it was to mend,
 * for as long as no newer review says otherwise.
 */
function allFindings(task: Task, latest: readonly string[], reviews: readonly ReviewRecord[]): string[] {
  const last = reviews.filter(({ taskId }) => taskId === task.id).at(-1);
  const open = last?.verdict === 'needs_changes' ? last.findings.filter(isBlocking).map(findingText) : [];
  return [...new Set([...latest, ...open])].slice(0, findingsTold).map((text) => cut(text, lineChars));
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)} … (${text.length - limit} more characters)`;
}

/** The form that crosses IPC. */
function plainSpec({ check, paths, command, percent }: Task['demands'][number]): Brief['definitionOfDone'][number] {
  return {
    check,
    ...(paths === undefined ? {} : { paths: [...paths] }),
    ...(command === undefined ? {} : { command: [...command] }),
    ...(percent === undefined ? {} : { percent }),
  };
}
