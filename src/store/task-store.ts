import { type ErrorRecord, WilsonError } from '../errors.js';
import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import type { Artifact, MemorySum, Progress, ProviderId, Task, Usage } from '../task/task.js';
import { isOver, noUsage, withNewer } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';
import { supersedeBelow } from './family-supersede.js';
import { insertTask, type NewTask } from './new-task.js';
import { keepsUntilFailure } from './rows.js';
import { isOrphan, TaskReader } from './task-reader.js';

/** The model an attempt really uses. */
export interface ModelRecord {
  readonly model: string;
  readonly provider: ProviderId;
  readonly usedFallback: boolean;
  readonly fallbackReason: string | null;
}

/** How an attempt ended; written together with the new status of its task. */
export interface Ending {
  readonly status: 'done' | 'failed' | 'cancelled';
  readonly summary: string | null;
  readonly error: ErrorRecord | null;
  readonly definitionOfDone?: readonly (CheckSpec | CheckResult)[];
  readonly artifacts?: readonly Artifact[];
}

/**
 * The tasks. Writes of an attempt carry its number as a fencing token: once a newer attempt exists, an older one
 * changes nothing and is told so by `false`.
 */
export class TaskStore extends TaskReader {
  private iso(): string {
    return new Date(this.clock.now()).toISOString();
  }

  /** Stores a task, `ready` by default, with the first line of its story, and returns it. One short transaction (I1). */
  submit(input: NewTask): Task {
    return this.connection
      .transaction(() => {
        const id = insertTask(this.connection, input, this.iso());
        const task = this.get(id);
        if (task === null) throw new WilsonError('STORE_FAILED', `The new task ${id} cannot be read back.`);
        return task;
      })
      .immediate();
  }

  /** A session takes over tasks whose asker is gone, so that they are its own from now on; returns their ids. */
  adopt(sessionId: string, folder: string): string[] {
    // Most looks find none, and then nothing is written.
    if (!this.hasOrphans(folder)) return [];
    return this.connection
      .prepare<unknown[], { id: string }>(
        `UPDATE tasks SET session_id = @id WHERE folder = @folder AND ${isOrphan} RETURNING id`,
      )
      .all({ id: sessionId, folder })
      .map((row) => row.id);
  }

  /** Notes why tasks wait, in one transaction; returns the ids of those for which that is news. */
  setQueuedReasons(waits: readonly { taskId: string; reason: string; detail: string; sum?: MemorySum }[]): string[] {
    const current = this.connection.prepare<[string], { reason: string | null; detail: string | null }>(
      "SELECT queued_reason AS reason, queued_detail AS detail FROM tasks WHERE id = ? AND status IN ('ready', 'blocked')",
    );
    const news = waits.filter(({ taskId, reason, detail }) => {
      const row = current.get(taskId);
      return row !== undefined && (row.reason !== reason || row.detail !== detail);
    });
    // Most looks at the queue change nothing, and then nothing is written.
    if (news.length === 0) return [];
    const update = this.connection.prepare(
      `UPDATE tasks SET queued_reason = @reason, queued_detail = @detail, queued_sum = @sum
       WHERE id = @taskId AND status IN ('ready', 'blocked')`,
    );
    this.connection
      .transaction(() => {
        for (const { taskId, reason, detail, sum } of news) {
          update.run({ taskId, reason, detail, sum: sum === undefined ? null : JSON.stringify(sum) });
        }
      })
      .immediate();
    return news.map((wait) => wait.taskId);
  }

  /** `assigned → in_progress`. */
  begin(id: string, attempt: number): boolean {
    return (
      this.connection
        .prepare("UPDATE tasks SET status = 'in_progress' WHERE id = ? AND attempt = ? AND status = 'assigned'")
        .run(id, attempt).changes === 1
    );
  }

  setModel(id: string, attempt: number, record: ModelRecord): boolean {
    return (
      this.connection
        .prepare(
          `UPDATE tasks SET model_used = ?, provider = ?, used_fallback = ?, fallback_reason = ?
           WHERE id = ? AND attempt = ? AND status IN ('assigned', 'in_progress')`,
        )
        .run(record.model, record.provider, record.usedFallback ? 1 : 0, record.fallbackReason, id, attempt).changes ===
      1
    );
  }

