import type { Clock } from '../clock.js';
import { type ErrorRecord, WilsonError } from '../errors.js';
import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import type { Communication, CommunicationKind } from '../task/orchestration.js';
import type { PlanStep } from '../task/plan.js';
import type { ReviewRecord } from '../task/review.js';
import { type Artifact, agentNameOf, type Task } from '../task/task.js';
import type { Connection } from './database.js';
import { insertCommunication, readCommunications, readReviews } from './family-rows.js';
import { insertTask } from './new-task.js';
import { type TaskRow, taskColumns, taskOfRow } from './rows.js';

/** What a worker left that waits for its review. */
export interface ForReview {
  readonly checks: readonly CheckResult[];
  readonly artifacts: readonly Artifact[];
  readonly summary: string;
}

const reviewCheck: CheckSpec = { check: 'review_approved' };
const communicationsShown = 500;

/**
 * Tasks that belong together: a planned one with its subtasks, a task with its review, and what is said among them. Every
 * step is one transaction, so that a killed parent leaves a family that the next one can go on with.
 */
export class FamilyStore {
  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
  ) {}

  private iso(): string {
    return new Date(this.clock.now()).toISOString();
  }

  private get(id: string): Task | null {
    const row = this.connection.prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE id = ?`).get(id);
    return row === undefined ? null : taskOfRow(row);
  }

  private rowOf(id: string): TaskRow | undefined {
    return this.connection.prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE id = ?`).get(id);
  }

  /** The subtasks of a task in the order in which they were made. */
  subtasksOf(id: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE parent_id = ? ORDER BY seq`)
      .all(id)
      .map(taskOfRow);
  }

  /** All tasks below a task that are not over, the deepest last. */
  unfinishedBelow(id: string): string[] {
    return this.connection
      .prepare<[string], { id: string }>(
        `WITH RECURSIVE below (id, depth) AS (
           SELECT id, 1 FROM tasks WHERE parent_id = ?
           UNION ALL SELECT tasks.id, depth + 1 FROM tasks JOIN below ON tasks.parent_id = below.id)
         SELECT below.id FROM below JOIN tasks USING (id)
         WHERE status NOT IN ('done', 'failed', 'cancelled') ORDER BY depth, tasks.seq`,
      )
      .all(id)
      .map((row) => row.id);
  }

  /** Whether a task judges the work of others. */
  isJudge(id: string): boolean {
    return this.rowOf(id)?.judges === 1;
  }

  /** Whether the next attempt goes on with what the last one left. */
  keepsWork(id: string): boolean {
    return this.rowOf(id)?.keeps_work === 1;
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
        const judged = new Set(steps.filter((step) => step.type === 'review').flatMap((step) => step.dependsOn));
        for (const step of steps) {
          const isJudge = step.type === 'review' && step.dependsOn.length > 0;
          const isJudged = judged.has(step.key) && (step.type === 'code' || step.type === 'test');
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
              judges: isJudge,
              status: step.dependsOn.length === 0 ? 'ready' : 'blocked',
            },
            this.iso(),
          );
          ids.set(step.key, subtask);
          this.sayAs(id, subtask, 'plan', `${step.title}\n${step.description}`);
        }
        return this.subtasksOf(id);
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
               progress_basis = '', message = '' WHERE id = ? AND attempt = ? AND status IN ('assigned', 'in_progress')`,
          )
          .run(agentNameOf({ type: task.type, role: 'work' }), id, attempt);
        if (changes === 1) this.closeAttempt(id, attempt, 'planned');
        return changes === 1;
      })
      .immediate();
  }

  /** Adds a subtask on the word of an agent; it waits until its parent's own work is over. Returns its id. */
  delegate(
    from: Task,
    step: Omit<PlanStep, 'key'>,
    { parentId, sessionId }: { readonly parentId: string; readonly sessionId: string },
  ): string {
    return this.connection
      .transaction(() => {
        const id = insertTask(
          this.connection,
          {
            title: step.title,
            description: step.description,
            type: step.type,
            folder: from.folder,
            priority: from.priority,
            sessionId,
            parentId,
            dependsOn: step.dependsOn,
            checks: step.checks,
            status: 'blocked',
          },
          this.iso(),
        );
        this.sayAs(from.id, id, 'delegation', step.description);
        return id;
      })
      .immediate();
  }

  /** `in_progress → blocked` with a question to the user; what was done stays for the next attempt. */
  ask(id: string, attempt: number, question: string): boolean {
    return this.connection
      .transaction(() => {
        const { changes } = this.connection
          .prepare(
            `UPDATE tasks SET status = 'blocked', question = @question, keeps_work = 1, queued_reason = 'question',
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

  /** Tasks of a folder that wait for an answer of the user, oldest first. */
  asking(folder: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks WHERE folder = ? AND status = 'blocked' AND question IS NOT NULL ORDER BY seq`,
      )
      .all(folder)
      .map(taskOfRow);
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

  /** The reviewers of a task. */
  judgesOf(id: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks JOIN dependencies d ON d.task_id = tasks.id
         WHERE d.depends_on = ? AND judges = 1 ORDER BY seq`,
      )
      .all(id)
      .map(taskOfRow);
  }

  /** The tasks whose work a reviewer is to judge: those it depends on that wait for a review. */
  judgedBy(id: string): Task[] {
    return this.connection
      .prepare<[string], TaskRow>(
        `SELECT ${taskColumns} FROM tasks JOIN dependencies d ON d.depends_on = tasks.id
         WHERE d.task_id = ? AND status = 'in_review' ORDER BY seq`,
      )
      .all(id)
      .map(taskOfRow);
  }

  reviewsOf(id: string): ReviewRecord[] {
    return readReviews(this.connection, id);
  }

  communicationsOf(id: string): Communication[] {
    return readCommunications(this.connection, id, communicationsShown);
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

/** The error of a task that cannot be done because of another one. */
export function becauseOf(other: Pick<Task, 'id' | 'title' | 'status'>): ErrorRecord {
  return new WilsonError('DEPENDENCY_FAILED', `${other.id}, which it needs, ${other.status}: ${other.title}.`, {
    hint: `\`wilson show ${other.id}\` says why.`,
  }).toRecord();
}
