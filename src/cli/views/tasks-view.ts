import type { TaskJson } from '../json-shapes.js';
import { ageText } from './amounts.js';
import { statusColor, statusText } from './status-words.js';
import { type Column, table } from './table.js';
import { oneLine, page, type ViewOptions } from './view.js';

/** `wilson tasks`: one line a task, in the given order; `nowMs` is what ages count from. */
export function tasksView(tasks: readonly TaskJson[], nowMs: number, options: ViewOptions): string {
  if (tasks.length === 0) return 'No tasks.\n';
  const columns: readonly Column<TaskJson>[] = [
    { title: 'TASK', text: (task) => task.id },
    { title: 'STATUS', text: (task) => statusText(task.status), color: (task) => statusColor(task.status) },
    { title: 'TYPE', text: (task) => task.type, dropOrder: 4 },
    { title: 'AGE', text: (task) => ageText(nowMs - Date.parse(task.createdAt)), dropOrder: 3 },
    {
      title: 'MODEL',
      text: (task) => `${oneLine(task.modelUsed ?? '-')}${task.usedFallback ? ' (fallback)' : ''}`,
      shrinkTo: 12,
      dropOrder: 5,
    },
    { title: 'TITLE', text: (task) => oneLine(task.title), shrinkTo: 20 },
  ];
  return page(table(columns, tasks, options));
}
