import { describe, expect, it } from 'vitest';
import { ToolLoop } from '../../../../src/agents/loop/tool-loop.js';
import { WilsonError } from '../../../../src/errors.js';
import type { Tool } from '../../../../src/tools/tool.js';
import { agentContext } from '../../../helpers/agent-context.js';
import { type AgentScript, ScriptedModel, type ScriptedModelOptions } from '../../../helpers/scripted-model.js';

const call = (name: string, args: Record<string, unknown> = {}) => ({ calls: [{ name, arguments: args }] });
const written = (name: string, args: Record<string, unknown> = {}) => JSON.stringify({ name, arguments: args });

function setUp(script: AgentScript, options: ScriptedModelOptions & { maxTurns?: number; signal?: AbortSignal } = {}) {
  const ran: string[] = [];
  const tool = (name: string, answer: (args: Readonly<Record<string, unknown>>) => string): Tool => ({
    spec: {
      name,
      description: name,
      parameters: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
    },
    async run(args) {
      ran.push(`${name} ${String(args.path)}`);
      return answer(args);
    },
  });
  const tools = [
    tool('read_file', (args) => {
      if (args.path === 'missing.py')
        throw new WilsonError('FILE_NOT_FOUND', 'There is no file missing.py', { hint: 'List them.' });
      return String(args.path).startsWith('big') ? 'x'.repeat(6_000) : 'text';
    }),
    tool('write_file', () => 'Created'),
  ];
  const model = new ScriptedModel(script, { supportsTools: true, ...options });
  const context = agentContext({
    root: '/nowhere',
    model,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const loop = new ToolLoop(context, { system: 'Role.', tools, maxTurns: options.maxTurns ?? 10, maxTokens: 200 });
  return { loop, model, ran, context };
}

describe('ToolLoop', () => {
  it('runs what the model asks for and ends with its answer', async () => {
    const { loop, model, ran } = setUp([call('read_file', { path: 'a.py' }), 'All done.']);
    expect(await loop.say('Go')).toEqual({ end: 'answered', text: 'All done.', reason: '' });
    expect(ran).toEqual(['read_file a.py']);
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', toolName: 'read_file', content: 'text' });
    expect(model.requests[0]?.tools).toHaveLength(2);
  });

  it('describes the tools and reads calls from the text of a model that has no tool calls of its own', async () => {
    const { loop, model, ran } = setUp([written('write_file', { path: 'a.py' }), 'Done.'], { supportsTools: false });
    expect((await loop.say('Go')).end).toBe('answered');
    expect(ran).toEqual(['write_file a.py']);
    expect(model.requests[0]?.tools).toBeUndefined();
    expect(model.requests[0]?.messages[0]?.content).toContain('"write_file"');
  });

  it('gives a wrong call one chance, and then stops', async () => {
    const once = setUp([written('no_such_tool'), written('read_file', { path: 'a.py' }), 'Done.']);
    expect((await once.loop.say('Go')).end).toBe('answered');
    expect(once.ran).toEqual(['read_file a.py']);

    const twice = setUp([written('no_such_tool')]);
    const outcome = await twice.loop.say('Go');
    expect(outcome.end).toBe('bad-calls');
    expect(outcome.reason).toContain('no_such_tool');
    expect(twice.ran).toEqual([]);
    expect(twice.model.requests).toHaveLength(2);
  });

  it('nudges at the second and stops at the third of the same call', async () => {
    const { loop, model, ran } = setUp([call('read_file', { path: 'a.py' })]);
    const outcome = await loop.say('Go');
    expect(outcome).toMatchObject({
      end: 'repeats',
      reason: 'read_file was called three times with the same arguments',
    });
    expect(ran).toHaveLength(2);
    expect(model.requests[2]?.messages.at(-1)?.content).toContain('You made this very call before');
  });

  it('lets a model look again after it wrote, but not write the same for ever', async () => {
    const look = call('read_file', { path: 'a.py' });
    const alternate = setUp([
      look,
      call('write_file', { path: 'a.py' }),
      look,
      call('write_file', { path: 'b.py' }),
      look,
      'Done.',
    ]);
    expect((await alternate.loop.say('Go')).end).toBe('answered');

    const stuck = setUp((_, turn) => (turn % 2 === 0 ? call('write_file', { path: 'a.py' }) : look));
    expect(await stuck.loop.say('Go')).toMatchObject({ end: 'repeats' });
  });

  it('tells the model what a tool complained about', async () => {
    const { loop, model } = setUp([call('read_file', { path: 'missing.py' }), 'Done.']);
    await loop.say('Go');
    expect(model.requests[1]?.messages.at(-1)?.content).toBe('Error: There is no file missing.py List them.');
  });

  it('stops at the cap of turns, over all that is said, and says so before the last', async () => {
    const { loop, model } = setUp((_, turn) => call('read_file', { path: `${turn}.py` }), { maxTurns: 3 });
    expect(await loop.say('Go')).toMatchObject({ end: 'turns', reason: '3 answers were not enough' });
    expect(model.requests.map((each) => each.messages.at(-1)?.content.includes('your last answer'))).toEqual([
      false,
      false,
      true,
    ]);
    expect(loop.turnsLeft).toBe(0);
    expect((await loop.say('More')).end).toBe('turns');
    expect(model.requests).toHaveLength(3);
  });

  it('shortens old results to fit the context, and says so', async () => {
    const script: AgentScript = (_, turn) => (turn < 4 ? call('read_file', { path: `big${turn}.py` }) : 'Done.');
    const { loop, model, context } = setUp(script, { contextTokens: 4_000 });
    expect((await loop.say('Go')).end).toBe('answered');
    expect(context.logs.join('\n')).toContain('context compacted');
    expect(context.steps.join('\n')).toContain('context compacted');
    const last = model.requests.at(-1)?.messages ?? [];
    expect(last.some((each) => each.content.includes('characters left out'))).toBe(true);
    expect(last[1]?.content).toBe('Go');
  });

  it('refuses a request that cannot fit, before anything is sent', async () => {
    const { loop, model } = setUp(['Done.'], { contextTokens: 1_000 });
    await expect(loop.say('x'.repeat(10_000))).rejects.toMatchObject({ code: 'CONTEXT_OVERFLOW' });
    expect(model.requests).toHaveLength(0);
  });

  it('asks for smaller steps when an answer was cut off', async () => {
    const { loop, model } = setUp([{ text: 'Once upon', reason: 'length' }, 'Done.']);
    expect((await loop.say('Go')).end).toBe('answered');
    expect(model.requests[1]?.messages.at(-1)?.content).toContain('cut off');
  });

  it('stops when the task is stopped', async () => {
    const abort = new AbortController();
    const script: AgentScript = () => {
      abort.abort();
      return call('read_file', { path: 'a.py' });
    };
    const { loop, ran } = setUp(script, { signal: abort.signal });
    await expect(loop.say('Go')).rejects.toMatchObject({ code: 'ABORTED' });
    expect(ran).toEqual([]);
  });
});
