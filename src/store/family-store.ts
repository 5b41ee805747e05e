import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import type { CommunicationKind } from '../task/orchestration.js';
import type { PlanStep } from '../task/plan.js';
import { findingText, isAboutOthers, type Review, verdictText } from '../task/review.js';
import { type Artifact, agentNameOf, isOver, type Task } from '../task/task.js';
import { insertDelegated, judgesOfSteps, reviewCheck } from './family-delegate.js';
import { type FamilyNews, reconcileFamily } from './family-progress.js';
import { FamilyReader } from './family-reader.js';
import { retryFamily } from './family-retry.js';
import { insertCommunication } from './family-rows.js';
import { type Judged, recordVerdict, type VerdictOptions } from './family-verdict.js';
import { insertTask } from './new-task.js';
import { keepsAlways, keepsUntilFailure } from './rows.js';

/** What a worker left that waits for its review. */
export interface ForReview {
  readonly checks: readonly CheckResult[];
  readonly artifacts: readonly Artifact[];
  readonly summary: string;
}

/**
 * Tasks that belong together: a planned one with its subtasks, a task with its review, and what is said among them. Every
 * step is one transaction, so that a killed parent leaves a family that the next one can go on with.
 */
export class FamilyStore extends FamilyReader {
  private iso(): string {
    return new Date(this.clock.now()).toISOString();
  }

  /**
   * Gives a planned task its subtasks and lets it wait for them. Steps that review others judge them: those then need
   * the approval for being done. Returns the subtasks; null when the attempt is no longer the newest.
   */
  plan(id: string, attempt: number, steps: readonly PlanStep[], sessionId: string): Task[] | null {
    return this.connection
      .transaction(() => {
        const parent = this.get(id);
        if (parent === null || !this.wait(id, attempt, 'planned')) return null;
        const ids = new Map<string, string>();
        const judges = judgesOfSteps(steps);
        for (const step of steps) {
          const isJudged = judges.has(step.key);
          const subtask = insertTask(
            this.connection,
            {
              title: step.title,
              description: step.description,
              type: step.type,
              folder: parent.folder,
              priority: parent.priority,
              sessionId,
              parentId: id,
              dependsOn: step.dependsOn.flatMap((key) => ids.get(key) ?? []),
              checks: isJudged ? [...step.checks, reviewCheck] : step.checks,
              judges: [...judges.values()].includes(step.key),
              status: 'new',
            },
            this.iso(),
          );
          ids.set(step.key, subtask);
          this.sayAs(id, subtask, 'plan', `${step.title}\n${step.description}`);
        }
        return this.membersOf(id);
      })
      .immediate();
  }

  /** `in_progress → blocked`, as a task that waits for its subtasks; to be called within a transaction. */
  private wait(id: string, attempt: number, outcome: string): boolean {
    const { changes } = this.connection
      .prepare(
        `UPDATE tasks SET status = 'blocked', role = 'parent', progress = 0, progress_basis = '',
           message = 'waiting for its subtasks', queued_reason = 'subtasks', queued_detail = 'waits for its subtasks'
         WHERE id = ? AND attempt = ? AND status IN ('assigned', 'in_progress')`,
      )
      .run(id, attempt);
    if (changes === 1) this.closeAttempt(id, attempt, outcome);
    return changes === 1;
  }

  /** A task that has delegated parts of its work waits for them; null as for {@link plan}. */
  waitForDelegated(id: string, attempt: number, left: ForReview): boolean {
    return this.connection
      .transaction(() => {
        if (!this.wait(id, attempt, 'delegated')) return false;
        this.keep(id, left);
        return true;
      })
      .immediate();
  }

  /** The request stays one task: the next attempt is that of its own agent. */
  staysWhole(id: string, attempt: number): boolean {
    return this.connection
      .transaction(() => {
        const task = this.get(id);
        if (task === null) return false;
        const { changes } = this.connection
          .prepare(
            `UPDATE tasks SET status = 'ready', role = 'work', agent = ?, run_at_ms = 0, progress = NULL,
               progress_basis = '', message = '', findings = '[]'
             WHERE id = ? AND attempt = ? AND status IN ('assigned', 'in_progress')`,
          )
          .run(agentNameOf({ type: task.type, role: 'work' }), id, attempt);
        if (changes !== 1) return false;
        // What went wrong with planning is not the fault of the work, and none of its attempts.
        this.connection
          .prepare("UPDATE attempts SET outcome = 'superseded' WHERE task_id = ? AND outcome = 'retried'")
          .run(id);
        this.closeAttempt(id, attempt, 'planned');
        return true;
      })
      .immediate();
  }

