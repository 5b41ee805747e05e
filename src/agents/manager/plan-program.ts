import type { ChatMessage } from '../../providers/provider.js';
import { type Plan, planLimits } from '../../task/plan.js';
import { cut, defaultPlan, oneLine, type PlanRequest, reviewStep } from '../../task/plan-default.js';
import { planProblems } from '../../task/plan-rules.js';
import { planWishes, withoutWishes } from '../../task/plan-wishes.js';
import type { AgentContext } from '../agent.js';
import { askForJson } from '../code/ask.js';
import { type ProgramOutline, pluralOf } from '../code/program/outline.js';
import { outlinedStepText } from '../code/program/outline-text.js';
import { readRequest } from '../code/request.js';
import type { StepCounter } from '../step-counter.js';
import { type OutlineAnswer, outlineProgram } from './outline-program.js';

const answerTokens = 450;
/** Longest request that the 0.5B names the parts of; of a longer one it would see, and plan, a piece. */
const requestChars = 1_000;
const aboutChars = 400;
/** Least share of lines that the tests of such a program should run; they reach far more when they work at all. */
const leastCoverage = 50;
/** Programs that are not one file with commands: a game is played, which a command that answers once is not. */
const otherKinds =
  /\b(?:web|website|html|css|rest|graphql|api|server|backend|frontend|gui|tkinter|django|flask|fastapi|express|react|discord|telegram|mobile|android|ios|micro-?services?|games?|quiz(?:zes)?|hangman)\b/i;

const word = { type: 'string', maxLength: 24 };
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'file', 'fields', 'commands'],
  properties: {
    kind: { enum: ['records', 'calculation'] },
    file: word,
    fields: {
      type: 'array',
      maxItems: 4,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'type'],
        properties: { name: word, type: { enum: ['text', 'number', 'yes/no'] } },
      },
    },
    commands: {
      type: 'array',
      minItems: 1,
      maxItems: 6,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'arguments', 'does'],
        properties: {
          name: word,
          arguments: { type: 'array', maxItems: 4, items: word },
          does: { type: 'string', maxLength: 90 },
        },
      },
    },
  },
};

/** The form of the answer, shown on two programs: with it the 0.5B named usable parts for 8 of 8 requests. */
const shots: readonly (readonly [request: string, answer: OutlineAnswer])[] = [
  [
    'Build a shopping list for the command line in Python, kept in a JSON file, with tests.',
    {
      kind: 'records',
      file: 'shopping.py',
      fields: [
        { name: 'product', type: 'text' },
        { name: 'quantity', type: 'number' },
        { name: 'bought', type: 'yes/no' },
      ],
      commands: [
        { name: 'add', arguments: ['product', 'quantity'], does: 'adds a product that is not bought yet' },
        { name: 'list', arguments: [], does: 'lists all products' },
        { name: 'buy', arguments: ['number'], does: 'marks the product with this number as bought' },
      ],
    },
  ],
  [
    'a loan calculator with tests',
    {
      kind: 'calculation',
      file: 'loan.py',
      fields: [],
      commands: [
        { name: 'payment', arguments: ['amount', 'rate', 'months'], does: 'returns the monthly payment' },
        { name: 'total', arguments: ['amount', 'rate', 'months'], does: 'returns the sum of all payments' },
      ],
    },
  ],
];

const system =
  'You plan small Python programs for the command line. You say which commands a program has and what it keeps.';

/**
 * Has a small model name the parts of a command line program and makes the plan of them by rules. For anything else, and
 * when two answers are of no use, it is the default plan.
 */
export async function planProgram(
  context: AgentContext,
  request: PlanRequest,
  listing: readonly string[],
  steps: StepCounter,
): Promise<Plan> {
  const { description } = request;
  const about = cut(oneLine(withoutWishes(description)), aboutChars);
  const { language } = readRequest(description);
  if (otherKinds.test(about) || language === 'javascript' || language === 'other') {
    return defaultPlan(request, [
      'Rules made the plan: the model is too small to plan anything but command line programs in Python.',
    ]);
  }
  if (description.length > requestChars) {
    return defaultPlan(request, [
      `The request has ${description.length} characters, too many for a model of this size to plan: rules made the plan, and its steps have the request whole.`,
    ]);
  }
  let wrong = '';
  for (const temperature of [0, 0.4]) {
    if (wrong !== '') {
      context.log('warn', `The answer was of no use: ${wrong}`);
      steps.say('planning once more');
    }
    const answer = await askForJson<OutlineAnswer>(
      context,
      prompt(description, wrong),
      schema,
      answerTokens,
      temperature,
    );
    const outlined = typeof answer === 'object' && answer !== null ? outlineProgram(answer, description, about) : null;
    if (outlined === null) {
      wrong = answer === null ? 'it is no JSON of the schema, or too long' : 'it names no command that can be written';
    } else if (listing.includes(outlined.outline.file)) {
      return defaultPlan(request, [`${outlined.outline.file} exists already, so the rules made the plan.`]);
    } else {
      const plan = planOf(outlined.outline, request, outlined.notes);
      if (planProblems(plan).length === 0) return plan;
      wrong = planProblems(plan).join(' ');
    }
  }
  return defaultPlan(request, [`Rules made the plan, since the model’s answers were of no use: ${wrong}.`]);
}

function prompt(description: string, wrong: string): ChatMessage[] {
  const again = wrong === '' ? '' : `\n\nAn earlier answer was of no use: ${wrong}.`;
  return [
    { role: 'system', content: system },
    ...shots.flatMap(([asked, answer]): ChatMessage[] => [
      { role: 'user', content: asked },
      { role: 'assistant', content: JSON.stringify(answer) },
    ]),
    { role: 'user', content: `${description}${again}` },
  ];
}

/** Code, tests and review of one outlined program. Pure. */
export function planOf(outline: ProgramOutline, request: PlanRequest, notes: readonly string[]): Plan {
  const { file } = outline;
  const wishes = planWishes(request.description);
  const testFile = file.replace(/([^/]+)$/, 'test_$1');
  const steps: Plan['steps'][number][] = [
    {
      key: 'code',
      title: cut(`Write ${file}: ${outline.about}`, planLimits.titleChars),
      description: outlinedStepText('code', outline),
      type: 'code',
      dependsOn: [],
      checks: [
        { check: 'file_exists', paths: [file] },
        { check: 'command_succeeds', command: ['python3', file, '--help'] },
      ],
    },
  ];
  if (wishes.tests !== 'refused') {
    const count = outline.functions.length;
    steps.push({
      key: 'test',
      title: cut(
        `Test ${file}: ${count} ${count === 1 ? 'function' : pluralOf('function')} and the commands`,
        planLimits.titleChars,
      ),
      description: outlinedStepText('tests', outline),
      type: 'test',
      dependsOn: ['code'],
      checks: [
        { check: 'tests_pass', paths: [testFile] },
        { check: 'coverage_at_least', percent: wishes.coverage ?? leastCoverage, paths: [file] },
      ],
    });
  }
  if (wishes.review !== 'refused')
    steps.push(
      reviewStep(
        request,
        steps.map((step) => step.key),
      ),
    );
  return { steps, basis: notes.length === 0 ? 'model' : 'repaired', notes };
}
