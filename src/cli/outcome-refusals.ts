import { WilsonError } from '../errors.js';
import type { Store } from '../store/store.js';
import { isOver, type Task } from '../task/task.js';

/* Why something cannot be done with what a task made, and what can be done instead. */

export function notRetryable(store: Store | null, task: Task): WilsonError {
  const parent = task.parentId === null ? null : (store?.tasks.get(task.parentId) ?? null);
  // What it was to be a part of is there without it.
  const isMadeUpFor = isOver(task.status) && parent?.status === 'done';
  const why = isMadeUpFor ? `${parent.id}, which it is a part of, is done` : `${task.id} is ${task.status}`;
  return new WilsonError('NOT_RETRYABLE', `${why}: only failed and cancelled tasks can be retried.`, {
    hint: isOver(task.status)
      ? 'Ask for it anew with `wilson run`.'
      : `${answerHint(store, task)}\`wilson kill ${task.id}\` ends it first.`,
  });
}

export function stillRunning(store: Store, task: Task): WilsonError {
  const answer = answerHint(store, task);
  return new WilsonError('TASK_RUNNING', `${task.id} is not over: ${task.status.replace('_', ' ')}.`, {
    hint:
      answer === ''
        ? `Wait for it, or end it with \`wilson kill ${task.id}\`.`
        : `${answer}\`wilson kill ${task.id}\` ends it.`,
  });
}

/** Who waits for an answer goes on when it gets it; of a family each that asks. */
function answerHint(store: Store | null, task: Task): string {
  const family = store === null ? [task] : [task, ...allBelow(store, task.id)];
  const asking = family.filter(({ status, question }) => status === 'blocked' && question !== null);
  return asking.map(({ id }) => `\`wilson answer ${id} "…"\` answers what it asks. `).join('');
}

/** The way back would go with the workspace. */
export function wouldLoseUndo({ id, folder }: Task): WilsonError {
  return new WilsonError('APPLIED', `What ${id} made has been applied: it lies in ${folder}.`, {
    hint: `\`wilson undo ${id}\` takes it back first. \`wilson discard ${id} --keep-applied\` leaves it there for good: after that it cannot be taken back.`,
  });
}

const withTheWhole = {
  apply: ['applied', 'takes all of it'],
  undo: ['undone', 'takes all of it back'],
  discard: ['discarded', 'throws all of it away'],
} as const;

export type WholeCommand = keyof typeof withTheWhole;

/** What a subtask made belongs to its parent. */
export function notByItself(store: Store, task: Task, command: WholeCommand): WilsonError {
  const top = topOf(store, task);
  const [participle, effect] = withTheWhole[command];
  const message = `${task.id} is a part of ${top} and cannot be ${participle} by itself.`;
  return new WilsonError('PART_OF_PARENT', message, { hint: `\`wilson ${command} ${top}\` ${effect}.` });
}

export function noWorkspace(store: Store | null, task: Task): WilsonError {
  const outcome = store?.tasks.outcomeOf(task.id) ?? null;
  if (outcome !== null) {
    const was = outcome === 'applied' ? 'was applied for good; its copy was thrown away' : 'was thrown away';
    return new WilsonError('NO_WORKSPACE', `What ${task.id} made ${was}.`, {
      hint: `\`wilson show ${task.id}\` still has its story.`,
    });
  }
  if (store === null || task.parentId === null || task.status !== 'done') {
    return new WilsonError('NO_WORKSPACE', `${task.id} has made nothing yet.`);
  }
  const top = topOf(store, task);
  return new WilsonError('PART_OF_PARENT', `What ${task.id} changed is part of ${top}.`, {
    hint: `\`wilson diff ${top}\` shows it.`,
  });
}

/** The id of the task that a subtask is, in the end, a part of. */
function topOf(store: Store, task: Task): string {
  let top = task;
  for (
    let next: Task | null = task;
    next !== null;
    next = top.parentId === null ? null : store.tasks.get(top.parentId)
  ) {
    top = next;
  }
  return top.id;
}

/** All tasks below a task, whatever became of them. */
export function allBelow(store: Store, taskId: string): Task[] {
  return store.families.subtasksOf(taskId).flatMap((task) => [task, ...allBelow(store, task.id)]);
}
