import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planLimits } from '../../../src/task/plan.js';
import { defaultPlan, type PlanRequest } from '../../../src/task/plan-default.js';
import { repairPlan } from '../../../src/task/plan-repair.js';
import { planProblems } from '../../../src/task/plan-rules.js';
import { planWishes } from '../../../src/task/plan-wishes.js';

const request: PlanRequest = {
  title: 'a todo app',
  description: 'Build a todo app in Python that stores items in a JSON file, with tests',
  type: 'code',
};
const code = {
  key: 'store',
  title: 'Write store.py',
  description: 'Write store.py with load(path) and save(path, items).',
  type: 'code',
  dependsOn: [],
  checks: [],
};
const test = {
  key: 'test',
  title: 'Test store.py',
  description: 'Write unit tests for store.py in test_store.py.',
  type: 'test',
  dependsOn: ['store'],
  checks: [{ check: 'tests_pass' }],
};
const review = {
  key: 'review',
  title: 'Review the code',
  description: 'Review store.py and its tests.',
  type: 'review',
  dependsOn: ['store', 'test'],
  checks: [],
};

function repaired(steps: unknown, description = request.description) {
  return repairPlan({ steps }, { ...request, description });
}

describe('repairPlan', () => {
  it('takes a good plan as it is', () => {
    const plan = repaired([code, test, review]);
    expect(plan).toEqual({ steps: [code, test, review], basis: 'model', notes: [] });
  });

  it.each([
    null,
    'no plan',
    42,
    [],
    {},
    { steps: [] },
    { steps: [{ title: 'Plan' }, { title: 'Celebrate' }] },
    { steps: [test] },
  ])('takes the default plan instead of %j', (raw) => {
    const plan = repairPlan(raw, request);
    expect(plan.steps.map((step) => step.type)).toEqual(['code', 'test', 'review']);
    expect(planProblems(plan)).toEqual([]);
  });

  it('drops steps that are no work for an agent', () => {
    const idle = [
      'Planning',
      'Set up the project',
      'Deploy the app to production',
      'Celebrate!',
      'Understand requirements',
    ];
    const plan = repaired([
      ...idle.map((title) => ({ title, description: title, type: 'general' })),
      code,
      test,
      review,
    ]);
    expect(plan.steps.map((step) => step.key)).toEqual(['store', 'test', 'review']);
    expect(plan.basis).toBe('repaired');
  });

  it('drops a step that only says the request again', () => {
    const again = { key: 'all', title: 'All', description: request.description, type: 'general' };
    expect(repaired([code, again, test, review]).steps.map((step) => step.key)).toEqual(['store', 'test', 'review']);
  });

  it('makes one step of two with the same work, keeping what they wait for', () => {
    const cli = { ...code, key: 'cli', title: 'Write cli.py', description: 'Write cli.py with main(argv).' };
    const twice = { ...cli, key: 'cli2', dependsOn: ['store'] };
    const plan = repaired([code, cli, twice, test, review]);
    expect(plan.steps.map((step) => step.key)).toEqual(['store', 'cli', 'test', 'review']);
    expect(plan.steps[1]?.dependsOn).toEqual(['store']);
  });

  it('opens circles and drops what nobody can wait for', () => {
    const a = {
      ...code,
      key: 'a',
      title: 'Write a.py',
      description: 'Write a.py with a().',
      dependsOn: ['b', 'nothing'],
    };
    const b = { ...code, key: 'b', title: 'Write b.py', description: 'Write b.py with b().', dependsOn: ['a', 'b'] };
    const plan = repaired([a, b, test, review]);
    expect(planProblems(plan)).toEqual([]);
    // Subtasks are made in this order: listed before what it waits for, a step would wait for nothing.
    expect(plan.steps.map((step) => step.key).slice(0, 2)).toEqual(['b', 'a']);
    expect(plan.steps.find((step) => step.key === 'a')?.dependsOn).toEqual(['b']);
    expect(plan.steps.find((step) => step.key === 'b')?.dependsOn).toEqual([]);
  });

  it('takes nothing for the name of a step that is none', () => {
    const steps = [
      { title: 'Write a.py', description: 'Write a.py', type: 'code', dependsOn: [{ toString: '' }, null, [], 7] },
    ];
    expect(repairPlan({ steps }, request)?.steps[0]?.dependsOn ?? []).toEqual([]);
  });

  it('lets tests wait for all code and the review for both', () => {
    const cli = { ...code, key: 'cli', title: 'Write cli.py', description: 'Write cli.py with main(argv).' };
    const plan = repaired([{ ...review, dependsOn: [] }, { ...test, dependsOn: [] }, cli, code]);
    expect(plan.steps.map((step) => step.key)).toEqual(['cli', 'store', 'test', 'review']);
    expect(plan.steps[2]?.dependsOn).toEqual(['cli', 'store']);
    expect(plan.steps[3]?.dependsOn).toEqual(['cli', 'store', 'test']);
  });

  it('adds tests that the request wants and a review', () => {
    expect(repaired([code]).steps.map((step) => step.type)).toEqual(['code', 'test', 'review']);
  });

  it('takes out what the request refuses', () => {
    const description = 'Build a todo app in Python, no tests and without a review';
    const plan = repaired([code, test, review], description);
    expect(plan.steps.map((step) => step.type)).toEqual(['code']);
  });

  it('leaves a small request one task', () => {
    expect(repaired([code], 'Write store.py that loads and saves items').steps).toEqual([code]);
  });

  it('keeps checks of the vocabulary with sensible arguments alone', () => {
    const checks = [
      { check: 'file_exists', paths: ['store.py'] },
      { check: 'file_exists', paths: ['../../etc/passwd'] },
      { check: 'file_exists', paths: [] },
      { check: 'command_succeeds', command: ['python3', 'store.py', '--help'] },
      { check: 'command_succeeds', command: ['rm', '-rf', '/'] },
      { check: 'command_succeeds', command: ['sh', '-c', 'true'] },
      { check: 'review_approved' },
      { check: 'tests_pass' },
      { check: 'looks_good' },
      'parses',
      7,
    ];
    const plan = repaired([{ ...code, checks }, test, review]);
    expect(plan.steps[0]?.checks).toEqual([
      { check: 'file_exists', paths: ['store.py'] },
      { check: 'command_succeeds', command: ['python3', 'store.py', '--help'] },
      { check: 'parses' },
    ]);
    // Each that was left out is in the story of the plan, with the reason.
    for (const part of [
      /"file_exists \.\.\/\.\.\/etc\/passwd" of the step "Write store\.py" was left out: .* is no path inside/,
      /"file_exists" .* names no file/,
      /"command_succeeds rm -rf \/" .*"rm" is none of the programs/,
      /"command_succeeds sh -c true" .*"sh" is none/,
      /"review_approved" .*ordered by Wilson/,
      /"looks_good" .*no such check/,
      /"tests_pass" .*left to the steps that test/,
    ])
      expect(plan.notes.join('\n')).toMatch(part);
  });

  it('demands the coverage that the request names', () => {
    const plan = repaired([code, test, review], 'Build a todo app with tests and 80% coverage');
    expect(plan.steps[1]?.checks).toContainEqual({ check: 'coverage_at_least', percent: 80 });
  });

  it('cuts what is more than a plan may have', () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      ...code,
      key: `m${index}`,
      title: `Write m${index}.py`,
      description: `Write m${index}.py with m${index}().`,
    }));
    const plan = repaired([...many, test, review]);
    expect(plan.steps.length).toBe(planLimits.steps);
    expect(plan.steps.at(-1)?.type).toBe('review');
    expect(planProblems(plan)).toEqual([]);
  });

  it('always gives a plan that can be worked off, whatever JSON comes in', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('code', 'test', 'review', 'a', 'b', 'Plan', 'Write x.py', '../x', '\u0000'),
    );
    const step = fc.record(
      {
        key: fc.oneof(word, fc.integer()),
        title: fc.oneof(word, fc.jsonValue()),
        description: fc.oneof(word, fc.constant('Write x.py with f(a).')),
        type: fc.oneof(word, fc.constantFrom('code', 'test', 'review', 'research', 'coding')),
        dependsOn: fc.oneof(fc.array(word), fc.jsonValue()),
        checks: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record(
              { check: word, paths: fc.array(word), command: fc.array(word), percent: fc.double() },
              { requiredKeys: [] },
            ),
          ),
        ),
      },
      { requiredKeys: [] },
    );
    const raw = fc.oneof(
      fc.jsonValue(),
      fc.record({ steps: fc.array(fc.oneof(step, fc.jsonValue()), { maxLength: 14 }) }),
    );
    const asked = fc.oneof(
      fc.string(),
      fc.constantFrom(request.description, 'no tests, no review', 'with tests and 90% coverage'),
    );
    fc.assert(
      fc.property(raw, asked, (value, description) => {
        const plan = repairPlan(value, { title: 't', description, type: 'code' });
        expect(planProblems(plan)).toEqual([]);
        const wishes = planWishes(description);
        const types = plan.steps.map((each) => each.type);
        if (wishes.tests === 'asked') expect(types).toContain('test');
        if (wishes.tests === 'refused') expect(types).not.toContain('test');
        if (wishes.review === 'refused') expect(types).not.toContain('review');
      }),
      { numRuns: 500 },
    );
  });
});

