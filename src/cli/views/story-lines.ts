import type { Communication } from '../../task/orchestration.js';
import { findingText, isAboutOthers, verdictText } from '../../task/review.js';
import type { AttemptJson, ReviewJson } from '../json-shapes.js';
import { clockText, countText, durationText } from './amounts.js';
import { cutTo, wrapTo } from './columns.js';
import { hanging, indent } from './page-parts.js';
import { oneLine, paint, safeText, type ViewOptions } from './view.js';

/* What happened to a task, for its page: its attempts, what reviewers found, and what agents said to each other. */

const outcomeWords: Readonly<Record<string, string>> = {
  retried: 'failed, tried again',
  superseded: 'failed',
  in_review: 'handed in for review',
  asked: 'asked the user',
  planned: 'planned the work',
  delegated: 'gave parts of it to others',
};

/** `1  pid 4711, 34 s, failed, tried again: claimed, not verified: …`. */
export function attemptLines(attempts: readonly AttemptJson[], options: ViewOptions): string[] {
  return attempts.flatMap(({ attempt, pid, durationMs, outcome, error }) => {
    const end = outcome === null ? 'not ended' : (outcomeWords[outcome] ?? outcome.replaceAll('_', ' '));
    const facts = [
      ...(pid === null ? ['no process'] : [`pid ${pid}`]),
      ...(durationMs === null ? [] : [durationText(durationMs)]),
      error === null ? end : `${end}: ${oneLine(error.message)}`,
    ];
    const number = String(attempt);
    return hanging(`${number}  ${facts.join(', ')}`, 1, number.length + 2, options);
  });
}

/** Each verdict with who gave it, its findings below. */
export function reviewLines(reviews: readonly ReviewJson[], options: ViewOptions): string[] {
  return reviews.flatMap((review) => {
    const verdict = verdictText(review);
    const isOther = isAboutOthers(review);
    const color = review.verdict === 'approved' ? 'green' : isOther ? null : 'yellow';
    const head = `${review.task}, attempt ${review.attempt}: ${verdict} (${review.reviewer})`;
    const [first = '', ...more] = hanging(head, 1, indent.length, options);
    const findings = review.findings.flatMap((finding) => {
      const [text = '', ...rest] = wrapTo(safeText(findingText(finding)), options.columns - 6);
      return [`    - ${text}`, ...rest.map((line) => `      ${line}`)];
    });
    return [
      first.replace(verdict, () => paint(verdict, color, options)),
      ...more,
      ...(review.summary === '' || isOther ? [] : hanging(oneLine(review.summary), 2, 0, options)),
      ...findings,
    ];
  });
}

/** Messages on the page before the rest is counted. */
const shownMessages = 12;
/** Where the output has no width, a message is no longer than this on the page. */
const messageColumns = 160;

/**
 * `17:40:03  Manager Agent (TASK-001) → Code Agent (TASK-002)  plan: Write todo.py`. With `all` every message in full;
 * without it one line each, the newest ones, and how to see the rest.
 */
export function messageLines(
  taskId: string,
  messages: readonly Communication[],
  all: boolean,
  options: ViewOptions,
): string[] {
  if (all) {
    return messages.flatMap((message) => [
      ...hanging(`${whoSaid(message)}  ${message.kind}:`, 1, indent.length, options),
      ...wrapTo(safeText(message.text), options.columns - 4).map((line) => `    ${line}`),
    ]);
  }
  const room = Math.min(messageColumns, options.columns - indent.length);
  const shown = messages.slice(-shownMessages).map((message) => {
    const whole = `${whoSaid(message)}  ${message.kind}: ${oneLine(message.text)}`;
    const line = cutTo(whole, room);
    return { line: indent + line, isWhole: line === whole && !message.text.includes('\n') };
  });
  const lines = shown.map(({ line }) => line);
  const hidden = messages.length - shown.length;
  if (hidden === 0 && shown.every(({ isWhole }) => isWhole)) return lines;
  const earlier = hidden === 0 ? '' : `${countText(hidden)} earlier, and `;
  const rest = `(${earlier}all in full: wilson show ${taskId} --messages)`;
  return [...lines, ...hanging(rest, 1, 0, options).map((line) => paint(line, 'dim', options))];
}

function whoSaid({ at, fromName, fromTask, toName, toTask }: Communication): string {
  return `${clockText(at)}  ${party(fromName, fromTask)} → ${party(toName, toTask)}`;
}

function party(name: string, task: string | null): string {
  return task === null ? oneLine(name) : `${oneLine(name)} (${task})`;
}
