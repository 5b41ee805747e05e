import type { WorkOrder } from '../protocol/messages.js';
import type { Agent } from './agent.js';

/** The agent that serves an order. Each loads its code at its first call, so that a worker starts quickly. */
export function agentFor({ role, taskType, review }: Pick<WorkOrder, 'role' | 'taskType' | 'review'>): Agent {
  if (role === 'plan') return async (context) => (await import('./manager/manager-agent.js')).managerAgent(context);
  switch (taskType) {
    case 'code':
      return async (context) => (await import('./code/code-agent.js')).codeAgent(context);
    case 'test':
      return async (context) => (await import('./test/test-agent.js')).testAgent(context);
    case 'review':
      if (review !== null) return async (context) => (await import('./review/review-agent.js')).reviewAgent(context);
      return async (context) => (await import('./report-agent.js')).reportAgent(context);
    case 'research':
    case 'analysis':
    case 'general':
      return async (context) => (await import('./report-agent.js')).reportAgent(context);
  }
}
