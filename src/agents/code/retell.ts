import type { ChatMessage } from '../../providers/provider.js';
import type { AgentContext } from '../agent.js';
import { askForCode } from './ask.js';
import { gatherCases, type WeighedCase } from './choice.js';
import type { Language, TestCase } from './language.js';
import type { Target } from './targets.js';

const temperatures = [0, 0.5, 0.8] as const;
/** In how many of the answers a case must come up. */
const leastVotes = 2;
const answerTokens = 140;

const shots: Readonly<Record<Language['id'], readonly [string, string]>> = {
  python: ['def clamp(value, low, high):\n    return min(value, high)', 'assert clamp(-5, 0, 10) == 0'],
  javascript: [
    'function clamp(value, low, high) {\n  return Math.min(value, high);\n}',
    'assert.deepStrictEqual(clamp(-5, 0, 10), 0);',
  ],
};

/**
 * What somebody says about a function, retold by the model as test cases, one list an answer. With one worked example a 0.5B gets that right
 * for most complaints which name a value, where it can neither mend the code nor think of cases by itself; what it gets
 * wrong is mostly what the code does now, which tells nothing.
 */
export async function retoldCases(
  context: AgentContext,
  language: Language,
  target: Target,
  code: string,
  wish: string,
): Promise<(readonly TestCase[])[]> {
  const [shotCode, shotAnswer] = shots[language.id];
  const asked = (text: string, said: string): string =>
    `The ${target.kind}:\n\`\`\`${language.fence}\n${text.trim()}\n\`\`\`\nSomebody says: "${said}"\nWrite what they expect as assert statements.`;
  const messages: ChatMessage[] = [
    {
      role: 'user',
      content: asked(shotCode, 'clamp lets -5 through when low is 0, it should come out as 0. (high was 10)'),
    },
    { role: 'assistant', content: `\`\`\`${language.fence}\n${shotAnswer}\n\`\`\`` },
    { role: 'user', content: asked(code, wish) },
  ];
  const answers: (readonly TestCase[])[] = [];
  for (const temperature of temperatures) {
    const answer = await askForCode(context, messages, { temperature, maxTokens: answerTokens });
    const names =
      target.kind === 'class' ? { functions: [], classes: [target.name] } : { functions: [target.name], classes: [] };
    const lines = answer.code.split('\n').map((line) => line.trim());
    answers.push((await language.read('', { ...names, lines })).cases);
  }
  return answers;
}

/**
 * Those of some answers' cases to believe, of which `holds` tells whether the code meets them as it is: what holds already
 * is not what somebody complains of. Of the others a call's case must come up twice, or in the first answer while no other
 * answer says otherwise of that call. Pure.
 */
export function believedCases(
  answers: readonly (readonly TestCase[])[],
  holds: (test: TestCase) => boolean,
): TestCase[] {
  const open = answers.map((cases) => cases.filter((each) => !holds(each)));
  const all = open.reduce<WeighedCase[]>((before, cases) => gatherCases(before, cases, false), []);
  const first = new Set(open[0]?.map((each) => JSON.stringify(each.steps)));
  return all
    .filter((each) => {
      const rivals = all.filter((other) => other !== each && callOf(other.test) === callOf(each.test));
      const clear = rivals.every((other) => other.votes < each.votes);
      return clear && (each.votes >= leastVotes || (first.has(JSON.stringify(each.test.steps)) && rivals.length === 0));
    })
    .map((each) => each.test);
}

function callOf(test: TestCase): string {
  return test.steps.map((step) => step.call).join(';');
}
