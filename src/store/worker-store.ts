import type { Clock } from '../clock.js';
import type { ProcessIdentity } from '../platform/process-identity.js';
import type { Task } from '../task/task.js';
import type { Connection } from './database.js';
import { addedMb, type MemoryNeed, type MemoryUse, readMemoryUse, usedMb } from './memory-use.js';
import { type TaskRow, taskColumns, taskOfRow } from './rows.js';

/** A taken slot: from the claim until its worker is seen dead. */
export interface WorkerSlot {
  readonly taskId: string;
  readonly attempt: number;
  readonly sessionId: string;
  /** Value of WILSON_OWNER in the worker and all it starts. */
  readonly owner: string;
  /** Null between the claim and the fork. */
  readonly identity: ProcessIdentity | null;
  /** What its own process may take; {@link modelMb} comes on top. */
  readonly reservedMb: number;
  /** The model on a server that it uses, for the sum; null where it uses none of this machine. */
  readonly modelKey: string | null;
  readonly modelMb: number;
  readonly processMb: number | null;
  readonly memoryKind: 'pss' | 'rss' | null;
  readonly claimedAt: string;
}

interface SlotRow {
  task_id: string;
  attempt: number;
  session_id: string;
  owner: string;
  pid: number | null;
  boot_id: string | null;
  start_time: string | null;
  reserved_mb: number;
  model_key: string | null;
  model_mb: number;
  process_mb: number | null;
  memory_kind: 'pss' | 'rss' | null;
  claimed_at: string;
}

function slotOfRow(row: SlotRow): WorkerSlot {
  const { pid, boot_id: bootId, start_time: startTime } = row;
  return {
    taskId: row.task_id,
    attempt: row.attempt,
    sessionId: row.session_id,
    owner: row.owner,
    identity: pid === null || bootId === null || startTime === null ? null : { pid, bootId, startTime },
    reservedMb: row.reserved_mb,
    modelKey: row.model_key,
    modelMb: row.model_mb,
    processMb: row.process_mb,
    memoryKind: row.memory_kind,
    claimedAt: row.claimed_at,
  };
}

export interface ClaimRequest {
  readonly taskId: string;
  readonly sessionId: string;
  readonly ownerToken: string;
  readonly maxConcurrent: number;
  readonly need: MemoryNeed;
  /** Ceiling for what all sessions together take. */
  readonly maxMemoryMb: number;
  /** What the machine can still give, the promises of all sessions included; absent where that does not matter or is not known. */
  readonly spareMb?: number | null;
}

export type ClaimOutcome =
  | { readonly claimed: true; readonly task: Task; readonly owner: string }
  | { readonly claimed: false; readonly reason: 'taken' }
  | { readonly claimed: false; readonly reason: 'max_concurrent'; readonly active: number }
  | { readonly claimed: false; readonly reason: 'memory'; readonly use: MemoryUse };

/** The worker slots of the machine, shared by every session of the user. */
export class WorkerStore {
  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a slot and the task in one IMMEDIATE transaction, or says what is in the way. The new attempt number is the
   * fencing token (I2); the primary key of `workers` makes a second slot for the same task impossible.
   */
  claim(request: ClaimRequest): ClaimOutcome {
    return this.connection
      .transaction((): ClaimOutcome => {
        const totals = this.connection
          .prepare<[], { active: number }>('SELECT count(*) AS active FROM workers')
          .get() ?? { active: 0 };
        if (totals.active >= request.maxConcurrent) {
          return { claimed: false, reason: 'max_concurrent', active: totals.active };
        }
        const use = readMemoryUse(this.connection);
        const added = addedMb(use, request.need);
        const spareMb = request.spareMb ?? null;
        // Another session may have promised what the machine has since this one has looked.
        const short = spareMb !== null && added > 0 && use.promisedMb + added > spareMb;
        if (short || usedMb(use) + added > request.maxMemoryMb) return { claimed: false, reason: 'memory', use };
        const now = new Date(this.clock.now()).toISOString();
        const row = this.connection
          .prepare<unknown[], TaskRow>(
            `UPDATE tasks SET status = 'assigned', attempt = attempt + 1, session_id = @session, interrupted = 0,
               queued_reason = NULL, queued_detail = NULL, queued_sum = NULL, started_at = coalesce(started_at, @now)
             WHERE id = @task AND status = 'ready' AND run_at_ms <= @nowMs
               AND NOT EXISTS (SELECT 1 FROM workers WHERE task_id = @task)
             RETURNING *, NULL AS depends_on`,
          )
          .get({ task: request.taskId, session: request.sessionId, now, nowMs: this.clock.now() });
        if (row === undefined) return { claimed: false, reason: 'taken' };
        const owner = `${request.ownerToken}:${request.taskId}:${row.attempt}`;
        this.connection
          .prepare(
            `INSERT INTO workers (task_id, attempt, session_id, owner, reserved_mb, model_key, model_mb, claimed_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          )
          .run(
            request.taskId,
            row.attempt,
            request.sessionId,
            owner,
            request.need.processMb,
            request.need.model?.key ?? null,
            request.need.model?.memoryMb ?? 0,
            now,
          );
        this.connection
          .prepare('INSERT INTO attempts (task_id, attempt, session_id, started_at) VALUES (?, ?, ?, ?)')
          .run(request.taskId, row.attempt, request.sessionId, now);
        const read = this.connection
          .prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE id = ?`)
          .get(request.taskId);
        return { claimed: true, task: taskOfRow(read ?? row), owner };
      })
      .immediate();
  }

