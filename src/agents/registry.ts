import type { TaskType } from '../task/task.js';
import type { Agent } from './agent.js';

/** The agent that serves a type of task. Each loads its code at its first call, so that a worker starts quickly. */
export function agentFor(taskType: TaskType): Agent {
  switch (taskType) {
    case 'code':
      return async (context) => (await import('./code/code-agent.js')).codeAgent(context);
    default:
      return async (context) => (await import('./code/code-agent.js')).codeAgent(context);
  }
}
