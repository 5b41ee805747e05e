import { scriptJudgeProgram } from './javascript/judge-program.js';
import { judgeProgram } from './python/judge-program.js';
import { mergeProgram } from './python/merge-program.js';
import { readProgram } from './python/read-program.js';
import { syntaxProgram } from './python/syntax-program.js';

/**
 * Whether a command is one of the agent's fixed programs (`python3 -B -c …`, `node -e …`). Where nothing isolates
 * commands, these may run beside the syntax checks and test runs of the allow list: all but the judges only parse, and and
 * a judge does what a test run does.
 */
export function isAgentProgram(argv: readonly string[]): boolean {
  const [program, ...args] = argv;
  if (program === 'python3' && args[0] === '-B' && args[1] === '-c') {
    return [readProgram, judgeProgram, mergeProgram, syntaxProgram].some((text) => text === args[2]);
  }
  return program === 'node' && args[0] === '-e' && args[1] === scriptJudgeProgram;
}
