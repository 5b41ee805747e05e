import type { TaskType } from '../task/task.js';
import type { Agent } from './agent.js';

/** The agent that serves a type of task. Each loads its code at its first call, so that a worker starts quickly. */
export function agentFor(taskType: TaskType): Agent {
  switch (taskType) {
    case 'code':
      return async (context) => (await import('./code/code-agent.js')).codeAgent(context);
    case 'test':
      return async (context) => (await import('./code/code-agent.js')).testAgent(context);
    case 'review':
    case 'research':
    case 'analysis':
    case 'general':
      return async (context) => (await import('./report-agent.js')).reportAgent(context);
  }
}
