import { checkText } from './check-rules.js';
import type { CheckSpec } from './definition-of-done.js';
import { type Plan, type PlanStep, planLimits } from './plan.js';
import { codeStep, defaultPlan, type PlanRequest, reviewStep, testStep } from './plan-default.js';
import { type Draft, readDrafts } from './plan-draft.js';
import { planProblems, refusedCheckText, sortedSteps } from './plan-rules.js';
import { planWishes } from './plan-wishes.js';

/**
 * Makes a plan that can be worked off of whatever a model said: `{"steps": [...]}` or the list itself, each step with key,
 * title, description, type, dependsOn and checks. What can be put right is, and noted; when nothing usable is left, the
 * default plan is taken. The result has no {@link planProblems}. Pure and total.
 */
export function repairPlan(raw: unknown, request: PlanRequest): Plan {
  const notes: string[] = [];
  const drafts = withoutDuplicates(readDrafts(raw, request, notes), notes);
  if (!drafts.some((draft) => draft.type !== 'review' && draft.type !== 'test')) {
    return defaultPlan(request, [...notes, 'Nothing usable was left of the plan, so the default one was taken.']);
  }
  const steps = ordered(withKeys(drafts, notes), notes);
  const whole = sortedSteps(withTestsAndReview(steps, request, notes));
  const plan: Plan = { steps: whole, basis: notes.length === 0 ? 'model' : 'repaired', notes };
  const problems = planProblems(plan);
  return problems.length === 0 ? plan : defaultPlan(request, [...notes, ...problems]);
}

function withoutDuplicates(drafts: readonly Draft[], notes: string[]): Draft[] {
  const found = new Map<string, Draft>();
  for (const draft of drafts) {
    const same = (text: string): string => `${draft.type} ${text.toLowerCase().replace(/\W+/g, ' ').trim()}`;
    const before = found.get(same(draft.title)) ?? found.get(same(draft.description));
    if (before === undefined) {
      found.set(same(draft.title), draft);
      if (same(draft.description) !== same(draft.title)) found.set(same(draft.description), draft);
      continue;
    }
    notes.push(`Two steps with the same work became one: ${draft.title}.`);
    const merged = {
      ...before,
      names: [...before.names, ...draft.names],
      dependsOn: [...before.dependsOn, ...draft.dependsOn],
      checks: [...before.checks, ...draft.checks],
    };
    for (const [key, value] of found) if (value === before) found.set(key, merged);
  }
  return [...new Set(found.values())];
}

/** Gives every step a key of its own and turns what it waits for into such keys. */
function withKeys(drafts: readonly Draft[], notes: string[]): PlanStep[] {
  const keys: string[] = [];
  for (const draft of drafts) {
    const said = slug(draft.names[0] ?? '') || draft.type;
    let key = said;
    for (let count = 2; keys.includes(key); count += 1) key = `${said}-${count}`;
    keys.push(key);
  }
  const find = (name: string): string | undefined => {
    const at = drafts.findIndex((draft) =>
      draft.names.some((each) => each === name || (slug(each) !== '' && slug(each) === slug(name))),
    );
    const position = /^\d+$/.test(name) ? Number(name) - 1 : -1;
    return keys[at >= 0 ? at : position];
  };
  return drafts.map((draft, index) => {
    const key = keys[index] ?? draft.type;
    const dependsOn = draft.dependsOn.flatMap((name) => find(name) ?? []);
    const kept = [...new Set(dependsOn)].filter((each) => each !== key);
    if (kept.length < draft.dependsOn.length) notes.push(`The step "${key}" waited for something that does not exist.`);
    const { title, description, type, checks } = draft;
    return { key, title, description, type, dependsOn: kept, checks };
  });
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+|-+$/g, '')
    .slice(0, 30)
    .replace(/-+$/, '');
}

/** Drops the dependencies that close a circle, in the order of the steps. */
function ordered(steps: readonly PlanStep[], notes: string[]): PlanStep[] {
  const after = new Map<string, ReadonlySet<string>>();
  return steps.map((step) => {
    const dependsOn = step.dependsOn.filter((key) => {
      const closes = reaches(key, step.key, after);
      if (closes) notes.push(`The step "${step.key}" waited for "${key}", which waits for it.`);
      return !closes;
    });
    after.set(step.key, new Set(dependsOn));
    return { ...step, dependsOn };
  });
}

