/**
 * What is still owed once a task is over: `result`, to apply what it made where that is automatic, and to tell people;
 * `notice`, to tell people; or `nothing`. It stands there before the task ends, so that no end can be written without it.
 */
export const migration0005 = `
ALTER TABLE tasks ADD COLUMN owes TEXT NOT NULL DEFAULT 'result' CHECK (owes IN ('result', 'notice', 'nothing'));
-- Ends of long ago are not told.
UPDATE tasks SET owes = 'nothing' WHERE status IN ('done', 'failed', 'cancelled');
CREATE INDEX tasks_owing ON tasks (folder, seq)
  WHERE owes <> 'nothing' AND parent_id IS NULL AND status IN ('done', 'failed');
`;
