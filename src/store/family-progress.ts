import { type ErrorRecord, WilsonError } from '../errors.js';
import { whyNotReady } from '../task/definition-of-ready.js';
import { isActive, isOver, type Task } from '../task/task.js';
import { letsOthersRun } from '../task/waits.js';
import type { Connection } from './database.js';
import { readJudges, unfinishedBelow } from './family-rows.js';
import { type TaskRow, taskColumns, taskOfRow } from './rows.js';

/** What has become possible, or impossible, in a family. */
export interface FamilyNews {
  /** Subtasks that may run now. */
  readonly readied: readonly string[];
  /** Tasks that can no longer be done because of another one; they have failed. */
  readonly skipped: readonly string[];
  /** Every subtask is over, so that the parent can be finished. */
  readonly complete: boolean;
  /** Tasks below a parent that is over: they are over with it. */
  readonly dropped: readonly string[];
  /** Tasks below a parent that is over which still have a worker: that must be ended. */
  readonly stranded: readonly string[];
}

/**
 * Brings a family up to date with the states of its members: readies what waited for others, gives up what cannot be done
 * any more, counts the parent's progress, and ends what is left below a parent that is over. To be called within a
 * transaction; doing it twice changes nothing more.
 */
export function reconcileFamily(connection: Connection, parentId: string, now: string): FamilyNews {
  const family = new Family(connection, now);
  const top = family.get(parentId);
  if (top !== null && isOver(top.status))
    return { ...family.closeBelow(top), readied: [], skipped: [], complete: false };
  const readied: string[] = [];
  const skipped: string[] = [];
  for (let changed = true; changed; ) {
    changed = false;
    const parent = family.get(parentId);
    if (parent === null || isOver(parent.status)) break;
    for (const { task, judges } of family.below(parentId)) {
      const reason = family.whyImpossible(task);
      if (reason !== null) {
        family.fail(task, reason);
        skipped.push(task.id);
        changed = true;
      } else if (task.status === 'new') {
        family.admit(task);
        changed = true;
      } else if (family.mayRun(task, judges, parent)) {
        family.ready(task);
        readied.push(task.id);
        changed = true;
      }
    }
    const reason = family.whyImpossible(parent);
    if (reason !== null) {
      family.fail(parent, reason);
      skipped.push(parentId);
      break;
    }
  }
  const complete = family.count(parentId);
  return { readied, skipped, complete, dropped: [], stranded: [] };
}

/** The error of a task that cannot be done because of another one. */
export function becauseOf(other: Pick<Task, 'id' | 'title' | 'status'>): ErrorRecord {
  const what = other.status === 'cancelled' ? 'was cancelled' : 'failed';
  return new WilsonError('DEPENDENCY_FAILED', `${other.id}, which it needs, ${what}: ${other.title}.`, {
    hint: `\`wilson show ${other.id}\` says why.`,
  }).toRecord();
}

function noReviewBy(judge: Pick<Task, 'id' | 'status'>): ErrorRecord {
  const ends = { cancelled: 'was cancelled', failed: 'failed', done: 'ended without approving it' };
  const what = judge.status in ends ? ends[judge.status as keyof typeof ends] : 'is not over';
  return new WilsonError('NO_REVIEW', `Nobody has approved it: its review ${judge.id} ${what}.`, {
    hint: `\`wilson show ${judge.id}\` says why.`,
  }).toRecord();
}

class Family {
  constructor(
    private readonly connection: Connection,
    private readonly now: string,
  ) {}