function reaches(from: string, to: string, after: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (key === to) return true;
    if (seen.has(key)) continue;
    seen.add(key);
    open.push(...(after.get(key) ?? []));
  }
  return false;
}

/** Tests come after the code, one review after both; what the request refuses is taken out, what it asks for is there. */
function withTestsAndReview(steps: readonly PlanStep[], request: PlanRequest, notes: string[]): PlanStep[] {
  const wishes = planWishes(request.description);
  let working = steps.filter((step) => step.type !== 'test' && step.type !== 'review').slice(0, planLimits.steps - 2);
  let tests = steps.filter((step) => step.type === 'test').slice(0, Math.max(1, planLimits.steps - 1 - working.length));
  let review = steps.filter((step) => step.type === 'review').slice(0, 1);
  if (working.length + tests.length + review.length < steps.length)
    notes.push('Steps beyond what one plan may have were left out.');
  if (!working.some((step) => step.type === 'code') && (wishes.tests === 'asked' || tests.length > 0)) {
    working = [...working.slice(0, planLimits.steps - 3), { ...codeStep(request), key: freeKey('code', steps) }];
    notes.push('A step that writes the code was added.');
  }
  if (wishes.tests === 'refused' && tests.length > 0) {
    tests = [];
    notes.push('The tests were left out, as the request wants.');
  }
  const coded = working.filter((step) => step.type === 'code').map((step) => step.key);
  if (wishes.tests === 'asked' && tests.length === 0) {
    tests = [{ ...testStep(request, coded), key: freeKey('test', steps) }];
    notes.push('A step that tests was added, since the request wants tests.');
  }
  if (wishes.review === 'refused' && review.length > 0) {
    review = [];
    notes.push('The review was left out, as the request wants.');
  }
  if (
    wishes.review !== 'refused' &&
    review.length === 0 &&
    coded.length > 0 &&
    (working.length > 1 || tests.length > 0 || wishes.review === 'asked')
  ) {
    review = [{ ...reviewStep(request, []), key: freeKey('review', steps) }];
    notes.push('A review was added.');
  }
  return settled(working, tests, review, wishes.coverage, notes);
}

/** The final steps with their dependencies and the checks that suit them. */
function settled(
  working: readonly PlanStep[],
  tests: readonly PlanStep[],
  review: readonly PlanStep[],
  coverage: number | null,
  notes: string[],
): PlanStep[] {
  const leaveOut = (from: readonly PlanStep[], isLeftOut: (check: CheckSpec) => boolean, why: string): void => {
    for (const { title, checks } of from)
      for (const check of checks.filter(isLeftOut)) notes.push(refusedCheckText(checkText(check), title, why));
  };
  leaveOut(working, ({ check }) => isOfTests(check), 'it is left to the steps that test');
  leaveOut(
    tests,
    ({ check, percent }) => check === 'coverage_at_least' && percent !== coverage,
    coverage === null ? 'the request names no figure' : `the request wants ${coverage}%`,
  );
  const coded = working.filter((step) => step.type === 'code').map((step) => step.key);
  const judged = [...coded, ...tests.map((step) => step.key)];
  const workingKeys = working.map((step) => step.key);
  const among = (keys: readonly string[], allowed: readonly string[]): string[] =>
    [...new Set(keys)].filter((key) => allowed.includes(key));
  return [
    ...working.map((step) => ({
      ...step,
      dependsOn: among(step.dependsOn, workingKeys),
      checks: step.checks.filter(({ check }) => !isOfTests(check)),
    })),
    ...tests.map((step) => ({
      ...step,
      dependsOn: among([...step.dependsOn, ...coded], workingKeys),
      checks: [
        ...step.checks.filter(({ check }) => check !== 'coverage_at_least'),
        ...(coverage === null ? [] : [{ check: 'coverage_at_least' as const, percent: coverage }]),
      ],
    })),
    ...review.map((step) => ({ ...step, dependsOn: judged.length > 0 ? judged : workingKeys, checks: [] })),
  ];
}

function isOfTests(check: CheckSpec['check']): boolean {
  return check === 'tests_pass' || check === 'coverage_at_least';
}

function freeKey(wanted: string, steps: readonly PlanStep[]): string {
  let key = wanted;
  for (let count = 2; steps.some((step) => step.key === key); count += 1) key = `${wanted}-${count}`;
  return key;
}
