import type { AgentContext } from './agent.js';

/** Counts the steps of a plan, so that progress is a fraction with a stated basis. */
export interface StepCounter {
  /** Begins the next step: the ones before it are done. */
  next(message: string): void;
  /** Says what happens within the step. */
  say(message: string): void;
  /** Adds steps that the plan did not foresee, such as a repair. */
  extend(steps: number): void;
}

/** Starts a plan of `planned` steps. */
export function countSteps(context: Pick<AgentContext, 'progress'>, planned: number): StepCounter {
  let total = planned;
  let begun = 0;
  const report = (message: string): void => {
    const done = Math.max(0, Math.min(begun - 1, total));
    context.progress({ fraction: total === 0 ? null : done / total, basis: `${done} of ${total} steps`, message });
  };
  return {
    next(message) {
      begun += 1;
      if (begun > total) total = begun;
      report(message);
    },
    say: report,
    extend(steps) {
      total += steps;
    },
  };
}