  /** False when the slot is gone: somebody ended the task before its worker was known. */
  setProcess(taskId: string, attempt: number, identity: ProcessIdentity): boolean {
    const { changes } = this.connection
      .prepare('UPDATE workers SET pid = ?, boot_id = ?, start_time = ? WHERE task_id = ? AND attempt = ?')
      .run(identity.pid, identity.bootId, identity.startTime, taskId, attempt);
    this.connection
      .prepare('UPDATE attempts SET pid = ? WHERE task_id = ? AND attempt = ?')
      .run(identity.pid, taskId, attempt);
    return changes === 1;
  }

  /**
   * Changes what a running worker has reserved, when it turns out to need another model. False, and nothing changed, when
   * that does not fit beside the others.
   */
  resize(taskId: string, attempt: number, need: MemoryNeed, maxMemoryMb: number): boolean {
    return this.connection
      .transaction(() => {
        const use = readMemoryUse(this.connection, taskId);
        if (usedMb(use) + addedMb(use, need) > maxMemoryMb) return false;
        return (
          this.connection
            .prepare(
              'UPDATE workers SET reserved_mb = ?, model_key = ?, model_mb = ? WHERE task_id = ? AND attempt = ?',
            )
            .run(need.processMb, need.model?.key ?? null, need.model?.memoryMb ?? 0, taskId, attempt).changes === 1
        );
      })
      .immediate();
  }

  /** What all sessions have taken or promised. */
  memoryUse(): MemoryUse {
    return readMemoryUse(this.connection);
  }

  /** The newest sample of a worker, and its whole timeline as {@link attemptsOf} gives it back. */
  setMemory(
    taskId: string,
    attempt: number,
    sample: { processMb: number; kind: 'pss' | 'rss'; timeline: string | null },
  ): void {
    this.connection
      .transaction(() => {
        this.connection
          .prepare('UPDATE workers SET process_mb = ?, memory_kind = ? WHERE task_id = ? AND attempt = ?')
          .run(sample.processMb, sample.kind, taskId, attempt);
        this.connection
          .prepare('UPDATE tasks SET peak_mb = max(coalesce(peak_mb, 0), ?) WHERE id = ? AND attempt = ?')
          .run(sample.processMb, taskId, attempt);
        if (sample.timeline === null) return;
        this.connection
          .prepare('UPDATE attempts SET memory = ? WHERE task_id = ? AND attempt = ?')
          .run(sample.timeline, taskId, attempt);
      })
      .immediate();
  }

  /** Gives the slot and its reservation back. False when it was not taken (any more): a second release. */
  release(taskId: string, attempt: number): boolean {
    return (
      this.connection.prepare('DELETE FROM workers WHERE task_id = ? AND attempt = ?').run(taskId, attempt).changes ===
      1
    );
  }

  list(): WorkerSlot[] {
    return this.connection
      .prepare<[], SlotRow>('SELECT * FROM workers ORDER BY claimed_at, task_id')
      .all()
      .map(slotOfRow);
  }

  slotOf(taskId: string): WorkerSlot | null {
    const row = this.connection.prepare<[string], SlotRow>('SELECT * FROM workers WHERE task_id = ?').get(taskId);
    return row === undefined ? null : slotOfRow(row);
  }

  attemptsOf(taskId: string): AttemptRecord[] {
    return this.connection
      .prepare<[string], AttemptRow>('SELECT * FROM attempts WHERE task_id = ? ORDER BY attempt')
      .all(taskId)
      .map((row) => ({
        attempt: row.attempt,
        pid: row.pid,
        startedAt: row.started_at,
        endedAt: row.ended_at,
        outcome: row.outcome,
        error: row.error === null ? null : (JSON.parse(row.error) as AttemptRecord['error']),
        memory: row.memory,
      }));
  }
}

export interface AttemptRecord {
  readonly attempt: number;
  readonly pid: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: string | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
  /** The timeline of its memory, as it was given to {@link WorkerStore.setMemory}. */
  readonly memory: string | null;
}

interface AttemptRow {
  attempt: number;
  pid: number | null;
  started_at: string;
  ended_at: string | null;
  outcome: string | null;
  error: string | null;
  memory: string | null;
}
