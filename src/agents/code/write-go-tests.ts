import { WilsonError } from '../../errors.js';
import type { TestsOutcome } from '../../verification/tests-outcome.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { measureTests } from '../test/run-suite.js';
import { askForCode } from './ask.js';
import type { RunInWorkspace } from './commands.js';
import { lostNames } from './kept-names.js';
import { checksFor, failed, finished } from './outcome.js';
import type { WorkspaceFiles } from './workspace-files.js';

const fileTokens = 1_500;
/** The first answer, and how often it is mended with the error. */
const attemptLimit = 4;
const errorChars = 800;

const system =
  'You are an expert Go programmer. You answer with one code block that holds one whole file, and nothing else.';

/** A file of Go that is there, and what was wished of it. */
export interface GoCode {
  readonly path: string;
  readonly wish: string;
  /** Whether the task wrote it, and so may mend it. */
  readonly isOurs: boolean;
}

/** Whether tests of Go can be run here. */
export async function hasGo(run: RunInWorkspace): Promise<boolean> {
  try {
    return (await run(['go', 'version'], { own: true })).exitCode === 0;
  } catch (error) {
    if (error instanceof WilsonError && error.code === 'COMMAND_NOT_FOUND') return false;
    throw error;
  }
}

/**
 * Writes `x_test.go` beside `x.go`, runs it as the supervisor will, and mends it, or by turns the code, with what was seen.
 * Finished only when the tests pass, and fail without the code.
 */
export async function writeGoTests(context: AgentContext, files: WorkspaceFiles, code: GoCode): Promise<AgentResult> {
  const testPath = code.path.replace(/\.go$/, '_test.go');
  const [codeBefore, testsBefore] = [await files.read(code.path), await files.read(testPath)];
  let problem = '';
  let mends: 'tests' | 'code' = 'tests';
  for (let turn = 0; turn < attemptLimit; turn += 1) {
    const path = mends === 'tests' ? testPath : code.path;
    const fault = await writeOne(context, files, { path, code, testPath, problem, turn });
    if (fault !== null) {
      problem = fault;
      continue;
    }
    const outcome = await measureTests(context, [testPath], [code.path]);
    if (outcome.passed) {
      const changed = code.isOurs ? [code.path, testPath] : [testPath];
      const ran = outcome.evidence.ran ?? 0;
      const summary = `${code.isOurs ? `${code.path} was written; ` : ''}${testPath} tests it: ${ran} test${ran === 1 ? '' : 's'} ran and passed.`;
      return finished(summary, checksFor(changed, [testPath]));
    }
    problem = (outcome.evidence.detail ?? 'the tests do not pass').slice(0, errorChars);
    context.log('warn', `${testPath}, try ${turn + 1}: ${problem}`);
    mends = code.isOurs ? nextToMend(outcome, code.path, mends) : 'tests';
  }
  if (testsBefore === null) await files.remove(testPath);
  else await files.write(testPath, testsBefore);
  if (codeBefore !== null) await files.write(code.path, codeBefore);
  return failed(
    'TESTS_FAILED',
    `The model gave no tests of ${code.path} that pass: ${firstLine(problem)}.`,
    code.isOurs ? `${code.path} was written without tests.` : 'Nothing was changed.',
  );
}

interface Order {
  readonly path: string;
  readonly code: GoCode;
  readonly testPath: string;
  readonly problem: string;
  readonly turn: number;
}

/** Why the answer cannot be used; null when it was written. */
async function writeOne(context: AgentContext, files: WorkspaceFiles, order: Order): Promise<string | null> {
  const { path, code, testPath, problem, turn } = order;
  const [text, tests] = [(await files.read(code.path)) ?? '', await files.read(testPath)];
  const clause = /^package\s+\w+/m.exec(text)?.[0] ?? 'package main';
  const isTests = path === testPath;
  const content = [
    `The file ${code.path} holds:\n\`\`\`go\n${text.trimEnd()}\n\`\`\``,
    ...(tests === null ? [] : [`The file ${testPath} holds:\n\`\`\`go\n${tests.trimEnd()}\n\`\`\``]),
    ...(problem === '' ? [] : [`\`go test\` says:\n${problem}`]),
    isTests
      ? `Write ${testPath}: ${clause}, import "testing", and functions func TestName(t *testing.T) that call the functions of ${code.path} and compare what they return with what is right.`
      : `It was to do this: ${code.wish}\nMend ${path} so that it is right.`,
    `Answer with the whole content of ${path}.`,
  ].join('\n\n');
  const messages = [
    { role: 'system' as const, content: system },
    { role: 'user' as const, content },
  ];
  const answer = await askForCode(context, messages, { temperature: 0.3 * turn, maxTokens: fileTokens });
  if (answer.cut) return 'the file was too long; keep it short';
  if (answer.code.trim() === '') return 'the answer must be one code block';
  const isTest = /\bfunc Test\w*\(\w+ \*testing\.T\)/.test(answer.code);
  if (isTests && !isTest) return 'there is no func TestName(t *testing.T) in it';
  if (!isTests && isTest) return `the tests belong into ${testPath}`;
  const before = isTests ? tests : text;
  // What the tests of this turn were wrong about may go; what was there before may not.
  const lost = before === null || (isTests && problem !== '') ? [] : lostNames(path, before, answer.code, code.wish);
  if (lost.length > 0) return `the answer leaves out ${lost.join(', ')}: keep what is there`;
  await files.write(path, `${answer.code.trimEnd()}\n`);
  return null;
}

/** What the compiler finds in the code is mended there; what fails, by turns, since either may be wrong. */
function nextToMend({ evidence }: TestsOutcome, path: string, last: 'tests' | 'code'): 'tests' | 'code' {
  const name = path.split('/').at(-1) ?? path;
  const isInCode = new RegExp(`(?:^|[\\s/])${name.replace('.', '\\.')}:\\d+`, 'm').test(evidence.detail ?? '');
  if (isInCode) return 'code';
  const ranAndFailed = (evidence.ran ?? 0) > 0 && (evidence.failed ?? 0) > 0;
  return ranAndFailed && last === 'tests' ? 'code' : 'tests';
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/\.$/, '');
}