  get(id: string): Task | null {
    const row = this.connection.prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE id = ?`).get(id);
    return row === undefined ? null : taskOfRow(row);
  }

  below(parentId: string): { task: Task; judges: boolean }[] {
    return this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks WHERE parent_id = ? AND superseded = 0 ORDER BY seq`,
      )
      .all(parentId)
      .map((row) => ({ task: taskOfRow(row), judges: row.judges === 1 }));
  }

  /** Whoever is left below a task that is over works for nobody; a worker that is alive is for its session to end. */
  closeBelow(top: Task): { dropped: string[]; stranded: string[] } {
    const dropped: string[] = [];
    const stranded: string[] = [];
    for (const id of unfinishedBelow(this.connection, top.id)) {
      const task = this.get(id);
      if (task === null) continue;
      if (isActive(task.status) && task.status !== 'in_review') stranded.push(id);
      else {
        this.drop(id, top);
        dropped.push(id);
      }
    }
    return { dropped, stranded };
  }

  private drop(id: string, top: Task): void {
    const how = { done: 'is done', failed: 'has failed', cancelled: 'was cancelled' }[top.status as 'done'];
    const error = new WilsonError('PARENT_OVER', `${top.id}, which it is a part of, ${how}.`).toRecord();
    this.connection
      .prepare(
        `UPDATE tasks SET status = 'cancelled', error = ?, ended_at = ?, question = NULL, interrupted = 0,
           queued_reason = NULL, queued_detail = NULL, queued_sum = NULL WHERE id = ?`,
      )
      .run(JSON.stringify(error), this.now, id);
  }

  /** Why a task that has no worker can never be done; null while it can. */
  whyImpossible(task: Task): ErrorRecord | null {
    const unready = task.status === 'new' ? whyNotReady(task) : null;
    if (unready !== null) return unready;
    const waitsForReview = task.status === 'in_review' && task.role !== 'parent';
    if (isOver(task.status) || (isActive(task.status) && !waitsForReview)) return null;
    for (const id of task.dependsOn) {
      const other = this.get(id);
      if (other?.status === 'failed' || other?.status === 'cancelled') return becauseOf(other);
    }
    // A reviewer that is over has said all it will say: whoever still waits for it was not approved.
    const judge = waitsForReview ? readJudges(this.connection, task.id).find((each) => isOver(each.status)) : undefined;
    return judge === undefined ? null : noReviewBy(judge);
  }

  private isThere(id: string): boolean {
    const status = this.get(id)?.status;
    return status !== undefined && letsOthersRun(status);
  }

  mayRun(task: Task, judges: boolean, parent: Task): boolean {
    if (task.status !== 'blocked' || task.question !== null || task.role === 'parent') return false;
    // What a task has delegated begins when its own worker is gone: it works on what that one leaves.
    if (!judges && parent.role !== 'parent') return false;
    if (task.dependsOn.some((id) => !this.isThere(id))) return false;
    return !judges || task.dependsOn.some((id) => this.get(id)?.status === 'in_review');
  }

  /** `new → blocked`: it is ready as far as it says; whether it may run is seen next. */
  admit(task: Task): void {
    this.connection.prepare("UPDATE tasks SET status = 'blocked' WHERE id = ? AND status = 'new'").run(task.id);
  }

  ready(task: Task): void {
    this.connection
      .prepare(
        "UPDATE tasks SET status = 'ready', run_at_ms = 0, queued_reason = NULL, queued_detail = NULL WHERE id = ? AND status = 'blocked'",
      )
      .run(task.id);
  }

  fail(task: Task, error: ErrorRecord): void {
    this.connection
      .prepare(
        `UPDATE tasks SET status = 'failed', error = ?, ended_at = ?, question = NULL, queued_reason = NULL,
           queued_detail = NULL, queued_sum = NULL WHERE id = ?`,
      )
      .run(JSON.stringify(error), this.now, task.id);
  }

  /** Notes how far the parent is and for what its members wait; true when all of them are over. */
  count(parentId: string): boolean {
    const members = this.below(parentId).map(({ task }) => task);
    for (const task of members) this.noteWait(task);
    const parent = this.get(parentId);
    if (parent?.role !== 'parent' || parent.status !== 'blocked' || members.length === 0) {
      return parent?.role === 'parent' && !isOver(parent.status) && members.every(({ status }) => isOver(status));
    }
    const done = members.filter(({ status }) => status === 'done').length;
    const open = members.filter(({ status }) => !isOver(status)).map(({ id }) => id);
    const message = open.length === 0 ? 'its subtasks are over' : `waits for ${open.join(', ')}`;
    const basis = `${done} of ${members.length} subtasks`;
    // A look that finds nothing new writes nothing.
    if (parent.progress.basis === basis && parent.queuedDetail === message) return open.length === 0;
    this.connection
      .prepare(
        `UPDATE tasks SET progress = @progress, progress_basis = @basis, message = @message, queued_reason = 'subtasks',
           queued_detail = @message WHERE id = @id AND status = 'blocked'`,
      )
      .run({
        id: parentId,
        progress: done / members.length,
        basis,
        message,
      });
    return open.length === 0;
  }

  private noteWait(task: Task): void {
    if (task.status !== 'blocked' || task.question !== null || task.role === 'parent') return;
    const waitsFor = task.dependsOn.filter((id) => !this.isThere(id));
    const detail = waitsFor.length === 0 ? 'waits for its parent' : `waits for ${waitsFor.join(', ')}`;
    if (detail === task.queuedDetail) return;
    this.connection
      .prepare("UPDATE tasks SET queued_reason = 'dependencies', queued_detail = ? WHERE id = ? AND status = 'blocked'")
      .run(detail, task.id);
  }
}
