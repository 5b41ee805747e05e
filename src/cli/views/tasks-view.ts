import type { Placed } from '../nested-tasks.js';
import { ageText } from './amounts.js';
import { statusColor, statusText } from './status-words.js';
import { type Column, table } from './table.js';
import { oneLine, page, type ViewOptions } from './view.js';

/** Deeper ones are not moved further to the right. */
const deepest = 3;

/** `wilson tasks`: one line a task, in the given order, subtasks indented; `nowMs` is what ages count from. */
export function tasksView(tasks: readonly Placed[], nowMs: number, options: ViewOptions): string {
  if (tasks.length === 0) return 'No tasks.\n';
  const columns: readonly Column<Placed>[] = [
    { title: 'TASK', text: ({ task, depth }) => `${'  '.repeat(Math.min(depth, deepest))}${task.id}` },
    {
      title: 'STATUS',
      text: ({ task }) => (task.question === null ? statusText(task.status) : 'asks'),
      color: ({ task }) => (task.question === null ? statusColor(task.status) : 'yellow'),
    },
    { title: 'TYPE', text: ({ task }) => task.type, dropOrder: 4 },
    { title: 'AGE', text: ({ task }) => ageText(nowMs - Date.parse(task.createdAt)), dropOrder: 3 },
    {
      title: 'MODEL',
      text: ({ task }) => `${oneLine(task.modelUsed ?? '-')}${task.usedFallback ? ' (fallback)' : ''}`,
      shrinkTo: 12,
      dropOrder: 5,
    },
    {
      title: 'TITLE',
      text: ({ task }) => `${task.superseded ? '(of an earlier try) ' : ''}${oneLine(task.title)}`,
      shrinkTo: 20,
    },
  ];
  return page(table(columns, tasks, options));
}
