import type { TaskStatus } from '../../task/task.js';
import type { Color } from './view.js';

/** A state of a task in words. */
export function statusText(status: TaskStatus): string {
  return status === 'ready' || status === 'new' ? 'queued' : status.replace('_', ' ');
}

export function statusColor(status: TaskStatus): Color | null {
  if (status === 'done') return 'green';
  if (status === 'failed') return 'red';
  if (status === 'cancelled') return 'yellow';
  return status === 'assigned' || status === 'in_progress' || status === 'in_review' ? 'cyan' : null;
}
