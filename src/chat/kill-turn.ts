import type { SupervisorPort } from '../supervisor/port.js';
import { isOver, type Task } from '../task/task.js';
import { killTarget } from './kill-target.js';
import { taskName } from './task-words.js';
import type { ChatView } from './view.js';

/** Tasks of the folder that are looked through; more than this are never alive at once. */
export const taskWindow = 1_000;

export interface KillOutcome {
  readonly text: string;
  /** The tasks between which the user was asked to choose; empty when nothing is open. */
  readonly among: readonly Task[];
}

/** Ends the named tasks one after the other and says of each what became of it. */
export async function killTasks(ids: readonly string[], supervisor: SupervisorPort, view: ChatView): Promise<string> {
  const lines: string[] = [];
  const named = await Promise.all(ids.map((id) => supervisor.task(id)));
  const ending = named.filter((task): task is Task => task !== null && !isOver(task.status));
  if (ending.length > 0) view.say(`Stopping ${ending.map(taskName).join(', ')} …`, 'reply');
  const cancelledNotices = new Set<string>();
  const stopListening = supervisor.onNotice((notice) => {
    if (notice.kind === 'cancelled' && notice.taskId !== null) cancelledNotices.add(notice.taskId);
  });
  try {
    for (const { id, outcome } of await Promise.all(
      ids.map(async (id) => ({ id, outcome: await supervisor.cancel(id) })),
    )) {
      if (outcome.result === 'unknown') lines.push(`There is no task ${id}. /tasks lists them.`);
      else if (outcome.result === 'over') lines.push(`${id} is already over (${outcome.task?.status ?? 'ended'}).`);
      // The supervisor's own notice has said it already.
      else if (!cancelledNotices.has(id)) lines.push(`${id} is cancelled.`);
    }
  } finally {
    stopListening();
  }
  if (lines.length > 0) view.say(lines.join('\n'), 'reply');
  return [ending.length > 0 ? `Stopped ${ending.map(taskName).join(', ')}.` : '', ...lines].filter(Boolean).join(' ');
}

/** Answers a stop order: ends what it names, asks where several tasks could be meant. */
export async function killTurn(text: string, supervisor: SupervisorPort, view: ChatView): Promise<KillOutcome> {
  const live = (await supervisor.tasks(taskWindow)).filter((task) => !isOver(task.status));
  const target = killTarget(text, live);
  switch (target.kind) {
    case 'nothing': {
      const nothing = 'Nothing is running or queued in this folder, so there is nothing to stop.';
      view.say(nothing, 'reply');
      return { text: nothing, among: [] };
    }
    case 'ambiguous': {
      const question = `Which one should stop? ${target.among.map(taskName).join(', ')} – name one, or say "all" or "none".`;
      view.say(question, 'reply');
      return { text: question, among: target.among };
    }
    case 'tasks':
      return { text: await killTasks(target.ids, supervisor, view), among: [] };
  }
}
