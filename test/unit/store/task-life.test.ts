import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../../src/store/database.js';
import { canTransition, taskStatuses } from '../../../src/task/task.js';
import { tempFolder } from '../../helpers/temp-folder.js';

it('a task takes the steps of its life in the database and no others, whatever the statement', () => {
  const connection = openDatabase(tempFolder());
  if (connection === null) throw new Error('no database');
  onTestFinished(() => void connection.close());
  connection.exec(
    `INSERT INTO tasks (id, title, description, type, status, folder, agent, created_at)
     VALUES ('TASK-001', 't', 'd', 'code', 'new', '/', 'Code Agent', '2026-01-01')`,
  );
  const insert = connection.prepare('UPDATE tasks SET status = ?');
  const wrong: string[] = [];
  for (const from of taskStatuses) {
    for (const to of taskStatuses) {
      // Where it stands before the step is set behind the back of the rule.
      connection.exec(`DELETE FROM tasks; INSERT INTO tasks (id, title, description, type, status, folder, agent, created_at)
        VALUES ('TASK-001', 't', 'd', 'code', '${from}', '/', 'Code Agent', '2026-01-01')`);
      let taken = true;
      try {
        insert.run(to);
      } catch (error) {
        taken = false;
        expect(error).toMatchObject({ message: 'no step of the life of a task' });
      }
      if (taken !== (from === to || canTransition(from, to))) wrong.push(`${from} → ${to}`);
    }
  }
  expect(wrong).toEqual([]);
});
