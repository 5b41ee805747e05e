import type { AgentAttempt, Attempt } from './bench-code-tries.js';

export interface Row {
  readonly id: string;
  readonly bare: Attempt;
  readonly agent: AgentAttempt;
}

export interface Totals {
  readonly problems: number;
  readonly bareSolved: number;
  readonly agentSolved: number;
  readonly difference: number;
  /** Solved without the agent and not with it: must be none. */
  readonly lost: readonly string[];
  readonly won: readonly string[];
  /** What the agent and the checks of the parent said, against the hidden test. */
  readonly doneRight: number;
  readonly doneWrong: number;
  readonly failedRight: number;
  readonly failedWrong: number;
  readonly bareSeconds: number;
  readonly agentSeconds: number;
  readonly slowestSeconds: number;
  readonly bareTokens: number;
  readonly agentTokens: number;
}

/** Sums over all problems; seconds and tokens are means for a problem. */
export function totalsOf(rows: readonly Row[]): Totals {
  const count = (test: (row: Row) => boolean): number => rows.filter(test).length;
  const mean = (value: (row: Row) => number): number =>
    rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  const bareSolved = count(({ bare }) => bare.solved);
  const agentSolved = count(({ agent }) => agent.solved);
  return {
    problems: rows.length,
    bareSolved,
    agentSolved,
    difference: agentSolved - bareSolved,
    lost: rows.filter(({ bare, agent }) => bare.solved && !agent.solved).map(({ id }) => id),
    won: rows.filter(({ bare, agent }) => !bare.solved && agent.solved).map(({ id }) => id),
    doneRight: count(({ agent }) => agent.done && agent.solved),
    doneWrong: count(({ agent }) => agent.done && !agent.solved),
    failedRight: count(({ agent }) => !agent.done && agent.solved),
    failedWrong: count(({ agent }) => !agent.done && !agent.solved),
    bareSeconds: mean(({ bare }) => bare.seconds),
    agentSeconds: mean(({ agent }) => agent.seconds),
    slowestSeconds: Math.max(0, ...rows.map(({ agent }) => agent.seconds)),
    bareTokens: mean(({ bare }) => bare.outputTokens),
    agentTokens: mean(({ agent }) => agent.outputTokens),
  };
}

/** One line for a problem. */
export function rowLine({ id, bare, agent }: Row): string {
  const verdict = (attempt: Attempt): string => (attempt.solved ? 'right' : 'wrong');
  const cost = (attempt: Attempt): string => `${attempt.seconds.toFixed(1)} s, ${attempt.outputTokens} tokens`;
  const said = agent.done ? 'done' : 'failed';
  const fault = agent.solved ? '' : `  (${agent.fault})`;
  return `${id}: bare ${verdict(bare)} (${cost(bare)}), agent ${verdict(agent)}, ${said} (${cost(agent)})${fault}`;
}

/** The end of the report. */
export function totalLines(totals: Totals): string[] {
  const signed = totals.difference > 0 ? `+${totals.difference}` : `${totals.difference}`;
  const list = (ids: readonly string[]): string => (ids.length === 0 ? 'none' : ids.join(', '));
  return [
    `bare model: ${totals.bareSolved} of ${totals.problems} solved; ${totals.bareSeconds.toFixed(1)} s and ${Math.round(totals.bareTokens)} tokens a problem`,
    `code agent: ${totals.agentSolved} of ${totals.problems} solved (${signed}); ${totals.agentSeconds.toFixed(1)} s (slowest ${totals.slowestSeconds.toFixed(1)} s) and ${Math.round(totals.agentTokens)} tokens a problem`,
    `agent said  done and right: ${totals.doneRight}, done and wrong: ${totals.doneWrong}, failed and right: ${totals.failedRight}, failed and wrong: ${totals.failedWrong}`,
    `solved by the agent alone: ${list(totals.won)}`,
    `solved by the bare model alone (must be none): ${list(totals.lost)}`,
  ];
}