  /** The copy that a task has from now on; with the attempt that works in it. */
  setWorkspace(id: string, workspace: Workspace | null, attempt?: number): void {
    this.connection
      .prepare('UPDATE tasks SET workspace = ? WHERE id = ?')
      .run(workspace === null ? null : JSON.stringify({ ...workspace, attempt }), id);
  }

  setProgress(id: string, attempt: number, progress: Progress): boolean {
    return (
      this.connection
        .prepare(
          `UPDATE tasks SET progress = ?, progress_basis = ?, message = ?
           WHERE id = ? AND attempt = ? AND status IN ('assigned', 'in_progress', 'in_review')`,
        )
        .run(progress.fraction, progress.basis, progress.message, id, attempt).changes === 1
    );
  }

  /**
   * What an attempt has used so far, in place of what it said before; the task has the sum over its attempts. Also taken
   * from an attempt that is over: it has used that all the same.
   */
  setUsage(id: string, attempt: number, usage: Usage, peakMb: number | null): void {
    this.connection
      .transaction(() => {
        const task = this.get(id);
        const row = this.connection
          .prepare<unknown[], { usage: string | null }>('SELECT usage FROM attempts WHERE task_id = ? AND attempt = ?')
          .get(id, attempt);
        if (task === null || row === undefined) return;
        const before = row.usage === null ? noUsage : (JSON.parse(row.usage) as Usage);
        this.connection
          .prepare('UPDATE attempts SET usage = ? WHERE task_id = ? AND attempt = ?')
          .run(JSON.stringify(usage), id, attempt);
        this.connection
          .prepare('UPDATE tasks SET usage = ?, peak_mb = max(coalesce(peak_mb, ?), coalesce(?, peak_mb)) WHERE id = ?')
          .run(JSON.stringify(withNewer(task.usage, before, usage)), peakMb, peakMb, id);
      })
      .immediate();
  }

  /** Ends a task from an active state. False when the attempt is no longer the newest or the task is over. */
  end(id: string, attempt: number, ending: Ending): boolean {
    return this.connection
      .transaction(() => {
        const done = this.connection
          .prepare(
            `UPDATE tasks SET status = @status, summary = @summary, error = @error, ended_at = @now,
               definition_of_done = coalesce(@checks, definition_of_done), artifacts = coalesce(@artifacts, artifacts),
               progress = CASE WHEN @status = 'done' THEN 1 ELSE progress END, interrupted = 0,
               queued_reason = NULL, queued_detail = NULL, queued_sum = NULL
             WHERE id = @id AND attempt = @attempt AND status IN ('assigned', 'in_progress', 'in_review')`,
          )
          .run({
            id,
            attempt,
            status: ending.status,
            summary: ending.summary,
            error: ending.error === null ? null : JSON.stringify(ending.error),
            checks: ending.definitionOfDone === undefined ? null : JSON.stringify(ending.definitionOfDone),
            artifacts: ending.artifacts === undefined ? null : JSON.stringify(ending.artifacts),
            now: this.iso(),
          });
        if (done.changes !== 1) return false;
        this.closeAttempt(id, attempt, ending.status, ending.error);
        return true;
      })
      .immediate();
  }