  /**
   * Adds a subtask on the word of an agent: a part of the agent's own task waits until that one's work is over, one beside a
   * subtask begins as soon as what it depends on is there; see {@link insertDelegated} for who judges it. Returns its id:
   * that of the subtask which is there already, when the family has one for the same that has not failed. Null when the
   * agent's attempt, or the parent, is over.
   */
  delegate(
    from: Task,
    step: Omit<PlanStep, 'key'>,
    { parentId, sessionId }: { readonly parentId: string; readonly sessionId: string },
  ): string | null {
    return this.connection
      .transaction(() => {
        const now = this.get(from.id);
        const parent = this.get(parentId);
        if (now === null || now.attempt !== from.attempt || !this.isRunning(now)) return null;
        if (parent === null || isOver(parent.status)) return null;
        const same = this.membersOf(parentId).find(
          ({ title, description, type, status }) =>
            title === step.title &&
            description === step.description &&
            type === step.type &&
            status !== 'failed' &&
            status !== 'cancelled',
        );
        if (same !== undefined) return same.id;
        const id = insertDelegated(this.connection, from, step, { parentId, sessionId, now: this.iso() });
        this.sayAs(from.id, id, 'delegation', step.description);
        return id;
      })
      .immediate();
  }

  /** Demands one more check of a running task. False when its attempt is no longer the newest. */
  demand(id: string, attempt: number, spec: CheckSpec): boolean {
    return this.connection
      .transaction(() => {
        const task = this.get(id);
        if (task === null || task.attempt !== attempt || !this.isRunning(task)) return false;
        const demands = [...task.demands.filter(({ check }) => check !== spec.check), spec];
        this.connection.prepare('UPDATE tasks SET demands = ? WHERE id = ?').run(JSON.stringify(demands), id);
        return true;
      })
      .immediate();
  }

  /** `in_progress → blocked` with a question to the user; what was done stays until an attempt fails. */
  ask(id: string, attempt: number, question: string): boolean {
    return this.connection
      .transaction(() => {
        const { changes } = this.connection
          .prepare(
            `UPDATE tasks SET status = 'blocked', question = @question, queued_reason = 'question',
               keeps_work = CASE keeps_work WHEN ${keepsAlways} THEN ${keepsAlways} ELSE ${keepsUntilFailure} END,
               queued_detail = 'asks: ' || @question, message = '' WHERE id = @id AND attempt = @attempt
               AND status IN ('assigned', 'in_progress')`,
          )
          .run({ id, attempt, question });
        if (changes !== 1) return false;
        this.closeAttempt(id, attempt, 'asked');
        this.sayAs(id, null, 'question', question);
        return true;
      })
      .immediate();
  }

  /** The user's answer: the task goes on with it. False when it asks nothing. */
  answer(id: string, text: string): boolean {
    return this.connection
      .transaction(() => {
        const { changes } = this.connection
          .prepare(
            `UPDATE tasks SET status = 'ready', question = NULL, run_at_ms = 0, queued_reason = NULL,
               queued_detail = NULL WHERE id = ? AND status = 'blocked' AND question IS NOT NULL`,
          )
          .run(id);
        if (changes === 1) this.sayAs(null, id, 'answer', text);
        return changes === 1;
      })
      .immediate();
  }

  /** `in_progress → in_review`. A task without a reviewer gets one; false when the attempt is no longer the newest. */
  toReview(id: string, attempt: number, left: ForReview, sessionId: string): boolean {
    return this.connection
      .transaction(() => {
        const task = this.get(id);
        const { changes } = this.connection
          .prepare(
            `UPDATE tasks SET status = 'in_review', message = 'waiting for its review', queued_reason = NULL
             WHERE id = ? AND attempt = ? AND status IN ('assigned', 'in_progress')`,
          )
          .run(id, attempt);
        if (task === null || changes !== 1) return false;
        this.keep(id, left);
        this.closeAttempt(id, attempt, 'in_review');
        // A reviewer that was over before a retry is asked anew.
        this.connection
          .prepare(
            `UPDATE tasks SET status = 'blocked', ended_at = NULL, error = NULL, session_id = ?, run_at_ms = 0,
               interruptions = 0, findings = '[]', keeps_work = 0
             WHERE status IN ('failed', 'cancelled', 'done') AND judges = 1 AND superseded = 0
               AND id IN (SELECT task_id FROM dependencies WHERE depends_on = ?)`,
          )
          .run(sessionId, id);
        if (this.judgesOf(id).length === 0) {
          insertTask(
            this.connection,
            {
              title: `Review ${id}: ${task.title}`,
              description: `Review what ${id} has changed: ${task.description}`,
              type: 'review',
              folder: task.folder,
              priority: task.priority,
              sessionId,
              parentId: id,
              dependsOn: [id],
              judges: true,
            },
            this.iso(),
          );
        }
        return true;
      })
      .immediate();
  }

