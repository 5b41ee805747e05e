/** Tasks and all that hangs on them; sessions, their processes and their conversation. */
export const migration0001 = `
CREATE TABLE sessions (
  id          TEXT PRIMARY KEY,
  kind        TEXT NOT NULL CHECK (kind IN ('chat', 'run', 'detached')),
  folder      TEXT NOT NULL,
  pid         INTEGER NOT NULL,
  boot_id     TEXT NOT NULL,
  start_time  TEXT NOT NULL,
  socket      TEXT,
  max_concurrent    INTEGER NOT NULL,
  max_memory_mb     INTEGER NOT NULL,
  warn_threshold_mb INTEGER NOT NULL,
  started_at  TEXT NOT NULL,
  ended_at    TEXT
) STRICT;
CREATE INDEX sessions_live ON sessions (id) WHERE ended_at IS NULL;

CREATE TABLE tasks (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT NOT NULL UNIQUE,
  title        TEXT NOT NULL,
  description  TEXT NOT NULL,
  type         TEXT NOT NULL,
  status       TEXT NOT NULL,
  priority     INTEGER NOT NULL DEFAULT 0,
  folder       TEXT NOT NULL,
  parent_id    TEXT REFERENCES tasks (id),
  -- The session that asked for it; while that lives, no other takes the task.
  session_id   TEXT REFERENCES sessions (id),
  attempt      INTEGER NOT NULL DEFAULT 0,
  -- Attempts that ended through no fault of the task (its parent was killed).
  interruptions INTEGER NOT NULL DEFAULT 0,
  interrupted  INTEGER NOT NULL DEFAULT 0,
  run_at_ms    INTEGER NOT NULL DEFAULT 0,
  agent        TEXT NOT NULL,
  model_used   TEXT,
  provider     TEXT,
  used_fallback INTEGER NOT NULL DEFAULT 0,
  fallback_reason TEXT,
  progress     REAL,
  progress_basis TEXT NOT NULL DEFAULT '',
  message      TEXT NOT NULL DEFAULT '',
  queued_reason TEXT,
  queued_detail TEXT,
  definition_of_done TEXT NOT NULL DEFAULT '[]',
  artifacts    TEXT NOT NULL DEFAULT '[]',
  findings     TEXT NOT NULL DEFAULT '[]',
  workspace    TEXT,
  -- What became of the diff: NULL, 'applied' or 'discarded'.
  outcome      TEXT,
  summary      TEXT,
  error        TEXT,
  usage        TEXT NOT NULL DEFAULT '{"promptTokens":0,"outputTokens":0,"loadMs":0,"generateMs":0}',
  peak_mb      INTEGER,
  created_at   TEXT NOT NULL,
  started_at   TEXT,
  ended_at     TEXT
) STRICT;
CREATE INDEX tasks_queue ON tasks (priority DESC, seq) WHERE status IN ('ready', 'blocked');
CREATE INDEX tasks_status ON tasks (status, seq);
CREATE INDEX tasks_folder ON tasks (folder, seq);

CREATE TABLE dependencies (
  task_id    TEXT NOT NULL REFERENCES tasks (id),
  depends_on TEXT NOT NULL REFERENCES tasks (id),
  PRIMARY KEY (task_id, depends_on)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  task_id    TEXT NOT NULL REFERENCES tasks (id),
  attempt    INTEGER NOT NULL,
  session_id TEXT NOT NULL,
  pid        INTEGER,
  started_at TEXT NOT NULL,
  ended_at   TEXT,
  outcome    TEXT,
  error      TEXT,
  PRIMARY KEY (task_id, attempt)
) STRICT, WITHOUT ROWID;

-- One row for each slot that is taken: from the claim until the worker is seen dead.
CREATE TABLE workers (
  task_id    TEXT PRIMARY KEY REFERENCES tasks (id),
  attempt    INTEGER NOT NULL,
  session_id TEXT NOT NULL REFERENCES sessions (id),
  owner      TEXT NOT NULL,
  pid        INTEGER,
  boot_id    TEXT,
  start_time TEXT,
  reserved_mb INTEGER NOT NULL DEFAULT 0,
  process_mb INTEGER,
  memory_kind TEXT,
  claimed_at TEXT NOT NULL
) STRICT;

-- Models that sessions hold, for ps: one row for each holder.
CREATE TABLE model_leases (
  session_id TEXT NOT NULL REFERENCES sessions (id),
  holder     TEXT NOT NULL,
  provider   TEXT NOT NULL,
  server     TEXT NOT NULL,
  model      TEXT NOT NULL,
  purpose    TEXT NOT NULL,
  memory_mb  INTEGER,
  context_tokens INTEGER,
  keep_alive INTEGER NOT NULL,
  ours       INTEGER NOT NULL,
  acquired_at TEXT NOT NULL,
  PRIMARY KEY (session_id, holder, server, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         TEXT NOT NULL,
  task_id    TEXT,
  session_id TEXT,
  level      TEXT NOT NULL,
  kind       TEXT NOT NULL,
  text       TEXT NOT NULL
) STRICT;
CREATE INDEX events_task ON events (task_id, id);

CREATE TABLE messages (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id TEXT,
  folder     TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  content    TEXT NOT NULL,
  -- Who dealt with the turn: the chat's model, or the program itself.
  made_by    TEXT NOT NULL CHECK (made_by IN ('model', 'program')),
  at         TEXT NOT NULL
) STRICT;
CREATE INDEX messages_folder ON messages (folder, id);
`;
