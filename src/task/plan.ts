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
  descriptionChars: 8_000,
} as const;

/** Why a plan cannot be carried out as it is; null when it can. Pure. */
export function planProblem(plan: Plan): string | null {
  const { steps } = plan;
  if (steps.length === 0) return 'it has no steps';
  if (steps.length > planLimits.steps) return `it has ${steps.length} steps, at most ${planLimits.steps} are allowed`;
  const known = new Set<string>();
  for (const step of steps) {
    if (step.key.trim() === '' || known.has(step.key))
      return `the key ${JSON.stringify(step.key)} is empty or not unique`;
    if (step.title.trim() === '') return `step ${step.key} has no title`;
    if (step.description.trim() === '') return `step ${step.key} does not say what is to be done`;
    if (step.description.length > planLimits.descriptionChars) return `step ${step.key} is described too long`;
    const later = step.dependsOn.find((key) => !known.has(key));
    // What comes first is listed first, so there can be no circle.
    if (later !== undefined) return `step ${step.key} depends on ${JSON.stringify(later)}, which is no step before it`;
    known.add(step.key);
  }
  return null;
}
