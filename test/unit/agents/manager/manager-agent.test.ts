import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOutlinedStep } from '../../../../src/agents/code/program/outline-text.js';
import { managerAgent } from '../../../../src/agents/manager/manager-agent.js';
import { planProblems } from '../../../../src/task/plan-rules.js';
import { agentContext } from '../../../helpers/agent-context.js';
import {
  type AgentScript,
  question,
  ScriptedModel,
  type ScriptedModelOptions,
} from '../../../helpers/scripted-model.js';

const todo =
  'Build a command line todo app in Python that can add, list and complete items, stored in a JSON file, with tests';
const answer = JSON.stringify({
  kind: 'records',
  file: 'todo.py',
  fields: [
    { name: 'text', type: 'text' },
    { name: 'completed', type: 'yes/no' },
  ],
  commands: [
    { name: 'add', arguments: ['text'], does: 'adds a new item' },
    { name: 'list', arguments: [], does: 'lists all items' },
    { name: 'complete', arguments: ['text'], does: 'marks the item as completed' },
  ],
});

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'wilson-manager-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function plan(script: AgentScript, description: string, options: ScriptedModelOptions = {}) {
  const model = new ScriptedModel(script, options);
  const context = agentContext({ root, model, description, role: 'plan' });
  const result = await managerAgent(context);
  if (result.plan === undefined) throw new Error('There is no plan.');
  expect(result.outcome).toBe('finished');
  expect(planProblems(result.plan)).toEqual([]);
  return { plan: result.plan, result, model, context };
}

describe('managerAgent with a small model', () => {
  it('makes code, tests and review of the parts that the model names', async () => {
    const { plan: made, context, result } = await plan([answer], todo);
    expect(made.basis).toBe('model');
    expect(made.steps.map((step) => [step.key, step.type, step.dependsOn])).toEqual([
      ['code', 'code', []],
      ['test', 'test', ['code']],
      ['review', 'review', ['code', 'test']],
    ]);
    const step = readOutlinedStep(made.steps[0]?.description ?? '');
    expect(step?.what).toBe('code');
    expect(step?.outline.functions.map((each) => each.name)).toEqual(['add_item', 'list_items', 'complete_item']);
    expect(made.steps[0]?.checks).toEqual([
      { check: 'file_exists', paths: ['todo.py'] },
      { check: 'command_succeeds', command: ['python3', 'todo.py', '--help'] },
    ]);
    expect(made.steps[1]?.checks).toEqual([
      { check: 'tests_pass', paths: ['test_todo.py'] },
      { check: 'coverage_at_least', percent: 50, paths: ['todo.py'] },
    ]);
    expect(context.steps).toContain('1 of 3 steps: planning');
    expect(result.summary).toContain('3 steps, planned by the model');
  });

  it('asks once more when the answer is of no use, and says what was wrong', async () => {
    const { plan: made, model } = await plan(['{"kind":', answer], todo);
    expect(model.requests).toHaveLength(2);
    expect(question(model.requests[1] ?? { messages: [], maxTokens: 0 })).toContain('An earlier answer was of no use');
    expect(made.basis).toBe('model');
  });

  it('takes the default plan after two answers of no use', async () => {
    const { plan: made, model } = await plan(['nonsense'], 'write a unit converter CLI with tests');
    expect(model.requests).toHaveLength(2);
    expect(made.basis).toBe('default');
    expect(made.steps.map((step) => step.type)).toEqual(['code', 'test', 'review']);
    expect(made.notes.join()).toContain('of no use');
  });

  it.each(['create a REST API with users and posts in Express, with tests', 'a word-guessing game with tests'])(
    'does not ask it to plan what it cannot: %s',
    async (request) => {
      const { plan: made, model } = await plan([answer], request);
      expect(model.requests).toHaveLength(0);
      expect(made.basis).toBe('default');
    },
  );

  it('plans no piece of a long request: the usual steps have it whole, to the last demand', async () => {
    const long = `${todo}.\n${'Each item has a date and a note.\n'.repeat(60)}Items have an owner`;
    const { plan: made, model } = await plan([answer], long);
    expect(model.requests).toHaveLength(0);
    expect(made.notes.join()).toMatch(/The request has \d+ characters, too many/);
    expect(made.steps[0]?.description).toContain('Items have an owner');
  });

  it('writes over no file that is there', async () => {
    await writeFile(path.join(root, 'todo.py'), 'print(1)\n');
    const { plan: made } = await plan([answer], todo);
    expect(made.basis).toBe('default');
    expect(made.notes.join()).toContain('todo.py exists already');
  });

  it('puts names right and adds what the request lists', async () => {
    const odd = JSON.stringify({
      kind: 'records',
      file: 'Library System.json',
      fields: [{ name: 'class', type: 'text' }, { name: 'id', type: 'number' }, { name: 'books', type: 'text' }, 7],
      commands: [
        { name: 'add', arguments: ['class', 3], does: 'adds a book.' },
        'nothing',
        { name: '', arguments: [] },
      ],
    });
    const request =
      'Make a command line library: books can be added, lent and returned, saved as JSON, with tests and a review';
    const { plan: made } = await plan([odd], request);
    const outline = readOutlinedStep(made.steps[0]?.description ?? '')?.outline;
    expect(made.basis).toBe('repaired');
    expect(outline?.file).toBe('library_system.py');
    expect(outline?.functions.map((each) => each.command)).toEqual(['list', 'add', 'lend', 'return']);
    expect(outline?.records?.fields).toEqual([
      { name: 'class_', kind: 'text' },
      { name: 'done', kind: 'flag' },
    ]);
  });

  it('leaves out tests and review that the request does not want', async () => {
    const { plan: made, result } = await plan(
      [answer],
      'Build a todo app in Python stored as JSON, no tests, no review',
    );
    expect(made.steps.map((step) => step.type)).toEqual(['code']);
    expect(result.summary).toContain('stays one task');
  });
});

