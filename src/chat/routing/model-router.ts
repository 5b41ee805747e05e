import type { Clock } from '../../clock.js';
import type { ChatMessage } from '../../providers/provider.js';
import { type TaskType, taskTypes } from '../../task/task.js';
import type { ChatModelPort } from '../chat-model.js';
import { delegate, type Route, type RouteContext } from './route.js';

/** A turn must not hang on its routing; after this long it is answered. */
const budgetMs = 4_000;

/** Without `kill`: an order to stop work is too dear to be guessed by a model. */
const kinds = ['answer', ...taskTypes, 'progress', 'models'] as const;

const schema = {
  type: 'object',
  properties: { kind: { type: 'string', enum: [...kinds] } },
  required: ['kind'],
  additionalProperties: false,
};

const instructions = [
  'Sort the message of a user into one kind.',
  'answer: a question, an opinion, a story, small talk. code: build or change software. test: write or run tests.',
  'review: judge code. research: find out about the world or summarise papers. analysis: find out something from files.',
  'progress: ask about running tasks. models: ask about models or memory.',
].join(' ');

const examples: readonly (readonly [string, (typeof kinds)[number]])[] = [
  ['how do I sort a list in python', 'answer'],
  ['the last meeting was boring', 'answer'],
  ['ugh, this week the servers drive me mad', 'answer'],
  ['a button that exports the table as CSV', 'code'],
  ['the date picker breaks on mobile', 'code'],
  ['more tests for the router', 'test'],
  ['second pair of eyes on my branch', 'review'],
  ['the slowest endpoints of last week', 'analysis'],
  ['and the other task?', 'progress'],
];

function prompt(text: string, context: RouteContext): ChatMessage[] {
  const shots = examples.flatMap(([user, kind]): ChatMessage[] => [
    { role: 'user', content: user },
    { role: 'assistant', content: JSON.stringify({ kind }) },
  ]);
  const before =
    context.lastAssistant === null ? '' : `(Before that, the assistant said: ${context.lastAssistant.slice(0, 200)})\n`;
  return [
    { role: 'system', content: instructions },
    ...shots,
    { role: 'user', content: before + text.slice(0, 1_000) },
  ];
}

function routeOf(answer: string): Route | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer);
  } catch {
    // Cut or malformed: the caller answers the turn, which is never wrong by much.
    return null;
  }
  const kind = typeof parsed === 'object' && parsed !== null && 'kind' in parsed ? parsed.kind : null;
  if (kind === 'answer' || kind === 'progress' || kind === 'models') return { intent: kind };
  return taskTypes.includes(kind as TaskType) ? delegate(kind as TaskType) : null;
}

/**
 * Asks the chat model which way a turn goes, where the rules could not say. Null when it does not answer in time or not
 * in the form asked for; never throws. The model must be loaded.
 */
export async function routeByModel(
  text: string,
  context: RouteContext,
  model: ChatModelPort,
  clock: Clock,
  signal: AbortSignal,
): Promise<Route | null> {
  const budget = new AbortController();
  const timer = clock.after(budgetMs, () => budget.abort());
  const either = AbortSignal.any([signal, budget.signal]);
  const given = new Promise<null>((resolve) => either.addEventListener('abort', () => resolve(null), { once: true }));
  try {
    const request = { messages: prompt(text, context), maxTokens: 24, temperature: 0, schema, signal: either };
    const answer = await Promise.race([model.complete(request), given]);
    return answer === null ? null : routeOf(answer.text);
  } catch {
    // Routing is a guess that may be missed: a model that is down shows itself when it has to answer.
    return null;
  } finally {
    timer.cancel();
    budget.abort();
  }
}