describe('defaultPlan', () => {
  it('gives on a long request whole, to its last demand', () => {
    const long = `Build a todo app.\n${'It keeps each item with a date, a note and a colour.\n'.repeat(300)}Each item has an owner`;
    expect(long.length).toBeGreaterThan(15_000);
    for (const step of defaultPlan({ ...request, description: long }).steps) {
      expect(step.description.replace(/\s+/g, ' ')).toContain(long.replace(/\s+/g, ' '));
    }
  });

  it.each([
    ['Build an app that never loses data and has unit tests', ['code', 'test', 'review']],
    ['Do not forget the tests, and build an app', ['code', 'test', 'review']],
    ['Build an app that does not crash and write tests', ['code', 'test', 'review']],
    ['Build an app without tests', ['code', 'review']],
    ['Baue eine App ohne Tests und ohne Review', ['code']],
  ])('of %j has the steps that are wanted', (description, types) => {
    expect(defaultPlan({ ...request, description }).steps.map((step) => step.type)).toEqual(types);
  });

  it('builds its texts from the request', () => {
    const plan = defaultPlan(request);
    expect(plan.steps[0]?.description).toBe('Build a todo app in Python that stores items in a JSON file');
    expect(plan.steps[1]).toMatchObject({ type: 'test', dependsOn: ['code'], checks: [{ check: 'tests_pass' }] });
    expect(plan.steps[2]).toMatchObject({ type: 'review', dependsOn: ['code', 'test'] });
    expect(planProblems(plan)).toEqual([]);
  });
});