describe('managerAgent with a big model', () => {
  const big: ScriptedModelOptions = { name: 'big:14b', contextTokens: 16_384 };
  const steps = [
    {
      key: 'store',
      title: 'Write store.py',
      description: 'Write store.py with load(path) and save(path, items).',
      type: 'code',
      dependsOn: [],
      checks: [],
    },
    {
      key: 'cli',
      title: 'Write todo.py',
      description: 'Write todo.py with main(argv), which uses store.py.',
      type: 'code',
      dependsOn: ['store'],
      checks: [{ check: 'file_exists', paths: ['todo.py'] }],
    },
    {
      key: 'test',
      title: 'Test both',
      description: 'Write test_todo.py and test_store.py.',
      type: 'test',
      dependsOn: ['cli'],
      checks: [{ check: 'tests_pass' }],
    },
  ];

  it('takes its steps, with what they wait for, and adds the review', async () => {
    await writeFile(path.join(root, 'README.md'), '# here\n');
    const { plan: made, model } = await plan([JSON.stringify({ steps })], todo, big);
    expect(made.steps.map((step) => [step.key, step.dependsOn])).toEqual([
      ['store', []],
      ['cli', ['store']],
      ['test', ['cli', 'store']],
      ['review', ['store', 'cli', 'test']],
    ]);
    expect(model.requests[0]?.schema).toBeDefined();
    expect(question(model.requests[0] ?? { messages: [], maxTokens: 0 })).toContain('README.md');
  });

  it('asks once more, then takes the default plan', async () => {
    const { plan: made, model } = await plan(['{"steps":[{"title":"Plan"}]}'], todo, big);
    expect(model.requests).toHaveLength(2);
    expect(question(model.requests[1] ?? { messages: [], maxTokens: 0 })).toContain('it is no work for an agent');
    expect(made.basis).toBe('default');
  });

  it('sees a long request whole, or rules plan it', async () => {
    const long = `${todo}.\n${'Each item has a date and a note.\n'.repeat(250)}Items have an owner`;
    expect(long.length).toBeGreaterThan(8_000);
    const seen = await plan([JSON.stringify({ steps })], long, big);
    expect(question(seen.model.requests[0] ?? { messages: [], maxTokens: 0 })).toContain('Items have an owner');
    const { plan: made, model } = await plan([JSON.stringify({ steps })], long, { ...big, contextTokens: 4_096 });
    expect(model.requests).toHaveLength(0);
    expect(made.notes.join()).toMatch(/more than the model's context of 4096 tokens holds/);
    expect(made.steps.every(({ description }) => description.includes('Items have an owner'))).toBe(true);
  });
});
