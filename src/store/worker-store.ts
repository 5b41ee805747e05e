import type { Clock } from '../clock.js';
import type { ProcessIdentity } from '../platform/process-identity.js';
import type { Task } from '../task/task.js';
import type { Connection } from './database.js';
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
  readonly reservedMb: number;
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
  readonly reservedMb: number;
  /** Ceiling for the reservations of all sessions together. */
  readonly maxReservedMb: number;
}

export type ClaimOutcome =
  | { readonly claimed: true; readonly task: Task; readonly owner: string }
  | { readonly claimed: false; readonly reason: 'taken' }
  | { readonly claimed: false; readonly reason: 'max_concurrent'; readonly active: number }
  | { readonly claimed: false; readonly reason: 'memory'; readonly reservedMb: number };

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
          .prepare<[], { active: number; reserved: number }>(
            'SELECT count(*) AS active, coalesce(sum(reserved_mb), 0) AS reserved FROM workers',
          )
          .get() ?? { active: 0, reserved: 0 };
        if (totals.active >= request.maxConcurrent) {
          return { claimed: false, reason: 'max_concurrent', active: totals.active };
        }
        if (totals.reserved + request.reservedMb > request.maxReservedMb) {
          return { claimed: false, reason: 'memory', reservedMb: totals.reserved };
        }
        const now = new Date(this.clock.now()).toISOString();
        const row = this.connection
          .prepare<unknown[], TaskRow>(
            `UPDATE tasks SET status = 'assigned', attempt = attempt + 1, session_id = @session, interrupted = 0,
               queued_reason = NULL, queued_detail = NULL, started_at = coalesce(started_at, @now)
             WHERE id = @task AND status = 'ready' AND run_at_ms <= @nowMs
               AND NOT EXISTS (SELECT 1 FROM workers WHERE task_id = @task)
             RETURNING *, NULL AS depends_on`,
          )
          .get({ task: request.taskId, session: request.sessionId, now, nowMs: this.clock.now() });
        if (row === undefined) return { claimed: false, reason: 'taken' };
        const owner = `${request.ownerToken}:${request.taskId}:${row.attempt}`;
        this.connection
          .prepare(
            `INSERT INTO workers (task_id, attempt, session_id, owner, reserved_mb, claimed_at)
             VALUES (?, ?, ?, ?, ?, ?)`,
          )
          .run(request.taskId, row.attempt, request.sessionId, owner, request.reservedMb, now);
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

  setMemory(taskId: string, attempt: number, processMb: number, kind: 'pss' | 'rss'): void {
    this.connection
      .prepare('UPDATE workers SET process_mb = ?, memory_kind = ? WHERE task_id = ? AND attempt = ?')
      .run(processMb, kind, taskId, attempt);
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
}

interface AttemptRow {
  attempt: number;
  pid: number | null;
  started_at: string;
  ended_at: string | null;
  outcome: string | null;
  error: string | null;
}