  /** Puts a task back into the queue after an attempt: at once, or not before `runAtMs`. */
  requeue(
    id: string,
    attempt: number,
    options: {
      runAtMs: number;
      /** For the next attempt; absent where it gets those that this one got. */
      findings?: readonly string[];
      /**
       * `crash`: its parent died under it; `orderly`: its parent was asked to end; `memory`: it needs more than it had
       * reserved and waits for that. The last two say nothing about the task.
       */
      interruption: 'none' | 'orderly' | 'crash' | 'memory';
      /** What it needs, as far as an attempt has shown. */
      needMb?: number;
      error: ErrorRecord | null;
      definitionOfDone?: readonly (CheckSpec | CheckResult)[];
    },
  ): boolean {
    return this.connection
      .transaction(() => {
        const put = this.connection
          .prepare(
            `UPDATE tasks SET status = 'ready', run_at_ms = @runAtMs, findings = coalesce(@findings, findings),
               keeps_work = CASE WHEN @isFailure = 1 AND (keeps_work = ${keepsUntilFailure} OR EXISTS
                 (SELECT 1 FROM tasks p WHERE p.id = tasks.parent_id AND p.role = 'parent')) THEN 0 ELSE keeps_work END,
               definition_of_done = coalesce(@checks, definition_of_done),
               interrupted = @interrupted, interruptions = interruptions + @crashed, need_mb = coalesce(@needMb, need_mb),
               progress = NULL, progress_basis = '', message = ''
             WHERE id = @id AND attempt = @attempt AND status IN ('assigned', 'in_progress', 'in_review')`,
          )
          .run({
            id,
            attempt,
            runAtMs: options.runAtMs,
            findings: options.findings === undefined ? null : JSON.stringify(options.findings),
            // A part of a family begins on what the others have made by then.
            isFailure: options.interruption === 'none' ? 1 : 0,
            checks: options.definitionOfDone === undefined ? null : JSON.stringify(options.definitionOfDone),
            interrupted: options.interruption === 'orderly' || options.interruption === 'crash' ? 1 : 0,
            needMb: options.needMb ?? null,
            crashed: options.interruption === 'crash' ? 1 : 0,
          });
        if (put.changes !== 1) return false;
        // What it has delegated it delegates again, unless it goes on with what it has.
        if (!this.keepsWork(id)) supersedeBelow(this.connection, id, this.iso());
        this.closeAttempt(id, attempt, options.interruption === 'none' ? 'retried' : 'interrupted', options.error);
        return true;
      })
      .immediate();
  }

  /** Cancels a task that has no worker. `active` means that its parent must end the worker first. */
  cancelQueued(id: string): 'cancelled' | 'active' | 'over' | 'unknown' {
    return this.connection
      .transaction(() => {
        const changed = this.connection
          .prepare(
            `UPDATE tasks SET status = 'cancelled', ended_at = ?, interrupted = 0, queued_reason = NULL,
               queued_detail = NULL, queued_sum = NULL, question = NULL
             WHERE id = ? AND status IN ('new', 'ready', 'blocked', 'in_review')`,
          )
          .run(this.iso(), id).changes;
        if (changed === 1) return 'cancelled' as const;
        const task = this.get(id);
        if (task === null) return 'unknown' as const;
        return isOver(task.status) ? ('over' as const) : ('active' as const);
      })
      .immediate();
  }

  /** Cancels an active task whose worker was seen dead. */
  cancelActive(id: string, attempt: number): boolean {
    return this.end(id, attempt, {
      status: 'cancelled',
      summary: null,
      error: null,
    });
  }

  private keepsWork(id: string): boolean {
    const row = this.connection
      .prepare<[string], { keeps: number }>('SELECT keeps_work AS keeps FROM tasks WHERE id = ?')
      .get(id);
    return (row?.keeps ?? 0) !== 0;
  }

  /** What people have made of the result: they know that there is one, and nothing is done with it by itself any more. */
  setOutcome(id: string, outcome: 'applied' | 'discarded' | null): void {
    this.connection
      .prepare(
        `UPDATE tasks SET outcome = ?, owes = CASE WHEN status IN ('done', 'failed') THEN 'nothing' ELSE owes END
         WHERE id = ?`,
      )
      .run(outcome, id);
  }

  /** The attempt of a parent was over when it had planned or delegated, however long its subtasks took after that. */
  private closeAttempt(id: string, attempt: number, outcome: string, error: ErrorRecord | null): void {
    this.connection
      .prepare(
        `UPDATE attempts SET ended_at = coalesce(ended_at, ?), error = ?,
           outcome = CASE WHEN outcome IN ('planned', 'delegated') THEN outcome ELSE ? END WHERE task_id = ? AND attempt = ?`,
      )
      .run(this.iso(), error === null ? null : JSON.stringify(error), outcome, id, attempt);
  }
}
