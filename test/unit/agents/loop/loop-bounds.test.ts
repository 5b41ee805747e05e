import { describe, expect, it } from 'vitest';
import type { AgentContext } from '../../../../src/agents/agent.js';
import { askUserTool, askUserTools, blockedBy } from '../../../../src/agents/loop/ask-user.js';
import { LoopBudget } from '../../../../src/agents/loop/loop-budget.js';
import { PlanList } from '../../../../src/agents/loop/plan-list.js';
import { ToolLoop, type ToolLoopOptions } from '../../../../src/agents/loop/tool-loop.js';
import { clipResult } from '../../../../src/agents/loop/tool-result.js';
import { WilsonError } from '../../../../src/errors.js';
import { noUsage, type Usage } from '../../../../src/task/task.js';
import type { Tool } from '../../../../src/tools/tool.js';
import { agentContext } from '../../../helpers/agent-context.js';
import { createFakeClock } from '../../../helpers/fake-clock.js';
import { type AgentScript, ScriptedModel, type ScriptedModelOptions } from '../../../helpers/scripted-model.js';

const readFile = (answer: (path: string) => string): Tool => ({
  spec: {
    name: 'read_file',
    description: 'Reads',
    parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
  },
  run: async ({ path }) => answer(String(path)),
});

interface Setup extends ScriptedModelOptions, Partial<ToolLoopOptions> {
  readonly answer?: (path: string) => string;
  readonly timeLeftMs?: () => number;
}

function setUp(script: AgentScript, options: Setup = {}) {
  const { answer = () => 'text', timeLeftMs, tools = [], ...rest } = options;
  const model = new ScriptedModel(script, { supportsTools: true, ...options });
  const plain = agentContext({ root: '/nowhere', model });
  const context: AgentContext & { logs: string[]; steps: string[] } = {
    ...plain,
    ...(timeLeftMs === undefined ? {} : { timeLeftMs }),
  };
  const loop = new ToolLoop(context, {
    system: 'Role.',
    maxTurns: 20,
    maxTokens: 200,
    ...rest,
    tools: [readFile(answer), ...tools],
  });
  return { loop, model, context };
}

const read = (path: string) => ({ calls: [{ name: 'read_file', arguments: { path } }] });

describe('calls as models write them', () => {
  const asked = JSON.stringify({ name: 'read_file', arguments: { path: 'a.py' } });
  it.each([
    ['plain text', asked],
    ['a code block', `I look first.\n\`\`\`json\n${asked}\n\`\`\``],
    ['tags', `<tool_call>\n${asked}\n</tool_call>`],
    ['a function on a line', 'read_file(path="a.py")'],
  ])('are run (%s)', async (_, text) => {
    const seen: string[] = [];
    const answer = (path: string): string => {
      seen.push(path);
      return 'text';
    };
    const { loop } = setUp([text, 'Done.'], { answer, supportsTools: false });
    expect(await loop.say('Go')).toMatchObject({ end: 'answered', text: 'Done.' });
    expect(seen).toEqual(['a.py']);
  });

  it.each([
    ['cut in half', '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.p'],
    ['an unknown tool', JSON.stringify({ name: 'launch_rocket', arguments: {} })],
    ['wrong arguments', JSON.stringify({ name: 'read_file', arguments: { file: 3 } })],
  ])('are not run when they are %s: one correction, then the end', async (_, text) => {
    const seen: string[] = [];
    const { loop, model } = setUp([text], {
      answer: (path) => {
        seen.push(path);
        return '';
      },
      supportsTools: false,
    });
    expect((await loop.say('Go')).end).toBe('bad-calls');
    expect(model.requests[1]?.messages.at(-1)?.content).toContain('cannot be used');
    expect(seen).toEqual([]);
  });

  it('are at most eight at once', async () => {
    const calls = Array.from({ length: 12 }, (_, index) => ({ name: 'read_file', arguments: { path: `${index}.py` } }));
    const seen: string[] = [];
    const answer = (path: string): string => {
      seen.push(path);
      return '';
    };
    const { loop, model } = setUp([{ calls }, 'Done.'], { answer });
    await loop.say('Go');
    expect(seen).toHaveLength(8);
    expect(model.requests[1]?.messages.at(-1)?.content).toContain('too many calls');
  });
});

describe('bounds', () => {
  it('cuts a huge result so that the next prompt still fits', async () => {
    const { loop, model } = setUp([read('a.py'), 'Done.'], {
      answer: () => 'y'.repeat(5_000_000),
      contextTokens: 2_000,
    });
    expect((await loop.say('Go')).end).toBe('answered');
    const result = model.requests[1]?.messages.at(-1)?.content ?? '';
    expect(result.length).toBeLessThan(3_000);
    expect(result).toContain('characters left out; ask for a smaller part');
  });

  it('makes room for many huge results of one answer', async () => {
    const calls = ['a', 'b', 'c', 'd', 'e'].map((path) => ({ name: 'read_file', arguments: { path } }));
    const { loop } = setUp([{ calls }, 'Done.'], { answer: () => 'y'.repeat(100_000), contextTokens: 3_000 });
    expect((await loop.say('Go')).end).toBe('answered');
  });

  it('makes the messages shorter once when the server finds them too long after all', async () => {
    let refusals = 0;
    const script: AgentScript = (request) => {
      if (request.messages.length < 12) return read(`${request.messages.length}.py`);
      if (refusals === 0) {
        refusals += 1;
        throw new WilsonError('CONTEXT_OVERFLOW', 'Too long.');
      }
      return 'Done.';
    };
    const { loop, context } = setUp(script, { answer: () => 'z'.repeat(700), contextTokens: 2_200 });
    expect((await loop.say('Go')).end).toBe('answered');
    expect(context.logs.join('\n')).toContain('context compacted');
  });

  it('ends before the deadline, with one answer to wrap up in', async () => {
    let leftMs = 600_000;
    const { loop, model } = setUp(
      (_, turn) => {
        leftMs -= 130_000;
        return read(`${turn}.py`);
      },
      { timeLeftMs: () => leftMs },
    );
    expect(await loop.say('Go')).toMatchObject({ end: 'time', reason: 'the time of 10 minutes is nearly over' });
    expect(model.requests).toHaveLength(5);
    expect(model.requests[4]?.messages.at(-1)?.content).toContain('your last answer');
    expect(loop.turnsLeft).toBe(0);
  });

  it('asks nothing more when the time is over already', async () => {
    const { loop, model } = setUp(['Done.'], { timeLeftMs: () => 1_000 });
    expect((await loop.say('Go')).end).toBe('time');
    expect(model.requests).toHaveLength(0);
  });

  it('ends an endless loop at its tokens', async () => {
    const { loop, model } = setUp((_, turn) => ({ text: 'w'.repeat(4_000), ...read(`${turn}.py`) }), {
      maxOutputTokens: 5_000,
      maxTurns: 1_000,
      contextTokens: 8_000,
    });
    const outcome = await loop.say('Go');
    expect(outcome.end).toBe('tokens');
    expect(outcome.reason).toMatch(/of 5000 tokens were written/);
    expect(model.requests.length).toBeLessThan(7);
  });
});

