import { badArguments, textArgument } from '../../tools/arguments.js';
import { objectSchema } from '../../tools/file-tools.js';
import type { Tool } from '../../tools/tool.js';
import type { AgentContext, AgentResult } from '../agent.js';

export const askUserName = 'ask_user';

/** Longest question; the user reads it in one line of a terminal or two. */
const questionChars = 400;
/** Answers after which an agent has to go on with what it knows. */
const answerLimit = 3;

/** The tool that ends an attempt with a question. It is the loop that ends it; `run` only looks at the question. */
export function askUserTool(): Tool {
  return {
    spec: {
      name: askUserName,
      description: 'Asks the user one question and stops until it is answered. Only when you cannot go on without it.',
      parameters: objectSchema({ question: { type: 'string' } }, ['question']),
    },
    async run(args) {
      const question = textArgument(args, 'question').trim();
      if (question.length < 8) throw badArguments('"question" must be a whole question');
      return 'The user is asked.';
    },
  };
}

/** The tool, unless the user has answered often enough. */
export function askUserTools(context: AgentContext): Tool[] {
  const answers = context.order.handover.filter(({ from }) => from === 'user').length;
  return answers >= answerLimit ? [] : [askUserTool()];
}

/** The result of an attempt that ends with a question; `left` says what is in the workspace. */
export function blockedBy(args: Readonly<Record<string, unknown>>, left: string): AgentResult {
  const question = textArgument(args, 'question').replace(/\s+/g, ' ').trim().slice(0, questionChars);
  return { outcome: 'blocked', summary: left, checks: [], error: null, question };
}
