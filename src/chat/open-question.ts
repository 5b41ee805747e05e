import type { Task } from '../task/task.js';
import { parsePhrase } from './routing/phrase.js';
import { emptyContext } from './routing/route.js';
import { decideByRules } from './routing/rules.js';

/** What a turn says to a task that asks. */
export interface Answer {
  readonly taskId: string;
  readonly text: string;
}

const named =
  /^\s*(?:(?:answer|reply)(?: to| for)?\s+|for\s+)?(?:task[-_ ]?#?0*(\d{1,9})|#0*(\d{1,9}))\s*[:,]\s*(\S[\s\S]*)$/i;
const command = /^\s*\/answer(?:\s+([\s\S]*))?$/i;
const commandTask = /^(?:task[-_ ]?)?#?0*(\d{1,9})(?:\s*[:,]?\s+|$)([\s\S]*)$/i;

/** Whether a turn can be an answer at all, so that it is worth looking which tasks ask. Pure. */
export function mayAnswer(text: string, questionIsNewest: boolean): boolean {
  return questionIsNewest || named.test(text);
}

/**
 * The turn as the answer to a task that asks: `TASK-003: use SQLite` always; a plain reply when the question is the newest
 * thing that was said and exactly one task asks. A question of the user's own, and what is an order or a question to Wilson
 * beyond doubt, is no answer. Null then. Pure.
 */
export function answerIn(text: string, asking: readonly Task[], questionIsNewest: boolean): Answer | null {
  const match = named.exec(text);
  if (match !== null) {
    const task = asking.find(({ id }) => numberOf(id) === Number(match[1] ?? match[2]));
    const said = (match[3] ?? '').trim();
    return task === undefined || isForWilson(said) ? null : { taskId: task.id, text: said };
  }
  const [only] = asking;
  if (!questionIsNewest || only === undefined || asking.length > 1) return null;
  if (text.trimStart().startsWith('/') || parsePhrase(text).isQuestion) return null;
  return isForWilson(text) || isOrder(text) ? null : { taskId: only.id, text: text.trim() };
}

/** `/answer 3 use SQLite`, or without a number where exactly one task asks; a string says what is wrong with it. Pure. */
export function answerCommand(text: string, asking: readonly Task[]): Answer | string {
  const [only] = asking;
  if (only === undefined) return 'No task of this folder asks anything.';
  const words = (command.exec(text)?.[1] ?? '').trim();
  const match = commandTask.exec(words);
  if (match === null) {
    if (words !== '' && asking.length === 1) return { taskId: only.id, text: words };
    return `Which task, and what is the answer? /answer ${numberOf(only.id)} …\n${askingList(asking)}`;
  }
  const task = asking.find(({ id }) => numberOf(id) === Number(match[1]));
  const said = (match[2] ?? '').trim();
  if (task === undefined)
    return `TASK-${(match[1] ?? '').padStart(3, '0')} asks nothing in this folder.\n${askingList(asking)}`;
  return said === '' ? `What is the answer? /answer ${numberOf(task.id)} …` : { taskId: task.id, text: said };
}

/** Each open question in a line. */
export function askingList(asking: readonly Task[]): string {
  return asking.map(({ id, question }) => `${id} asks: ${question ?? ''}`).join('\n');
}

/** What is left open when the chat ends, with the way to go on with it. */
export function unansweredText(asking: readonly Task[]): string {
  const lines = asking.map(
    ({ id, question }) =>
      `${id} waits for an answer: ${question ?? ''}\n  Answer with: wilson answer ${numberOf(id)} …`,
  );
  return lines.join('\n');
}

/** About tasks or models, a stop order or a command: decided by the wording, whatever an agent has asked. */
function isForWilson(text: string): boolean {
  const { route, certain } = decideByRules(text, emptyContext);
  return certain && ['command', 'kill', 'progress', 'models'].includes(route.intent);
}

function isOrder(text: string): boolean {
  const { route, certain } = decideByRules(text, emptyContext);
  return certain && route.intent === 'delegate';
}

function numberOf(taskId: string): number {
  return Number(taskId.replace(/\D/g, ''));
}
