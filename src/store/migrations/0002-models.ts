/** Who holds which model, what is loaded by our doing, what it was seen to cost; memory sums and timelines. */
export const migration0002 = `
DROP TABLE model_leases;

-- One row for each holder of a model, embedded or on a server, in every session.
CREATE TABLE model_leases (
  session_id TEXT NOT NULL REFERENCES sessions (id),
  holder     TEXT NOT NULL,
  model_key  TEXT NOT NULL,
  provider   TEXT NOT NULL,
  server     TEXT NOT NULL,
  model      TEXT NOT NULL,
  purpose    TEXT NOT NULL,
  -- Of an embedded model; of one on a server the row below says it.
  memory_mb  INTEGER,
  context_tokens INTEGER,
  keep_alive INTEGER NOT NULL,
  ours       INTEGER NOT NULL,
  acquired_at TEXT NOT NULL,
  PRIMARY KEY (session_id, holder, model_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_leases_key ON model_leases (model_key);

-- Models on servers that a session has asked for; gone when nobody holds them and the server has let go of them.
CREATE TABLE server_models (
  model_key  TEXT PRIMARY KEY,
  provider   TEXT NOT NULL,
  server     TEXT NOT NULL,
  model      TEXT NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('loading', 'loaded', 'unloading')),
  -- Who loads or unloads it at present.
  session_id TEXT NOT NULL,
  -- 0: somebody else had loaded it before us, and it stays.
  ours       INTEGER NOT NULL,
  -- 1: it lies in this machine's memory.
  local      INTEGER NOT NULL,
  pinned     INTEGER NOT NULL,
  num_ctx    INTEGER NOT NULL,
  num_threads INTEGER,
  memory_mb  INTEGER NOT NULL,
  memory_measured INTEGER NOT NULL DEFAULT 0,
  idle_timeout_s INTEGER NOT NULL,
  -- Since nobody holds it; NULL while somebody does.
  idle_since_ms INTEGER
) STRICT, WITHOUT ROWID;

-- What a model was seen to cost, by the context that it was loaded with.
CREATE TABLE model_facts (
  provider   TEXT NOT NULL,
  model      TEXT NOT NULL,
  num_ctx    INTEGER NOT NULL,
  memory_mb  INTEGER,
  load_ms    INTEGER,
  unload_ms  INTEGER,
  runs       INTEGER NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (provider, model, num_ctx)
) STRICT, WITHOUT ROWID;

-- What a session's chat keeps in a process of its own.
ALTER TABLE sessions ADD COLUMN chat_mb INTEGER NOT NULL DEFAULT 0;
-- The model on a server that a worker is going to use, counted once however many use it.
ALTER TABLE workers ADD COLUMN model_key TEXT;
ALTER TABLE workers ADD COLUMN model_mb INTEGER NOT NULL DEFAULT 0;
-- What an attempt was seen to need when it had to be stopped for it.
ALTER TABLE tasks ADD COLUMN need_mb INTEGER;
-- The sum behind a wait for memory, as JSON.
ALTER TABLE tasks ADD COLUMN queued_sum TEXT;
-- Samples of the memory of an attempt, as JSON.
ALTER TABLE attempts ADD COLUMN memory TEXT;
`;
