import { canTransition, taskStatuses } from '../task/task.js';
import type { Connection } from './database.js';

const steps = taskStatuses.flatMap((from) =>
  taskStatuses.filter((to) => canTransition(from, to)).map((to) => `'${from} ${to}'`),
);

/**
 * Lets a task take no step that is not one of its life (see {@link canTransition}), whichever statement would: that fails,
 * with its whole transaction. Holds for one connection.
 */
export function holdToLife(connection: Connection): void {
  connection.exec(
    `CREATE TEMP TRIGGER task_life BEFORE UPDATE OF status ON main.tasks
     WHEN old.status <> new.status AND old.status || ' ' || new.status NOT IN (${steps.join(', ')})
     BEGIN SELECT raise(ABORT, 'no step of the life of a task'); END`,
  );
}