describe('LoopBudget', () => {
  const limits = { turns: 10, promptTokens: 1_000, outputTokens: 100, deadlineMs: 100_000 };

  it('counts what the model reports since the loop began, and guesses only where it reports nothing', () => {
    let usage: Usage = { ...noUsage, outputTokens: 5_000 };
    const budget = new LoopBudget(limits, () => usage, createFakeClock(), undefined);
    expect(budget.over()).toBeNull();
    usage = { ...usage, outputTokens: 5_095 };
    expect(budget.over()).toBe('tokens');

    const silent = new LoopBudget(limits, () => noUsage, createFakeClock(), undefined);
    silent.beginTurn(990);
    expect(silent.over()).toBe('tokens');
  });

  it('keeps the time itself where nobody else does', () => {
    const clock = createFakeClock();
    const budget = new LoopBudget(limits, () => noUsage, clock, undefined);
    expect(budget.nearlyOver()).toBeNull();
    clock.advance(81_000);
    expect([budget.nearlyOver(), budget.over()]).toEqual(['time', null]);
    clock.advance(12_000);
    expect(budget.over()).toBe('time');
  });
});

describe('what the loop tells', () => {
  it('has one line in the log for each call', async () => {
    const answer = (path: string): string => {
      if (path === 'b.py') throw new WilsonError('FILE_NOT_FOUND', 'There is no file b.py');
      return 'one\ntwo\nthree';
    };
    const { loop, context } = setUp([read('a.py'), read('b.py'), 'Done.'], { answer });
    await loop.say('Go');
    expect(context.logs).toEqual([
      'info: read file a.py: one (3 lines)',
      'warn: read file b.py: There is no file b.py',
    ]);
  });

  it('has a fraction only when the model keeps a list, counted from it', async () => {
    const plan = new PlanList();
    const steps = (done: boolean) => [
      { text: 'read', done: true },
      { text: 'write', done },
    ];
    const script: AgentScript = [
      read('a.py'),
      { calls: [{ name: 'update_plan', arguments: { steps: steps(false) } }] },
      { calls: [{ name: 'update_plan', arguments: { steps: steps(true) } }] },
      'Done.',
    ];
    const { loop, context } = setUp(script, { tools: [plan.tool()], plan });
    await loop.say('Go');
    expect(context.steps[0]).toBe(': turn 1 of at most 20: thinking');
    expect(context.steps).toContain('1 of 2 steps of its own list: turn 3 of at most 20: thinking');
    expect(plan.progress()).toEqual({ fraction: 1, basis: '2 of 2 steps of its own list' });
  });
});

describe('ask_user', () => {
  it('ends the loop with the question', async () => {
    const ask = { calls: [{ name: 'ask_user', arguments: { question: 'Which  database should it use?' } }] };
    const { loop } = setUp([ask], { tools: [askUserTool()], ending: ['ask_user'] });
    const outcome = await loop.say('Go');
    expect(outcome.end).toBe('called');
    expect(blockedBy(outcome.call?.arguments ?? {}, 'Nothing was written.')).toEqual({
      outcome: 'blocked',
      summary: 'Nothing was written.',
      checks: [],
      error: null,
      question: 'Which database should it use?',
    });
  });

  it('goes on where there is no question', async () => {
    const ask = { calls: [{ name: 'ask_user', arguments: { question: '?' } }] };
    const { loop, model } = setUp([ask, 'Done.'], { tools: [askUserTool()], ending: ['ask_user'] });
    expect((await loop.say('Go')).end).toBe('answered');
    expect(model.requests[1]?.messages.at(-1)?.content).toContain('whole question');
  });

  it('is no longer offered after three answers', () => {
    const model = new ScriptedModel([]);
    const answer = { from: 'user', text: 'SQLite' };
    expect(askUserTools(agentContext({ root: '/', model, handover: [answer] }))).toHaveLength(1);
    expect(askUserTools(agentContext({ root: '/', model, handover: [answer, answer, answer] }))).toEqual([]);
  });
});

describe('clipResult', () => {
  it('keeps the beginning and the end', () => {
    expect(clipResult('abc', 10)).toBe('abc');
    expect(clipResult('a'.repeat(50) + 'z'.repeat(50), 20)).toMatch(/^a{14}\n\[80 characters left out; .*\]\nz{6}$/);
  });
});
