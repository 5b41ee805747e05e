import type { Clock } from '../clock.js';
import type { ProcessIdentity } from '../platform/process-identity.js';
import type { ProviderId, Purpose } from '../task/task.js';
import type { Connection } from './database.js';
import { modelKey } from './model-store.js';

export interface SessionLimits {
  readonly maxConcurrent: number;
  readonly maxMemoryMb: number;
  readonly warnThresholdMb: number;
}

/** A wilson parent: a chat, a `run`, or a parent without a terminal. */
export interface Session {
  readonly id: string;
  readonly kind: 'chat' | 'run' | 'detached';
  readonly folder: string;
  readonly identity: ProcessIdentity;
  /** Path of its control socket; null before it listens. */
  readonly socket: string | null;
  readonly limits: SessionLimits;
  readonly startedAt: string;
}

interface SessionRow {
  id: string;
  kind: Session['kind'];
  folder: string;
  pid: number;
  boot_id: string;
  start_time: string;
  socket: string | null;
  max_concurrent: number;
  max_memory_mb: number;
  warn_threshold_mb: number;
  started_at: string;
}

function sessionOfRow(row: SessionRow): Session {
  return {
    id: row.id,
    kind: row.kind,
    folder: row.folder,
    identity: { pid: row.pid, bootId: row.boot_id, startTime: row.start_time },
    socket: row.socket,
    limits: {
      maxConcurrent: row.max_concurrent,
      maxMemoryMb: row.max_memory_mb,
      warnThresholdMb: row.warn_threshold_mb,
    },
    startedAt: row.started_at,
  };
}

export interface ModelLeaseRecord {
  readonly sessionId: string;
  readonly holder: string;
  readonly provider: ProviderId;
  readonly server: string;
  readonly model: string;
  readonly purpose: Purpose;
  readonly memoryMb: number | null;
  readonly contextTokens: number | null;
  readonly keepAlive: boolean;
  readonly ours: boolean;
}

interface LeaseRow {
  session_id: string;
  holder: string;
  provider: ProviderId;
  server: string;
  model: string;
  purpose: Purpose;
  memory_mb: number | null;
  context_tokens: number | null;
  keep_alive: number;
  ours: number;
}

/** Parents, and the models they hold. */
export class SessionStore {
  constructor(
    private readonly connection: Connection,
    private readonly clock: Clock,
  ) {}

  private iso(): string {
    return new Date(this.clock.now()).toISOString();
  }

  begin(session: Omit<Session, 'startedAt' | 'socket'>): void {
    this.connection
      .prepare(
        `INSERT INTO sessions (id, kind, folder, pid, boot_id, start_time, max_concurrent, max_memory_mb,
           warn_threshold_mb, started_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        session.id,
        session.kind,
        session.folder,
        session.identity.pid,
        session.identity.bootId,
        session.identity.startTime,
        session.limits.maxConcurrent,
        session.limits.maxMemoryMb,
        session.limits.warnThresholdMb,
        this.iso(),
      );
  }

  setSocket(id: string, socket: string): void {
    this.connection.prepare('UPDATE sessions SET socket = ? WHERE id = ?').run(socket, id);
  }

  /** What the chat of a session keeps in a process of its own. */
  setChatMemory(id: string, chatMb: number): void {
    this.connection.prepare('UPDATE sessions SET chat_mb = ? WHERE id = ?').run(chatMb, id);
  }

  /** What the chats of sessions that have not ended keep in processes of their own; only those that keep something. */
  chatMemory(): { sessionId: string; chatMb: number }[] {
    return this.connection
      .prepare<[], { sessionId: string; chatMb: number }>(
        'SELECT id AS sessionId, chat_mb AS chatMb FROM sessions WHERE ended_at IS NULL AND chat_mb > 0',
      )
      .all();
  }

  /** Closes a session and forgets the models it held. */
  end(id: string): void {
    this.connection
      .transaction(() => {
        this.connection
          .prepare('UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL')
          .run(this.iso(), id);
        this.connection.prepare('DELETE FROM model_leases WHERE session_id = ?').run(id);
      })
      .immediate();
  }

  /**
   * Sessions that have not ended as far as the database knows, and ended ones that left a slot or a task behind; whether
   * they live is for the caller to check.
   */
  open(): Session[] {
    return this.connection
      .prepare<[], SessionRow>(
        `SELECT * FROM sessions WHERE ended_at IS NULL OR id IN (SELECT session_id FROM workers)
           OR id IN (SELECT session_id FROM tasks WHERE status IN ('assigned', 'in_progress'))
         ORDER BY started_at`,
      )
      .all()
      .map(sessionOfRow);
  }

  all(): Session[] {
    return this.connection
      .prepare<[], SessionRow>('SELECT * FROM sessions ORDER BY started_at')
      .all()
      .map(sessionOfRow);
  }

  get(id: string): Session | null {
    const row = this.connection.prepare<[string], SessionRow>('SELECT * FROM sessions WHERE id = ?').get(id);
    return row === undefined ? null : sessionOfRow(row);
  }

  holdModel(lease: ModelLeaseRecord): void {
    this.connection
      .prepare(
        `INSERT OR REPLACE INTO model_leases (session_id, holder, model_key, provider, server, model, purpose, memory_mb,
           context_tokens, keep_alive, ours, acquired_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        lease.sessionId,
        lease.holder,
        modelKey(lease.provider, lease.server, lease.model),
        lease.provider,
        lease.server,
        lease.model,
        lease.purpose,
        lease.memoryMb,
        lease.contextTokens,
        lease.keepAlive ? 1 : 0,
        lease.ours ? 1 : 0,
        this.iso(),
      );
  }

  releaseModel(sessionId: string, holder: string): boolean {
    return (
      this.connection.prepare('DELETE FROM model_leases WHERE session_id = ? AND holder = ?').run(sessionId, holder)
        .changes > 0
    );
  }

  /** Who holds what, the chats first; of a model on a server with what is known of it there. */
  heldModels(): ModelLeaseRecord[] {
    return this.connection
      .prepare<[], LeaseRow>(
        `SELECT l.session_id, l.holder, l.provider, l.server, l.model, l.purpose, l.keep_alive,
           coalesce(m.memory_mb, l.memory_mb) AS memory_mb, coalesce(m.num_ctx, l.context_tokens) AS context_tokens,
           coalesce(m.ours, l.ours) AS ours
         FROM model_leases l LEFT JOIN server_models m USING (model_key) ORDER BY l.holder <> 'chat', l.acquired_at, l.holder`,
      )
      .all()
      .map((row) => ({
        sessionId: row.session_id,
        holder: row.holder,
        provider: row.provider,
        server: row.server,
        model: row.model,
        purpose: row.purpose,
        memoryMb: row.memory_mb,
        contextTokens: row.context_tokens,
        keepAlive: row.keep_alive === 1,
        ours: row.ours === 1,
      }));
  }
}
