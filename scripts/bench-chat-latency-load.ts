import { readFileSync } from 'node:fs';
import type { SeenTask, Turn, Wilson } from './bench-wilson.js';

/** What a worker does while a chat turn runs; `idle`: there is none. */
export const phases = ['idle', 'load', 'prompt', 'generate', 'unload'] as const;
export type Phase = (typeof phases)[number];

/** Tasks that keep a worker reading for long, or writing for long. */
export type Kind = 'prompt' | 'generate';

export interface LoadOptions {
  readonly workers: number;
  readonly answerTokens: number;
  /** A turn that has waited so long has shown what it is to show. */
  readonly turnLimitMs: number;
  record(phase: Phase, turn: Turn): void;
}

const idleTurns = 2;
const turnsInPhase = 2;
/** So long a worker is left alone before and between turns: somebody who chats reads the answer before he goes on. */
const betweenTurnsMs = 1_500;
/** Reading begins at once, writing only after a short prompt was read. */
const intoPhaseMs = { prompt: 400, generate: 2_000 };

const topics = [
  'a lighthouse',
  'a sailing ship',
  'a steam engine',
  'a beehive',
  'a glacier',
  'an old clock',
  'a canal',
];
const questions = [
  'What is a good name for a cat?',
  'How many days has a leap year?',
  'Name two birds that cannot fly.',
  'What does the word "ledger" mean?',
  'Which sea lies north of Egypt?',
  'How do I say thank you in Italian?',
  'What is seven times twelve?',
  'Give me a word that rhymes with stone.',
];
const text = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8');
/** Some 1,800 tokens; three quarters of the context that the bench gives its models. */
const longPromptCharacters = 9_000;
let asked = 0;
let ordered = 0;

/** The next question of the chat: never the one before, always about as long. */
export function nextQuestion(): string {
  return questions[asked++ % questions.length] ?? '';
}

/** A task whose prompt is long, or whose answer is; no two are alike, so that no cache knows them. */
export function nextOrder(
  kind: Kind,
  promptCharacters = longPromptCharacters,
): { title: string; description: string; type: 'analysis' } {
  const topic = topics[ordered++ % topics.length] ?? '';
  if (kind === 'generate') {
    return {
      title: topic,
      description: `Explain in about forty full sentences how ${topic} works and what it is good for (${ordered}).`,
      type: 'analysis',
    };
  }
  const from = (ordered * 1_700) % Math.max(1, text.length - promptCharacters);
  const part = text.slice(from, from + promptCharacters);
  return {
    title: 'summary',
    description: `${part}\n\nWrite ten full sentences about the text above.`,
    type: 'analysis',
  };
}

/** Whether the model of that task is being made ready. */
const isLoading = ({ message }: SeenTask): boolean => message.startsWith('loading');
/** Whether its agent has asked the model for the text. */
export const isAsking = ({ message }: SeenTask): boolean => message.startsWith('writing');

/**
 * Some turns without a worker, then turns while workers of one kind load, read or write, and unload. Workers that end
 * before their time end the round; nothing of it runs any more when the promise resolves.
 */
export async function chatBesideWorkers(wilson: Wilson, kind: Kind, options: LoadOptions): Promise<void> {
  const { answerTokens: maxTokens, turnLimitMs: limitMs, record } = options;
  const turn = async (phase: Phase): Promise<void> => {
    record(phase, await wilson.ask('turn', { question: nextQuestion(), maxTokens, limitMs }));
  };
  for (let count = 0; count < idleTurns; count += 1) await turn('idle');
  const ids = await Promise.all(Array.from({ length: options.workers }, () => wilson.ask('submit', nextOrder(kind))));
  const first = ids[0] ?? '';
  try {
    if ((await wilson.sees(first, (task) => isLoading(task) || isAsking(task))) === null) return;
    await turn('load');
    const asking = await Promise.all(ids.map((id) => wilson.sees(id, isAsking)));
    if (asking.includes(null)) return;
    await pause(intoPhaseMs[kind]);
    for (let count = 0; count < turnsInPhase && wilson.isActive(first); count += 1) {
      await turn(kind);
      await pause(betweenTurnsMs);
    }
    if (!wilson.isActive(first)) return;
    // The turn begins with the kill: processes end and their memory goes back while it runs.
    const ended = Promise.all(ids.map((taskId) => wilson.ask('cancel', { taskId })));
    await turn('unload');
    await ended;
  } finally {
    await Promise.all(ids.map((taskId) => wilson.ask('cancel', { taskId })));
    await Promise.all(ids.map((taskId) => wilson.over(taskId)));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
