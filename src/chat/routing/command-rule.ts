import { taskId } from './english.js';
import type { Route } from './route.js';

/** Longest order to Wilson itself, in characters. */
const spokenLimit = 80;

/** A slash command: a slash, letters, then words. `/home/me/x.py is broken` is none. */
export function parseCommand(text: string): Route | null {
  const match = /^\s*\/([a-z?][a-z-]*)(?:\s+(.*))?$/is.exec(text.trim());
  if (match !== null) {
    const args = (match[2] ?? '').split(/\s+/).filter((part) => part !== '');
    return { intent: 'command', name: (match[1] ?? '').toLowerCase(), args };
  }
  return text.length <= spokenLimit ? spokenCommand(text) : null;
}

/** "Apply TASK-003", "retry task 3": an order to Wilson itself that names a task. */
function spokenCommand(text: string): Route | null {
  const match =
    /^\s*(?:please )?(apply|undo|retry|diff|discard)(?: the (?:changes|diff|result|work) (?:of|from|in))? (.*?)[.!?\s]*$/i.exec(
      text,
    );
  if (match === null) return null;
  const id = taskId.exec(match[2] ?? '');
  if (id === null || id[0].trim().length !== (match[2] ?? '').trim().length) return null;
  const number = id[1] ?? id[2] ?? '';
  return { intent: 'command', name: (match[1] ?? '').toLowerCase(), args: [`TASK-${number.padStart(3, '0')}`] };
}
