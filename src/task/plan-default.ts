import type { CheckSpec } from './definition-of-done.js';
import { type Plan, type PlanStep, planLimits } from './plan.js';
import { planWishes, withoutWishes } from './plan-wishes.js';
import type { TaskType } from './task.js';

/** What a plan is made for. */
export interface PlanRequest {
  readonly description: string;
  readonly title: string;
  readonly type: TaskType;
}

/** The plan that rules make of a request: code, then its tests, then a review of both, as far as they are not refused. Pure. */
export function defaultPlan(request: PlanRequest, notes: readonly string[] = []): Plan {
  const wishes = planWishes(request.description);
  const steps = [codeStep(request)];
  if (wishes.tests !== 'refused') steps.push(testStep(request, ['code']));
  if (wishes.review !== 'refused')
    steps.push(
      reviewStep(
        request,
        steps.map((step) => step.key),
      ),
    );
  return { steps, basis: 'default', notes };
}

export function codeStep(request: PlanRequest): PlanStep {
  const about = cut(withoutWishes(request.description), planLimits.descriptionChars) || 'Do what was asked for.';
  const title = cut(oneLine(about), planLimits.titleChars);
  return { key: 'code', title, description: about, type: 'code', dependsOn: [], checks: [] };
}

export function testStep(request: PlanRequest, after: readonly string[]): PlanStep {
  const about = oneLine(withoutWishes(request.description));
  const { coverage } = planWishes(request.description);
  const checks: CheckSpec[] = [{ check: 'tests_pass' }];
  if (coverage !== null) checks.push({ check: 'coverage_at_least', percent: coverage });
  return {
    key: 'test',
    title: cut(`Test: ${about}`, planLimits.titleChars),
    description: cut(
      `Write unit tests for the code that the step before wrote, and run them. It was asked for like this: ${about}`,
      planLimits.descriptionChars,
    ),
    type: 'test',
    dependsOn: [...after],
    checks,
  };
}

export function reviewStep(request: PlanRequest, after: readonly string[]): PlanStep {
  const about = oneLine(withoutWishes(request.description));
  return {
    key: 'review',
    title: cut(`Review: ${about}`, planLimits.titleChars),
    description: cut(
      `Review what the steps before changed. It was asked for like this: ${about}`,
      planLimits.descriptionChars,
    ),
    type: 'review',
    dependsOn: [...after],
    checks: [],
  };
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** At most `limit` characters, cut at a word where there is one. */
export function cut(text: string, limit: number): string {
  const plain = text.trim();
  if (plain.length <= limit) return plain;
  const part = plain.slice(0, limit - 1);
  const space = part.lastIndexOf(' ');
  return `${(space > limit / 2 ? part.slice(0, space) : part).trimEnd()}…`;
}
