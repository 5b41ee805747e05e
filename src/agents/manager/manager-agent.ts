import type { Plan } from '../../task/plan.js';
import type { PlanRequest } from '../../task/plan-default.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { WorkspaceFiles } from '../code/workspace-files.js';
import { isLargeModel } from '../model-size.js';
import { countSteps } from '../step-counter.js';
import { planFreely } from './plan-freely.js';
import { planProgram } from './plan-program.js';

/** File names that the planner looks at. */
const listingLimit = 200;

/**
 * Turns a request into a plan of subtasks. A big model says the steps itself; a small one is asked only what a program's
 * parts are, and rules make the steps of it. Whatever comes, the plan can be worked off: where the answer is of no use, it
 * is the default one.
 */
export async function managerAgent(context: AgentContext): Promise<AgentResult> {
  const { description, title, taskType } = context.order;
  const request: PlanRequest = { description, title, type: taskType };
  const steps = countSteps(context, 3);
  steps.next('reading the workspace');
  const listing = await new WorkspaceFiles(context.order.workspaceRoot).list(listingLimit);
  steps.next('planning');
  const plan = isLargeModel(context.model)
    ? await planFreely(context, request, listing, steps)
    : await planProgram(context, request, listing, steps);
  steps.next('the plan is made');
  for (const note of plan.notes) context.log('info', note);
  return { outcome: 'finished', summary: summaryOf(plan), checks: [], error: null, plan };
}

function summaryOf(plan: Plan): string {
  const by = { model: 'the model', repaired: 'the model, put right by rules', default: 'rules alone' }[plan.basis];
  if (plan.steps.length === 1) return `The request stays one task (planned by ${by}).`;
  const titles = plan.steps.map((step, index) => `${index + 1}. ${step.type}: ${step.title}`);
  return `${plan.steps.length} steps, planned by ${by}.\n${titles.join('\n')}`;
}
