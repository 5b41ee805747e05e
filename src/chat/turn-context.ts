import type { ActiveTask } from '../supervisor/port.js';
import { tellingParts } from './routing/phrase.js';
import { describedTasks } from './task-reference.js';
import { taskLine } from './task-words.js';

const aboutWork = /\b(?:tasks?|agents?|workers?|background|progress|running|working on|busy|builds?)\b/i;
const aboutTime =
  /\b(?:what|which|how|is it|tell me|today|current)\b.*\b(?:time|date|day|today|year|month|weekday|clock|week)\b|\b(?:wie spät|uhrzeit|datum|welcher tag|qué hora|qué día|quelle heure)\b|几点|何時/i;

/**
 * What a turn is told beside the user's words, at the end of the newest message: running tasks where the words may be
 * about them, the time where they ask for it. Empty otherwise: a small model (0.5B) that is told of a task brings it into
 * every answer, a "thank you" included.
 */
export function turnContext(message: string, active: readonly ActiveTask[], now: Date): string {
  const text = tellingParts(message);
  const notes: string[] = [];
  const tasks = active.map(({ task }) => task);
  if (tasks.length > 0 && (aboutWork.test(text) || describedTasks(text, tasks).length > 0)) {
    const lines = tasks.slice(0, 3).map((task) => taskLine(task).slice(0, 160));
    notes.push(`Running in the background now: ${lines.join('; ')}.`);
  }
  if (aboutTime.test(text)) notes.push(`It is ${localTime(now)}.`);
  return notes.length === 0 ? '' : `\n\n(${notes.join(' ')})`;
}

function localTime(now: Date): string {
  const format = {
    weekday: 'long',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  } as const;
  return now.toLocaleString('en-GB', { ...format, timeZoneName: 'short' });
}
