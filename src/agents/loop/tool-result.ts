import type { ToolCall } from '../../providers/provider.js';

/** Calls of one answer that are run; a model that asks for more at once is guessing. */
export const callsAtOnce = 8;
/** Share of what a prompt may hold that goes to the results of one answer, and characters of a token. */
const resultShare = 0.5;
const charactersPerToken = 2.5;
const leastRoom = 400;
const lineChars = 120;

/** Characters that the result of one of `calls` calls may have, so that all of them fit beside what was said before. */
export function resultRoom(contextTokens: number, answerTokens: number, calls: number): number {
  const tokens = Math.max(0, contextTokens - answerTokens) * resultShare;
  return Math.max(leastRoom, Math.floor((tokens * charactersPerToken) / Math.max(1, Math.min(calls, callsAtOnce))));
}

/** A result cut down to its beginning and its end, with a mark that says what is missing. */
export function clipResult(text: string, room: number): string {
  if (text.length <= room) return text;
  const head = Math.floor(room * 0.7);
  const tail = room - head;
  const left = text.length - head - tail;
  return `${text.slice(0, head)}\n[${left} characters left out; ask for a smaller part]\n${text.slice(-tail)}`;
}

/** The first line of a result, for the log. */
export function resultLine(text: string): string {
  const lines = text.split('\n');
  const first = (lines.find((line) => line.trim() !== '') ?? 'nothing').trim().slice(0, lineChars);
  return lines.length <= 1 ? first : `${first} (${lines.length} lines)`;
}

/** A call in a few words on one line. */
export function describeCall(call: ToolCall): string {
  const { path, command, text, question, task_id: taskId, title } = call.arguments;
  const detail = [path, Array.isArray(command) ? command.join(' ') : command, text, question, taskId, title].find(
    (each) => typeof each === 'string',
  );
  return `${call.name.replaceAll('_', ' ')} ${typeof detail === 'string' ? detail : ''}`
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, lineChars);
}
