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
  if (task.question !== null) return `asks: ${task.question}`;
  const reason = task.queuedDetail ?? task.queuedReason;
  if (task.status === 'blocked') return reason === null || reason === '' ? 'blocked' : reason;
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

/** Subtasks whose work a line tells before it counts the rest. */
const toldSubtasks = 3;

/**
 * A family in one line: `TASK-001 (build a todo app): 2 of 4 subtasks done; TASK-003 runs: writing test_todo.py`. What asks
 * comes first, then what runs; where neither does, what is next.
 */
export function familyLine(parent: Task, subtasks: readonly Task[]): string {
  const done = subtasks.filter(({ status }) => status === 'done').length;
  const asking = subtasks.filter(({ question, status }) => question !== null && status === 'blocked');
  const running = subtasks.filter(({ status }) => status === 'in_progress' || status === 'assigned');
  const telling = [
    ...asking.map((task) => `${task.id} ${waitingWords(task)}`),
    ...running.map((task) => `${task.id} runs: ${runningWords(task)}`),
  ];
  if (telling.length === 0) {
    const next = subtasks.find(({ status }) => !isOver(status));
    if (parent.status === 'in_review') telling.push(parent.progress.message);
    else if (next !== undefined) telling.push(`next: ${taskLine(next)}`);
  }
  const more = telling.length - toldSubtasks;
  const told = [...telling.slice(0, toldSubtasks), ...(more > 0 ? [`${more} more`] : [])];
  return [`${taskName(parent)}: ${done} of ${subtasks.length} subtasks done`, ...told].join('; ');
}

/** Without those that are a part of another one of them. */
export function withoutSubtasks(tasks: readonly Task[]): Task[] {
  const ids = new Set(tasks.map(({ id }) => id));
  return tasks.filter(({ parentId }) => parentId === null || !ids.has(parentId));
}

/** A task by name, for lists of what will be stopped: `TASK-001 (add a login page)`. */
export function taskName(task: Task): string {
  return `${task.id} (${task.title})`;
}
