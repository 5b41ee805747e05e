import { checkNames } from '../../task/definition-of-done.js';
import { type Plan, planLimits } from '../../task/plan.js';
import { cut, defaultPlan, type PlanRequest } from '../../task/plan-default.js';
import { repairPlan } from '../../task/plan-repair.js';
import { taskTypes } from '../../task/task.js';
import type { AgentContext } from '../agent.js';
import { askForJson } from '../code/ask.js';
import { estimateTokens } from '../prompt-size.js';
import type { StepCounter } from '../step-counter.js';

const answerTokens = 1_500;
/** Characters of file names that a prompt holds. */
const listingChars = 3_000;
/** Tokens for what was wrong with a first plan. */
const objectionTokens = 500;

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['steps'],
  properties: {
    steps: {
      type: 'array',
      minItems: 1,
      maxItems: planLimits.steps,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['key', 'title', 'description', 'type', 'dependsOn', 'checks'],
        properties: {
          key: { type: 'string', maxLength: 30 },
          title: { type: 'string', maxLength: planLimits.titleChars },
          description: { type: 'string', maxLength: 1_500 },
          type: { enum: [...taskTypes] },
          dependsOn: { type: 'array', maxItems: planLimits.steps, items: { type: 'string', maxLength: 30 } },
          checks: {
            type: 'array',
            maxItems: 4,
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['check'],
              properties: {
                check: { enum: checkNames.filter((name) => name !== 'review_approved') },
                paths: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 100 } },
                command: { type: 'array', maxItems: 8, items: { type: 'string', maxLength: 100 } },
                percent: { type: 'number', minimum: 1, maximum: 100 },
              },
            },
          },
        },
      },
    },
  },
};

const system = `You are a planner for software work. You split a request into the fewest steps that agents can work off one by one. Each agent works by the description of its own step, which has to say all that it needs; it finds the files that the steps before it left.
Rules:
- A small request is one step.
- Types: code, test, review, research, analysis, general.
- Every code step names the files it writes, and the functions or classes with their parameters, for example "Write store.py with load(path) and save(path, items)".
- Tests come after the code they test, a review after both. A step waits for the steps whose files it needs (dependsOn holds their keys).
- Checks are what can be seen when the step is done: file_exists (paths), files_changed, parses, command_succeeds (command, without a shell), tests_pass, coverage_at_least (percent), report_written.
- No steps for planning, setting up, deploying or celebrating.`;

/**
 * Asks a big model for the steps; once more when nothing of its answer can be used. A request that its context does not hold
 * is planned by rules: of a piece of it the model would plan a piece.
 */
export async function planFreely(
  context: AgentContext,
  request: PlanRequest,
  listing: readonly string[],
  steps: StepCounter,
): Promise<Plan> {
  const names =
    listing.length === 0
      ? 'The folder is empty.'
      : `Files of the folder:\n${listing.join('\n').slice(0, listingChars)}`;
  const content = `${names}\n\nThe request:\n${request.description}`;
  const messages = [
    { role: 'system' as const, content: system },
    { role: 'user' as const, content },
  ];
  const room = Math.min(answerTokens, Math.floor(context.model.contextTokens / 2));
  if (estimateTokens(messages) + objectionTokens + room > context.model.contextTokens) {
    return defaultPlan(request, [
      `The request has ${request.description.length} characters, more than the model's context of ${context.model.contextTokens} tokens holds beside a plan: rules made the plan, and its steps have the request whole.`,
    ]);
  }
  const first = repairPlan(await askForJson<unknown>(context, messages, schema, room), request);
  if (first.basis !== 'default') return first;
  steps.say('planning once more');
  const wrong = cut(first.notes.join('\n'), 3 * objectionTokens);
  context.log('warn', `The plan was of no use: ${wrong}`);
  const again = {
    role: 'user' as const,
    content: `${content}\n\nAn earlier plan was of no use:\n${wrong}\nPlan again.`,
  };
  return repairPlan(await askForJson<unknown>(context, [messages[0] ?? again, again], schema, room), request);
}
