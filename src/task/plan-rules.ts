import { type CheckSpec, checkNames } from './definition-of-done.js';
import { type Plan, type PlanStep, planLimits } from './plan.js';
import { taskTypes } from './task.js';

const programs = new Set(
  'python python3 node npm npx go cargo make pytest ruby php java mvn gradle dotnet deno bun'.split(' '),
);
const pathLimit = 20;
const argumentLimit = 12;

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
  return problems;
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
    if (!isSaneCheck(check)) problems.push(`${named} has a check that nobody can run: ${check.check}.`);
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

/** Whether a check is of the vocabulary and its arguments make sense. */
export function isSaneCheck(check: CheckSpec): boolean {
  if (!checkNames.includes(check.check)) return false;
  const paths = check.paths ?? [];
  if (paths.length > pathLimit || !paths.every(isSanePath)) return false;
  if (check.check === 'file_exists') return paths.length > 0;
  if (check.check === 'command_succeeds') return isSaneCommand(check.command ?? []);
  if (check.check === 'coverage_at_least') {
    return check.percent !== undefined && check.percent > 0 && check.percent <= 100;
  }
  return true;
}

/** Relative, inside the workspace, without control characters. */
function isSanePath(path: string): boolean {
  return (
    path.trim() !== '' &&
    path.length <= 200 &&
    !/^[/\\~]|^[A-Za-z]:|\p{Cc}/u.test(path) &&
    !path.split(/[\\/]/).includes('..')
  );
}

function isSaneCommand(command: readonly string[]): boolean {
  const [program] = command;
  if (program === undefined || !programs.has(program) || command.length > argumentLimit) return false;
  return command.every((part) => part !== '' && part.length <= 300 && !/\p{Cc}/u.test(part));
}
