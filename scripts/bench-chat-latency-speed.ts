import { isAsking, type Kind, nextOrder } from './bench-chat-latency-load.js';
import type { Wilson } from './bench-wilson.js';

/** What a worker did while nobody chatted: the tokens of its one long step, and how long the step took. */
export interface Work {
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly elapsedMs: number;
}

/** Tokens a second, of a prompt that is read and of an answer that is written. */
export interface Speed {
  readonly prompt: number;
  readonly generate: number;
}

/** Context of the models for this measurement: it bounds an answer to a third of itself, so that a round takes seconds. */
export const speedContextTokens = 512;
const promptCharacters = 1_100;

/** Lets one task run to its end in silence; null when it failed, since a step that was broken off says nothing. */
export async function workInSilence(wilson: Wilson, kind: Kind): Promise<Work | null> {
  const taskId = await wilson.ask('submit', nextOrder(kind, promptCharacters));
  const asking = await wilson.sees(taskId, isAsking);
  const written = await wilson.sees(taskId, ({ message }) => message.endsWith('is written'));
  await wilson.over(taskId);
  const task = await wilson.ask('task', { taskId });
  if (asking === null || written === null || task === null) return null;
  const { promptTokens, outputTokens } = task.usage;
  if (outputTokens === 0) return null;
  return { promptTokens, outputTokens, elapsedMs: written.atMs - asking.atMs };
}

/**
 * The two speeds that explain two kinds of work best: all the long prompts together are one equation, all the long
 * answers another. Not numbers where there is too little of either. Pure.
 */
export function speedOf(reading: readonly Work[], writing: readonly Work[]): Speed {
  const [a, b] = [total(reading), total(writing)];
  const determinant = a.promptTokens * b.outputTokens - b.promptTokens * a.outputTokens;
  const msPerPromptToken = (a.elapsedMs * b.outputTokens - b.elapsedMs * a.outputTokens) / determinant;
  const msPerOutputToken = (b.elapsedMs * a.promptTokens - a.elapsedMs * b.promptTokens) / determinant;
  return { prompt: 1_000 / msPerPromptToken, generate: 1_000 / msPerOutputToken };
}

/** Tokens of both kinds a second: what cannot go wrong where the speeds apart are too uncertain. Pure. */
export function tokensPerSecond(work: readonly Work[]): number {
  const { promptTokens, outputTokens, elapsedMs } = total(work);
  return (1_000 * (promptTokens + outputTokens)) / elapsedMs;
}

function total(work: readonly Work[]): Work {
  return work.reduce(
    (sum, one) => ({
      promptTokens: sum.promptTokens + one.promptTokens,
      outputTokens: sum.outputTokens + one.outputTokens,
      elapsedMs: sum.elapsedMs + one.elapsedMs,
    }),
    { promptTokens: 0, outputTokens: 0, elapsedMs: 0 },
  );
}
