import type { Task } from '../task/task.js';
import { taskName } from './task-words.js';

export type QuitChoice = 'wait' | 'kill' | 'background' | 'cancel';

/** Tasks named in the question before it counts the rest. */
const namedTasks = 5;

/** The question that leaving with live tasks asks once. */
export function quitQuestion(live: readonly Task[], canDetach: boolean): string {
  const names = live.slice(0, namedTasks).map(taskName);
  if (live.length > namedTasks) names.push(`${live.length - namedTasks} more`);
  const verb = live.length === 1 ? 'task is' : 'tasks are';
  const background = canDetach ? ', keep going in the (b)ackground' : '';
  return `${live.length} ${verb} not finished: ${names.join(', ')}.\n(w)ait for ${live.length === 1 ? 'it' : 'them'}, (k)ill ${live.length === 1 ? 'it' : 'them'}${background}, (c)ancel?`;
}

/** What a typed character chooses; null for one that chooses nothing. */
export function quitChoice(typed: string, canDetach: boolean): QuitChoice | null {
  switch (typed.trim().charAt(0).toLowerCase()) {
    case 'w':
      return 'wait';
    case 'k':
      return 'kill';
    case 'b':
      return canDetach ? 'background' : null;
    case 'c':
    case 'n':
      return 'cancel';
    default:
      return null;
  }
}
