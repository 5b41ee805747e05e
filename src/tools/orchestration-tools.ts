import { checkNames } from '../task/definition-of-done.js';
import { type OrchestrationTool, orchestrationTools as toolNames } from '../task/orchestration.js';
import { taskTypes } from '../task/task.js';
import { objectSchema } from './file-tools.js';
import type { Tool } from './tool.js';

/** Sends a call to the supervisor; resolves with its answer as JSON, rejects with `CALL_REFUSED` and the reason. */
export type CallSupervisor = (tool: OrchestrationTool, args: Readonly<Record<string, unknown>>) => Promise<string>;

const taskId = { type: 'string', description: 'Such as TASK-007' } as const;

interface Description {
  readonly description: string;
  readonly parameters: ReturnType<typeof objectSchema>;
}

const described: Readonly<Record<OrchestrationTool, Description>> = {
  delegate_task: {
    description: 'Hands a part of the work to another agent. It gets a process of its own; you do not wait for it.',
    parameters: objectSchema(
      {
        title: { type: 'string' },
        description: { type: 'string', description: 'All that the agent has to know' },
        type: { type: 'string', enum: taskTypes },
        depends_on: { type: 'array', items: taskId },
        checks: {
          type: 'array',
          items: objectSchema(
            {
              check: { type: 'string', enum: checkNames },
              paths: { type: 'array', items: { type: 'string' } },
              command: { type: 'array', items: { type: 'string' } },
              percent: { type: 'number' },
            },
            ['check'],
          ),
        },
      },
      ['title', 'description', 'type'],
    ),
  },
  poll_tasks: {
    description: 'Lists the tasks of this work with their status.',
    parameters: objectSchema({ status: { type: 'string' } }, []),
  },
  claim_task: {
    description: 'Shows the task that you serve.',
    parameters: objectSchema({ task_id: taskId }, ['task_id']),
  },
  update_task_progress: {
    description: 'Tells how far you are. A fraction counts only with what was counted, such as "3 of 5 files".',
    parameters: objectSchema(
      {
        progress: { type: 'number', minimum: 0, maximum: 1 },
        basis: { type: 'string' },
        message: { type: 'string' },
      },
      [],
    ),
  },
  check_task_progress: {
    description: 'Tells how far another task of this work is.',
    parameters: objectSchema({ task_id: taskId }, ['task_id']),
  },
  unblock_tasks: {
    description: 'Lets the tasks run whose dependencies are done.',
    parameters: objectSchema({}, []),
  },
  request_review: {
    description: 'Asks for a review of your work after you are done.',
    parameters: objectSchema({ note: { type: 'string', description: 'What the reviewer should look at' } }, []),
  },
  submit_review: {
    description: 'Gives your verdict on the work, with each finding at its place.',
    parameters: objectSchema(
      {
        verdict: { type: 'string', enum: ['approved', 'needs_changes'] },
        summary: { type: 'string' },
        findings: {
          type: 'array',
          items: objectSchema(
            {
              file: { type: 'string' },
              line: { type: 'integer', minimum: 1 },
              severity: { type: 'string', enum: ['blocker', 'major', 'minor'] },
              text: { type: 'string' },
            },
            ['severity', 'text'],
          ),
        },
      },
      ['verdict'],
    ),
  },
  get_review_status: {
    description: 'Tells what reviews of a task there are.',
    parameters: objectSchema({ task_id: taskId }, []),
  },
  model_status: {
    description: 'Lists the models that are loaded and the memory that they take.',
    parameters: objectSchema({}, []),
  },
};

/**
 * The orchestration tools for a model that uses tools well: `names`, in their order, or all of them. Each call goes to the
 * supervisor, which checks the arguments and answers; what a model says through them makes no task done.
 */
export function orchestrationTools(call: CallSupervisor, names: readonly OrchestrationTool[] = toolNames): Tool[] {
  return names.map((name) => ({
    spec: { name, ...described[name] },
    run: (args) => call(name, args),
  }));
}
