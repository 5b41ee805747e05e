import { describe, expect, it } from 'vitest';
import { WilsonError } from '../../../src/errors.js';
import { checkToolCall } from '../../../src/providers/tool-call-parser.js';
import { orchestrationTools as names } from '../../../src/task/orchestration.js';
import { orchestrationTools } from '../../../src/tools/orchestration-tools.js';

const signal = new AbortController().signal;

describe('orchestrationTools', () => {
  it('has every tool of the plan, or those that are named', () => {
    const call = (): Promise<string> => Promise.resolve('{}');
    expect(orchestrationTools(call).map(({ spec }) => spec.name)).toEqual([...names]);
    expect(orchestrationTools(call, ['poll_tasks']).map(({ spec }) => spec.name)).toEqual(['poll_tasks']);
  });

  it('sends a call to the supervisor and gives its answer, or its refusal, to the model', async () => {
    const calls: unknown[] = [];
    const [poll, claim] = orchestrationTools(
      (tool, args) => {
        calls.push([tool, args]);
        return tool === 'claim_task'
          ? Promise.reject(new WilsonError('CALL_REFUSED', 'TASK-002 gets a worker of its own.'))
          : Promise.resolve('{"tasks":[]}');
      },
      ['poll_tasks', 'claim_task'],
    );
    expect(await poll?.run({ status: 'done' }, { signal })).toBe('{"tasks":[]}');
    await expect(claim?.run({ task_id: 'TASK-002' }, { signal })).rejects.toMatchObject({ code: 'CALL_REFUSED' });
    expect(calls).toEqual([
      ['poll_tasks', { status: 'done' }],
      ['claim_task', { task_id: 'TASK-002' }],
    ]);
  });

  it('describes arguments so that a call of a model is checked before it is sent', () => {
    const specs = orchestrationTools(() => Promise.resolve('')).map(({ spec }) => spec);
    const check = (name: string, args: Readonly<Record<string, unknown>>): boolean =>
      checkToolCall({ name, arguments: args }, specs).ok;
    expect(check('delegate_task', { title: 'Tests', description: 'Write tests for a.py', type: 'test' })).toBe(true);
    expect(check('delegate_task', { title: 'Tests', description: 'Write tests', type: 'magic' })).toBe(false);
    expect(check('delegate_task', { title: 'Tests' })).toBe(false);
    expect(check('submit_review', { verdict: 'maybe' })).toBe(false);
    expect(check('model_status', {})).toBe(true);
  });
});
