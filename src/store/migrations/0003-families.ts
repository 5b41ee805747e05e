/** Plans with subtasks, reviews, what agents said to each other, and questions to the user. */
export const migration0003 = `
ALTER TABLE tasks ADD COLUMN role TEXT NOT NULL DEFAULT 'work';
-- What an agent asks the user; the task is blocked until it is answered.
ALTER TABLE tasks ADD COLUMN question TEXT;
-- 1: the next attempt goes on with what the last one left in the workspace.
ALTER TABLE tasks ADD COLUMN keeps_work INTEGER NOT NULL DEFAULT 0;
-- 1: a review of another task's work, rather than of the folder.
ALTER TABLE tasks ADD COLUMN judges INTEGER NOT NULL DEFAULT 0;
-- Checks that a plan, or the task itself, demands besides those of its type; what came of all is in definition_of_done.
ALTER TABLE tasks ADD COLUMN demands TEXT NOT NULL DEFAULT '[]';
CREATE INDEX tasks_parent ON tasks (parent_id, seq) WHERE parent_id IS NOT NULL;
CREATE INDEX dependencies_on ON dependencies (depends_on);

CREATE TABLE reviews (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id    TEXT NOT NULL REFERENCES tasks (id),
  attempt    INTEGER NOT NULL,
  reviewer   TEXT NOT NULL REFERENCES tasks (id),
  verdict    TEXT NOT NULL CHECK (verdict IN ('approved', 'needs_changes')),
  findings   TEXT NOT NULL,
  summary    TEXT NOT NULL,
  -- Size of the diff that was judged.
  diff_bytes INTEGER NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX reviews_task ON reviews (task_id, id);

CREATE TABLE communications (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         TEXT NOT NULL,
  from_task  TEXT REFERENCES tasks (id),
  to_task    TEXT REFERENCES tasks (id),
  from_name  TEXT NOT NULL,
  to_name    TEXT NOT NULL,
  kind       TEXT NOT NULL,
  text       TEXT NOT NULL
) STRICT;
CREATE INDEX communications_from ON communications (from_task, id);
CREATE INDEX communications_to ON communications (to_task, id);
`;
