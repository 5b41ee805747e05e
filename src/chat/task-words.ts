import { isOver, type Task } from '../task/task.js';

/** `60% (3 of 5 steps)`; empty where nothing could be counted yet. */
function progressWords(task: Task): string {
  const { fraction, basis } = task.progress;
  if (fraction === null) return '';
  const percent = `${Math.round(fraction * 100)}%`;
  return basis === '' ? percent : `${percent} (${basis})`;
}

function who(task: Task): string {
  const fallback = task.usedFallback ? ', fallback' : '';
  return task.modelUsed === null ? `(${task.agent})` : `(${task.agent}, ${task.modelUsed}${fallback})`;
}

function waitingWords(task: Task): string {
  if (task.status === 'blocked') return 'blocked';
  const reason = task.queuedDetail ?? task.queuedReason;
  return reason === null || reason === '' ? 'queued' : `queued: ${reason}`;
}

function runningWords(task: Task): string {
  const doing = task.progress.message === '' ? task.title : task.progress.message;
  const progress = progressWords(task);
  return progress === '' ? doing : `${doing}, ${progress}`;
}

function endWords(task: Task): string {
  if (task.status === 'done') return `done. ${task.summary ?? task.title}`.trimEnd();
  if (task.status === 'cancelled') return `cancelled (${task.title})`;
  const hint = task.error === null || task.error.hint === '' ? '' : ` ${task.error.hint}`;
  return `failed: ${task.error?.message ?? 'no reason was recorded'}${hint}`;
}

/** One task in one line, from what is stored alone: `TASK-001 (Code Agent, qwen2.5-coder:0.5b): writing a.py, 60% (3 of 5 steps)`. */
export function taskLine(task: Task): string {
  if (isOver(task.status)) return `${task.id} ${who(task)}: ${endWords(task)}`;
  const running = task.status === 'in_progress' || task.status === 'in_review' || task.status === 'assigned';
  if (!running) return `${task.id} ${who(task)}: ${waitingWords(task)} (${task.title})`;
  return `${task.id} ${who(task)}: ${runningWords(task)}`;
}

/** A task by name, for lists of what will be stopped: `TASK-001 (add a login page)`. */
export function taskName(task: Task): string {
  return `${task.id} (${task.title})`;
}
