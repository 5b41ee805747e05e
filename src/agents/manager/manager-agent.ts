import type { AgentContext, AgentResult } from '../agent.js';

/** Turns a request into a plan of subtasks. */
export function managerAgent(context: AgentContext): Promise<AgentResult> {
  const { description, taskType, title } = context.order;
  const step = { key: 'work', title, description, type: taskType, dependsOn: [], checks: [] };
  return Promise.resolve({
    outcome: 'finished',
    summary: 'The request stays one task.',
    checks: [],
    error: null,
    plan: { steps: [step], basis: 'default', notes: [] },
  });
}
