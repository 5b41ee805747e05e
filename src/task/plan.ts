import type { CheckSpec } from './definition-of-done.js';
import type { TaskType } from './task.js';

/** One subtask of a plan. */
export interface PlanStep {
  /** Name within the plan, e.g. `code`; dependencies refer to it. */
  readonly key: string;
  readonly title: string;
  /** All that the agent is told, besides what the steps before it hand over. */
  readonly description: string;
  readonly type: TaskType;
  /** Keys of steps that must be over before. */
  readonly dependsOn: readonly string[];
  /** Checks from the fixed vocabulary, added to what the type and the description demand anyway. */
  readonly checks: readonly CheckSpec[];
}

/** What the Manager Agent makes of a request. A plan of one step means that the request stays one task. */
export interface Plan {
  readonly steps: readonly PlanStep[];
  /** Who made it: the model, the model with repairs by rules, or the rules alone. */
  readonly basis: 'model' | 'repaired' | 'default';
  /** What was repaired and why, for `wilson logs`. */
  readonly notes: readonly string[];
}

export const planLimits = {
  /** Steps of one plan; more than a small machine works off in a sensible time is no plan. */
  steps: 8,
  titleChars: 120,
  /** Of a step: the longest request, which is given on whole, and a sentence around it. */
  descriptionChars: 70_000,
  /** Of a part that an agent delegates in its own words. */
  delegatedChars: 8_000,
  /** Checks of one step: each may run for a minute. */
  checks: 16,
} as const;
