import type { Clock } from '../../clock.js';
import type { Usage } from '../../task/task.js';

export interface LoopLimits {
  /** Answers that the model may give in all. */
  readonly turns: number;
  /** Tokens of all prompts and of all answers. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Of the whole task, in milliseconds; the loop ends before. */
  readonly deadlineMs: number;
}

/** What ends a loop from outside: a bound that is reached. */
export type LoopBound = 'turns' | 'tokens' | 'time';

/** Shares of a bound at which the model is told to come to an end, and at which it is not asked again. */
const wrapUpShare = 0.8;
const endShare = 0.92;

/**
 * Counts what a loop has spent. Tokens are what the model reports; a server that reports none is counted by the length of
 * the texts, so that no bound can be passed unseen. Time that was held for the chat is not spent.
 */
export class LoopBudget {
  private turnsSpent = 0;
  private estimated = { prompt: 0, output: 0 };
  private readonly startedMs: number;
  private readonly before: Usage;

  constructor(
    readonly limits: LoopLimits,
    private readonly usage: () => Usage,
    private readonly clock: Clock,
    /** What is left of the task's deadline in milliseconds, where somebody keeps that account. */
    private readonly timeLeftMs: (() => number) | undefined,
  ) {
    this.startedMs = clock.monotonicMs();
    this.before = usage();
  }

  get turns(): number {
    return this.turnsSpent;
  }

  get turnsLeft(): number {
    return Math.max(0, this.limits.turns - this.turnsSpent);
  }

  /** Begins an answer to a prompt of about so many tokens. */
  beginTurn(promptTokens: number): void {
    this.turnsSpent += 1;
    this.estimated.prompt += promptTokens;
  }

  /** An answer of so many characters has come. */
  answered(characters: number): void {
    this.estimated.output += Math.ceil(characters / 4);
  }

  /** The bound that forbids another answer; null while none does. */
  over(): LoopBound | null {
    return this.turnsLeft === 0 ? 'turns' : this.reached(endShare);
  }

  /** The bound that leaves room for one answer, in which the model should come to an end; null while there is more. */
  nearlyOver(): LoopBound | null {
    return this.turnsLeft === 1 && this.limits.turns > 1 ? 'turns' : this.reached(wrapUpShare);
  }

  /** A bound in words, as people and the model read it. */
  describe(bound: LoopBound): string {
    const { turns, deadlineMs, promptTokens, outputTokens } = this.limits;
    if (bound === 'turns') return `${turns} answers were not enough`;
    if (bound === 'time') return `the time of ${Math.round(deadlineMs / 60_000)} minutes is nearly over`;
    const { prompt, output } = this.tokens();
    return `${output} of ${outputTokens} tokens were written and ${prompt} of ${promptTokens} read`;
  }

  private reached(share: number): LoopBound | null {
    const { prompt, output } = this.tokens();
    const { promptTokens, outputTokens, deadlineMs } = this.limits;
    if (prompt >= share * promptTokens || output >= share * outputTokens) return 'tokens';
    const leftMs = this.timeLeftMs?.() ?? deadlineMs - (this.clock.monotonicMs() - this.startedMs);
    return leftMs <= (1 - share) * deadlineMs ? 'time' : null;
  }

  private tokens(): { prompt: number; output: number } {
    const now = this.usage();
    const prompt = now.promptTokens - this.before.promptTokens;
    const output = now.outputTokens - this.before.outputTokens;
    return { prompt: prompt > 0 ? prompt : this.estimated.prompt, output: output > 0 ? output : this.estimated.output };
  }
}
