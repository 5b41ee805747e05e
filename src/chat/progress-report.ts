import { isActive, isOver, type Task } from '../task/task.js';
import { describedTasks, namedTaskIds } from './task-reference.js';
import { familyLine, taskLine, withoutSubtasks } from './task-words.js';

/** Tasks that a report lists before it counts the rest. */
const listed = 8;

const asksForQueued = /\b(?:queued?|waiting|pending|blocked|wartet|warten)\b|排队|等待/i;
const asksForFailed = /\b(?:fail(?:ed|ing|ure)?|went wrong|broke|crash(?:ed)?|error)\b|失败/i;
const asksForTime = /\bhow (?:much )?long|\bwhen (?:will|is|does)\b|\beta\b|wie lange|cuánto falta|还要多久/i;
const asksForLast = /\b(?:last|latest|newest|previous|letzte)\b/i;
const asksForReview = /\breview(?:er)?\b/i;

/** A task in a line; a parent that is not over with how far its subtasks are, of which `all` has some. */
function line(task: Task, all: readonly Task[]): string {
  const subtasks = all.filter(({ parentId, superseded }) => parentId === task.id && !superseded).reverse();
  const isFamily = task.role === 'parent' && subtasks.length > 0 && !isOver(task.status);
  return isFamily ? familyLine(task, subtasks) : taskLine(task);
}

function list(tasks: readonly Task[], all: readonly Task[]): string {
  const lines = tasks.slice(0, listed).map((task) => line(task, all));
  if (tasks.length > listed) lines.push(`… and ${tasks.length - listed} more: /tasks`);
  return lines.join('\n');
}

function overview(tasks: readonly Task[]): string {
  const live = withoutSubtasks(tasks.filter((task) => !isOver(task.status)));
  const isBusy = (top: Task): boolean =>
    isActive(top.status) || tasks.some(({ parentId, status }) => parentId === top.id && isActive(status));
  if (live.length > 0)
    return list(
      [...live].sort((a, b) => Number(isBusy(b)) - Number(isBusy(a))),
      tasks,
    );
  const last = newest(tasks);
  if (last === undefined) return 'No task has been started in this folder yet.';
  return `Nothing is running. The last one:\n${taskLine(last)}`;
}

/** The newest that somebody asked for: subtasks come after their parent. */
function newest(tasks: readonly Task[]): Task | undefined {
  return tasks.find(({ parentId }) => parentId === null) ?? tasks[0];
}

function named(ids: readonly string[], tasks: readonly Task[]): string {
  return ids
    .map((id) => {
      const task = tasks.find((candidate) => candidate.id === id);
      return task === undefined ? `${id}: there is no such task in this folder.` : line(task, tasks);
    })
    .join('\n');
}

function ofKind(question: string, tasks: readonly Task[]): string | null {
  if (asksForQueued.test(question)) {
    const waiting = tasks.filter((task) => !isOver(task.status) && !isActive(task.status));
    return waiting.length === 0 ? `Nothing is queued.${runningCount(tasks)}` : list(waiting, []);
  }
  if (asksForFailed.test(question)) {
    // A parent names the subtask that it failed for; the subtask that failed last may have failed only because of that one.
    const all = tasks.filter(({ status }) => status === 'failed');
    const failed = newest(all);
    const last = newest(tasks);
    if (failed !== undefined) return taskLine(failed);
    return last === undefined ? null : `No task has failed here. The last one:\n${taskLine(last)}`;
  }
  if (asksForReview.test(question)) {
    const review = tasks.find((task) => task.type === 'review');
    return review === undefined ? null : taskLine(review);
  }
  const last = newest(tasks);
  return asksForLast.test(question) && last !== undefined ? line(last, tasks) : null;
}

function runningCount(tasks: readonly Task[]): string {
  const count = tasks.filter(({ status }) => isActive(status) && status !== 'in_review').length;
  return count === 0 ? '' : ` ${count} ${count === 1 ? 'task is' : 'tasks are'} running.`;
}

/**
 * Answers a question about tasks from what is stored, never from a model: named tasks, tasks of a kind, the one that is
 * described, else what is alive, else the last one. `tasks` are those of the folder, newest first.
 */
export function progressReport(question: string, tasks: readonly Task[]): string {
  const ids = namedTaskIds(question);
  if (ids.length > 0) return named(ids, tasks);
  const special = ofKind(question, tasks);
  if (special !== null) return special;
  const described = describedTasks(question, tasks);
  const live = withoutSubtasks(described.filter((task) => !isOver(task.status)));
  const chosen = live.length > 0 ? live : withoutSubtasks(described).slice(0, 1);
  const report = chosen.length > 0 ? list(chosen, tasks) : overview(tasks);
  const running = tasks.some((task) => isActive(task.status));
  return asksForTime.test(question) && running
    ? `${report}\nHow long it still takes is not known; the share done is counted, not guessed.`
    : report;
}
