import { checkProblem, checkText } from './check-rules.js';
import type { CheckSpec } from './definition-of-done.js';
import { type Plan, type PlanStep, planLimits } from './plan.js';
import { taskTypes } from './task.js';

/** What is wrong with a plan, one sentence each; empty when it can be worked off as it is. Pure and total. */
export function planProblems(plan: Plan): string[] {
  const problems: string[] = [];
  const { steps } = plan;
  if (steps.length === 0) problems.push('The plan has no steps.');
  if (steps.length > planLimits.steps)
    problems.push(`The plan has ${steps.length} steps, at most ${planLimits.steps} are allowed.`);
  const keys = new Set(steps.map((step) => step.key));
  if (keys.size < steps.length) problems.push('Two steps have the same key.');
  for (const step of steps) problems.push(...stepProblems(step, keys));
  if (!inOrder(steps)) problems.push('The dependencies go in a circle.');
  else problems.push(...unordered(steps));
  return problems;
}

/** What is listed before what it waits for: subtasks are made in this order, and would wait for nothing. */
function unordered(steps: readonly PlanStep[]): string[] {
  return steps.flatMap((step, index) => {
    const late = step.dependsOn.filter((key) => steps.findIndex((each) => each.key === key) > index);
    return late.map((key) => `The step "${step.key}" is listed before "${key}", which it waits for.`);
  });
}

/** The steps with each after what it waits for, else in the order that they have; circles are left as they are. */
export function sortedSteps(steps: readonly PlanStep[]): PlanStep[] {
  const sorted: PlanStep[] = [];
  const left = [...steps];
  while (left.length > 0) {
    const free = left.findIndex((step) => !step.dependsOn.some((key) => left.some((each) => each.key === key)));
    sorted.push(...left.splice(Math.max(0, free), 1));
  }
  return sorted;
}

/** The plan without checks that nobody may run, each of them noted with the reason. Pure. */
export function withSafeChecks(plan: Plan): Plan {
  const notes: string[] = [];
  const steps = plan.steps.map((step) => {
    const checks = safeChecks(step.checks, step.title, notes);
    if (checks.length > planLimits.checks)
      notes.push(`${checks.length - planLimits.checks} checks of the step "${step.title}" are more than one may have.`);
    return { ...step, checks: checks.slice(0, planLimits.checks) };
  });
  return notes.length === 0 ? plan : { ...plan, steps, notes: [...notes, ...plan.notes] };
}

/** The checks that may be run; why others are left out goes to `notes`. */
export function safeChecks(checks: readonly CheckSpec[], title: string, notes: string[]): CheckSpec[] {
  return checks.filter((check) => {
    const problem = checkProblem(check);
    if (problem !== null) notes.push(refusedCheckText(checkText(check), title, problem));
    return problem === null;
  });
}

/** `The check "command_succeeds bash -c x" of the step "Write x.py" was left out: "bash" is none of …` */
export function refusedCheckText(check: string, title: string, problem: string): string {
  return `The check "${check}" of the step "${title}" was left out: ${problem}.`;
}

function stepProblems(step: PlanStep, keys: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const named = `The step "${step.key}"`;
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(step.key)) problems.push(`${named} has no plain key.`);
  if (step.title.trim() === '' || step.title.length > planLimits.titleChars)
    problems.push(`${named} has no usable title.`);
  if (step.description.trim() === '' || step.description.length > planLimits.descriptionChars) {
    problems.push(`${named} has no usable description.`);
  }
  if (!taskTypes.includes(step.type)) problems.push(`${named} has an unknown type.`);
  for (const key of step.dependsOn)
    if (!keys.has(key)) problems.push(`${named} waits for "${key}", which does not exist.`);
  for (const check of step.checks) {
    const problem = checkProblem(check);
    if (problem !== null) problems.push(`${named} has a check that nobody can run, ${checkText(check)}: ${problem}.`);
  }
  return problems;
}

/** Whether the steps can be brought into an order in which each comes after what it waits for. */
export function inOrder(steps: readonly PlanStep[]): boolean {
  const left = new Map(steps.map((step) => [step.key, step]));
  while (left.size > 0) {
    const free = [...left.values()].filter((step) => !step.dependsOn.some((key) => left.has(key)));
    if (free.length === 0) return false;
    for (const step of free) left.delete(step.key);
  }
  return true;
}
