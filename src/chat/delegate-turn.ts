import type { TaskRequest } from '../supervisor/port.js';
import type { Task, TaskType } from '../task/task.js';
import { proposalIn } from './routing/proposal-rule.js';
import type { RouteContext } from './routing/route.js';
import { titleOf } from './task-title.js';

/** An order that only makes sense together with what was said before. */
const refersBack =
  /^\W*(?:\w+\W+){0,4}(?:it|that|this|them|those|these|the same|above)\b(?! (?:file|folder|repo|project|branch|code|module|page|app|script|function|class)\b)/i;

/**
 * What is submitted for a turn. After Wilson's own proposal ("ok do it") that is the proposal; an order that points back
 * at the conversation takes along what the user had said, because a worker knows nothing of the chat. `ownWords`: the
 * reply says more than yes ("use Postgres").
 */
export function taskRequest(
  text: string,
  type: TaskType,
  folder: string,
  context: RouteContext,
  byProposal: boolean,
  ownWords = false,
): TaskRequest {
  if (byProposal) {
    const proposal = context.lastAssistant === null ? null : proposalIn(context.lastAssistant);
    const wanted = proposal ?? context.lastUser ?? text;
    const before = context.lastUser === null || proposal === null ? '' : `\n\nThe user had said: ${context.lastUser}`;
    const reply = ownWords ? `\n\nTo that offer the user replied: ${text}` : '';
    return { title: titleOf(wanted), description: `${capitalized(wanted)}${before}${reply}`, type, folder };
  }
  const pointsBack = text.length < 100 && refersBack.test(text) && context.lastUser !== null;
  const description = pointsBack ? `${text}\n\nBefore that, the user had said: ${context.lastUser}` : text;
  return { title: titleOf(text), description, type, folder };
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The line that a delegated turn is answered with; it claims no more than that the task is stored. */
export function acceptedLine(task: Task): string {
  return `${task.id} accepted: ${task.title} (${task.agent})`;
}
