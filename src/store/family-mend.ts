import type { CheckSpec } from '../task/definition-of-done.js';
import { isCheckResult } from '../task/definition-of-done.js';
import type { Task } from '../task/task.js';
import type { Connection } from './database.js';
import { type TaskRow, taskColumns, taskOfRow } from './rows.js';

/** What is to be mended in a family whose parts are all done, and by which of them. */
export interface Mending {
  readonly taskId: string;
  readonly findings: readonly string[];
  readonly demands: readonly CheckSpec[];
}

/**
 * Which part is to mend a parent that failed its own last checks, though all parts are done: the newest that wrote code, else
 * tests; with what the checks missed. Null where it failed for another reason, or no part of it can mend that. To be
 * called within a transaction.
 */
export function mendingOf(connection: Connection, parentId: string): Mending | null {
  const read = (where: string): Task[] =>
    connection
      .prepare<[string], TaskRow>(`SELECT ${taskColumns} FROM tasks WHERE ${where} ORDER BY seq DESC`)
      .all(parentId)
      .map(taskOfRow);
  const [parent] = read('id = ?');
  const missed = (parent?.definitionOfDone ?? []).filter(isCheckResult).filter(({ passed }) => !passed);
  if (parent?.error?.code !== 'NOT_VERIFIED' || missed.length === 0) return null;
  const parts = read('parent_id = ? AND superseded = 0 AND judges = 0');
  const maker = parts.find(({ type }) => type === 'code') ?? parts.find(({ type }) => type === 'test');
  if (maker === undefined) return null;
  const details = missed.map(({ check, evidence }) => `${check}: ${evidence.detail ?? 'it failed'}`);
  // What failed must hold before the part is done again.
  const demanded = parent.demands.filter(({ check }) => missed.some((each) => each.check === check));
  const tests: CheckSpec[] = missed.some(({ check }) => check === 'tests_pass') ? [{ check: 'tests_pass' }] : [];
  const demands = [...maker.demands];
  for (const spec of [...demanded, ...tests]) {
    if (!demands.some(({ check }) => check === spec.check)) demands.push(spec);
  }
  return { taskId: maker.id, findings: [parent.error.message, ...details], demands };
}