  /**
   * A reviewer's word: see {@link recordVerdict}. The reviewer itself is done when nobody has to mend anything for it, else
   * it waits for that. Null when its attempt is no longer the newest.
   */
  verdict(judgeId: string, attempt: number, review: Review, options: VerdictOptions): Judged[] | null {
    return this.connection
      .transaction(() => {
        const judge = this.get(judgeId);
        if (judge === null || judge.attempt !== attempt || !this.isRunning(judge)) return null;
        const judged = recordVerdict(this.connection, judge, review, { ...options, now: this.iso() });
        const again =
          judged.some(({ outcome }) => outcome === 'revise') && !judged.some((each) => each.outcome === 'rejected');
        if (again) {
          this.connection
            .prepare(
              "UPDATE tasks SET status = 'blocked', summary = ?, message = 'waiting for the revision' WHERE id = ?",
            )
            .run(review.summary, judgeId);
        } else {
          this.connection
            .prepare(
              `UPDATE tasks SET status = 'done', summary = ?, progress = 1, message = '', ended_at = ?, interrupted = 0
               WHERE id = ?`,
            )
            .run(review.summary, this.iso(), judgeId);
        }
        this.closeAttempt(judgeId, attempt, again ? 'reviewed' : 'done');
        for (const { taskId, findings } of judged) {
          const own = { ...review, findings };
          const said = isAboutOthers(own) ? verdictText(own) : review.summary;
          const text = [said, ...findings.map(findingText)].join('\n');
          this.sayAs(judgeId, taskId, findings.length === 0 ? 'verdict' : 'findings', text);
        }
        return judged;
      })
      .immediate();
  }

  private isRunning(task: Task): boolean {
    return task.status === 'assigned' || task.status === 'in_progress';
  }

  /** Brings a family up to date: see {@link reconcileFamily}. */
  reconcile(parentId: string): FamilyNews {
    return this.connection.transaction(() => reconcileFamily(this.connection, parentId, this.iso())).immediate();
  }

  /**
   * `blocked → in_review`: the supervisor looks at the whole of what the subtasks have made. Null when it is not its turn,
   * or the parent belongs to a session that is alive: two that look at the same would get into each other's way.
   */
  beginFinish(id: string, sessionId: string): Task | null {
    const { changes } = this.connection
      .prepare(
        `UPDATE tasks SET status = 'in_review', message = 'checking the whole', queued_reason = NULL, queued_detail = NULL,
           session_id = @session
         WHERE id = @id AND role = 'parent' AND status IN ('blocked', 'in_review')
           AND NOT EXISTS (SELECT 1 FROM tasks c WHERE c.parent_id = tasks.id AND c.superseded = 0
             AND c.status NOT IN ('done', 'failed', 'cancelled'))
           AND (session_id IS NULL OR session_id = @session OR NOT EXISTS
             (SELECT 1 FROM sessions WHERE sessions.id = tasks.session_id AND ended_at IS NULL))`,
      )
      .run({ id, session: sessionId });
    return changes === 1 ? this.get(id) : null;
  }

  /** A failed or cancelled task, and all of its family that failed with it, once more; see {@link retryFamily}. */
  retry(id: string): boolean {
    return this.connection.transaction(() => retryFamily(this.connection, id, this.iso())).immediate();
  }

  /** Keeps what one agent says to another; null stands for the user. */
  say(from: string | null, to: string | null, kind: CommunicationKind, text: string): void {
    this.connection.transaction(() => this.sayAs(from, to, kind, text)).immediate();
  }

  private sayAs(from: string | null, to: string | null, kind: CommunicationKind, text: string): void {
    insertCommunication(this.connection, {
      at: this.iso(),
      fromTask: from,
      toTask: to,
      fromName: this.nameOf(from),
      toName: this.nameOf(to),
      kind,
      text,
    });
  }

  private nameOf(id: string | null): string {
    return id === null ? 'user' : (this.get(id)?.agent ?? id);
  }

  private keep(id: string, left: ForReview): void {
    this.connection
      .prepare('UPDATE tasks SET definition_of_done = ?, artifacts = ?, summary = ? WHERE id = ?')
      .run(JSON.stringify(left.checks), JSON.stringify(left.artifacts), left.summary, id);
  }

  private closeAttempt(id: string, attempt: number, outcome: string): void {
    this.connection
      .prepare('UPDATE attempts SET ended_at = ?, outcome = ? WHERE task_id = ? AND attempt = ?')
      .run(this.iso(), outcome, id, attempt);
  }
}
