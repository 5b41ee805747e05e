import { WilsonError } from '../../errors.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { countSteps } from '../step-counter.js';
import { askForCode } from './ask.js';
import type { RunInWorkspace } from './commands.js';
import { lostNames } from './kept-names.js';
import { failed, finished } from './outcome.js';
import type { CodeRequest } from './request.js';
import type { WorkspaceFiles } from './workspace-files.js';
import { hasGo, writeGoTests } from './write-go-tests.js';

const fileTokens = 1_500;
const attemptLimit = 3;
const shownNames = 8;

/**
 * Writes one file of a language that has no guided way: whole, checked by the language's own parser where there is one. What
 * the file declared must still be in it. Tests are written in Go alone, where it is installed.
 */
export async function writeFile(
  context: AgentContext,
  files: WorkspaceFiles,
  run: RunInWorkspace,
  request: CodeRequest,
  path: string,
): Promise<AgentResult> {
  const steps = countSteps(context, 3);
  const before = await files.read(path);
  const testsGo = request.wantsTests && path.endsWith('.go') && !path.endsWith('_test.go') && (await hasGo(run));
  if (testsGo && request.kind === 'tests' && before !== null) {
    steps.next(`writing tests for ${path}`);
    return writeGoTests(context, files, { path, wish: request.wish, isOurs: false });
  }
  const shown = before === null ? '' : `The file ${path} holds:\n\`\`\`\n${before.trimEnd()}\n\`\`\`\n\n`;
  const keep = before === null ? '' : ' Keep what is not to be changed.';
  const system =
    'You are an expert programmer. You answer with one code block that holds one whole file, and nothing else.';
  const content = `${shown}${request.wish}\n\nAnswer with the whole content of ${path}.${keep}`;
  let problem = 'the answer holds no code';
  steps.next(`writing ${path}`);
  for (let turn = 0; turn < attemptLimit; turn += 1) {
    const messages = [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: turn === 0 ? content : `${content}\n\nMind this: ${problem}.` },
    ];
    const { code, cut } = await askForCode(context, messages, { temperature: 0.3 * turn, maxTokens: fileTokens });
    if (cut || code.trim() === '') {
      problem = cut ? 'the file was too long; keep it short' : 'the answer must be one code block';
      continue;
    }
    const lost = before === null ? [] : lostNames(path, before, code, request.wish);
    if (lost.length > 0) {
      problem = `the answer leaves out ${lost.slice(0, shownNames).join(', ')}, which the file has; keep it`;
      context.log('warn', `draft ${turn + 1}: ${problem}`);
      continue;
    }
    await files.write(path, `${code.trimEnd()}\n`);
    const fault = await parseFault(run, path, code);
    if (fault === null) {
      if (testsGo) {
        steps.next(`writing tests for ${path}`);
        return writeGoTests(context, files, { path, wish: request.wish, isOurs: true });
      }
      if (request.wantsTests) {
        return failed(
          'TESTS_FAILED',
          `Tests were asked for, and ${path} has none that can be run here.`,
          `${path} was written without tests.`,
        );
      }
      steps.next('checking the result');
      return finished(`${path} was written (${code.split('\n').length} lines). It was not run.`, [
        { check: 'files_changed', paths: [path] },
        { check: 'parses', paths: [path] },
      ]);
    }
    problem = fault;
    context.log('warn', `draft ${turn + 1}: ${fault}`);
  }
  if (before === null) await files.remove(path);
  else await files.write(path, before);
  return failed('NO_USABLE_CODE', `The model gave no usable ${path}: ${problem}.`, 'Nothing was written.');
}

/** Why the file does not parse; null when it does, or when nothing here can tell. */
async function parseFault(run: RunInWorkspace, path: string, text: string): Promise<string | null> {
  if (path.endsWith('.json')) {
    try {
      JSON.parse(text);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  if (!/\.(?:sh|bash)$/.test(path)) return null;
  try {
    const result = await run(['bash', '-n', path], { own: true });
    return result.exitCode === 0 ? null : result.stderr.trim().slice(0, 200);
  } catch (error) {
    // No bash here: nothing can tell, and the supervisor will say the same.
    if (error instanceof WilsonError && error.code === 'COMMAND_NOT_FOUND') return null;
    throw error;
  }
}
