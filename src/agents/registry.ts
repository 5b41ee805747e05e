import type { WorkOrder } from '../protocol/messages.js';
import type { Agent } from './agent.js';

/** The agent that serves an order. Each loads its code at its first call, so that a worker starts quickly. */
export function agentFor({ role, taskType }: Pick<WorkOrder, 'role' | 'taskType'>): Agent {
  if (role === 'plan') return async (context) => (await import('./manager/manager-agent.js')).managerAgent(context);
  switch (taskType) {
    case 'code':
      return async (context) => (await import('./code/code-agent.js')).codeAgent(context);
    case 'test':
      return async (context) => (await import('./test/test-agent.js')).testAgent(context);
    case 'review':
      return async (context) => (await import('./review/review-agent.js')).reviewAgent(context);
    case 'general':
      return async (context) => (await import('./general/general-agent.js')).generalAgent(context);
    case 'research':
    case 'analysis':
      return async (context) => (await import('./report-agent.js')).reportAgent(context);
  }
}
