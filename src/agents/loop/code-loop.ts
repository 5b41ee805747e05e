import type { OrchestrationTool } from '../../task/orchestration.js';
import { orchestrationTools } from '../../tools/orchestration-tools.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { runInWorkspace } from '../code/commands.js';
import { isTestPath } from '../code/file-names.js';
import { createJavaScript } from '../code/javascript/javascript.js';
import type { Language, TestRun } from '../code/language.js';
import { checksFor, failed, finished } from '../code/outcome.js';
import { createPython } from '../code/python/python.js';
import { readRequest } from '../code/request.js';
import { WorkspaceFiles } from '../code/workspace-files.js';
import { blockedBy } from './ask-user.js';
import { changedSince, fingerprints } from './changed-files.js';
import type { LoopOutcome } from './tool-loop.js';
import { openingText, workspaceLoop } from './workspace-loop.js';

const answerTokens = 2_048;
/** How often the model is told that its result does not hold. */
const objectionLimit = 3;

/** What a programmer needs of the supervisor; the rest of the tools is for planners and reviewers. */
const familyTools: readonly OrchestrationTool[] = [
  'delegate_task',
  'poll_tasks',
  'check_task_progress',
  'request_review',
];

const system =
  'You are a careful programmer who works in a folder with tools. Look at the files you need, write or edit files, run ' +
  'the tests, and mend what fails. Do one thing at a time. For work of several steps, write them down with update_plan ' +
  'and tick them off. When all is done, answer with one or two sentences.';

/**
 * The open way of working for models that use tools well: they read, write and run as they see fit. What they say about
 * it decides nothing: afterwards the files that changed are looked at and the tests are run.
 */
export async function codeLoop(context: AgentContext): Promise<AgentResult> {
  const { order } = context;
  const files = new WorkspaceFiles(order.workspaceRoot);
  const request = readRequest(order.description);
  const tools = orchestrationTools((tool, args) => context.call(tool, args), familyTools);
  const loop = workspaceLoop(context, { system, answerTokens, tools });
  const before = await fingerprints(files);
  const testsToo = request.wantsTests ? '\n\nWrite the tests into files of their own and run them.' : '';
  let outcome = await loop.say(`${openingText(context)}${testsToo}`);
  for (let objections = 0; ; objections += 1) {
    const changed = changedSince(before, await fingerprints(files));
    if (outcome.call !== undefined) {
      return blockedBy(
        outcome.call.arguments,
        changed.length === 0 ? 'Nothing was written yet.' : `So far: ${changed.join(', ')}.`,
      );
    }
    const objection = await objectionTo(context, files, changed, request.wantsTests);
    if (objection === null) {
      const tests = changed.filter(isTestPath);
      const tested = request.wantsTests ? `; the tests in ${tests.join(', ')} ran and passed` : '';
      return finished(`${changed.join(', ')} changed${tested}.`, checksFor(changed, request.wantsTests ? tests : []));
    }
    context.log('warn', objection);
    const over = outcome.end === 'repeats' || outcome.end === 'bad-calls' || loop.turnsLeft === 0;
    if (over || objections >= objectionLimit) return giveUp(outcome, objection, changed, request.wantsTests);
    outcome = await loop.say(`That is not done yet: ${objection}`);
  }
}

function giveUp(outcome: LoopOutcome, objection: string, changed: readonly string[], wantsTests: boolean): AgentResult {
  const code = changed.length === 0 ? 'NOTHING_WRITTEN' : wantsTests ? 'TESTS_FAILED' : 'NO_USABLE_CODE';
  const why = outcome.reason === '' ? objection : `${objection} The model was stopped: ${outcome.reason}.`;
  const left = changed.length === 0 ? 'Nothing was written.' : `${changed.join(', ')} changed, but: ${objection}`;
  return failed(code, why, left);
}

/** What speaks against the result, as a sentence for the model and for people; null when nothing does. */
async function objectionTo(
  context: AgentContext,
  files: WorkspaceFiles,
  changed: readonly string[],
  wantsTests: boolean,
): Promise<string | null> {
  if (changed.length === 0) return 'no file was written or changed.';
  const run = runInWorkspace(context);
  const languages: Language[] = [createPython(run), await createJavaScript(run, files)];
  const languageOf = (file: string): Language | undefined =>
    languages.find((each) => each.extensions.some((end) => file.endsWith(end)));
  for (const file of changed) {
    const fault = await languageOf(file)?.checkSyntax(file);
    if (fault !== undefined && fault !== null) return `${file} does not parse: ${fault}`;
  }
  if (!wantsTests) return null;
  const tests = changed.filter((file) => isTestPath(file) && languageOf(file) !== undefined);
  if (tests.length === 0) return 'no test file was written.';
  for (const language of languages) {
    const mine = tests.filter((file) => languageOf(file) === language);
    if (mine.length === 0) continue;
    const result: TestRun = await language.runTests(mine);
    if (result.ran === 0) return `no test in ${mine.join(', ')} ran:\n${result.output.slice(-600)}`;
    if (result.failed > 0) return `${result.failed} of ${result.ran} tests fail:\n${result.output.slice(-1_200)}`;
  }
  return null;
}
