import type { OrchestrationTool } from '../../task/orchestration.js';
import { orchestrationTools } from '../../tools/orchestration-tools.js';
import { isCode, isTestFile } from '../../verification/languages.js';
import { testFilesAmong } from '../../verification/test-files.js';
import type { AgentContext, AgentResult } from '../agent.js';
import { runInWorkspace } from '../code/commands.js';
import { createJavaScript } from '../code/javascript/javascript.js';
import type { Language } from '../code/language.js';
import { checksFor, failed, failedByRules, finished } from '../code/outcome.js';
import { createPython } from '../code/python/python.js';
import { readRequest } from '../code/request.js';
import { WorkspaceFiles } from '../code/workspace-files.js';
import { measureTests } from '../test/run-suite.js';
import { blockedBy } from './ask-user.js';
import { changedSince, fingerprints } from './changed-files.js';
import type { LoopOutcome } from './tool-loop.js';
import { openingText, workspaceLoop } from './workspace-loop.js';

const answerTokens = 2_048;
/** How often the model is told that its result does not hold. */
const objectionLimit = 3;
const detailChars = 1_200;
const runnerHint = 'Set up the test runner in your folder, or ask for the code without tests.';

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
      const tests = await testsIn(files, changed);
      const tested = request.wantsTests ? `; the tests in ${tests.join(', ')} ran and passed` : '';
      return finished(`${changed.join(', ')} changed${tested}.`, checksFor(changed, request.wantsTests ? tests : []));
    }
    context.log('warn', objection.text);
    if (objection.forGood) {
      return failedByRules(
        'NO_TEST_RUNNER',
        objection.text,
        `${changed.join(', ')} changed; no test was run.`,
        runnerHint,
      );
    }
    const over = outcome.end === 'repeats' || outcome.end === 'bad-calls' || loop.turnsLeft === 0;
    if (over || objections >= objectionLimit) return giveUp(outcome, objection.text, changed, request.wantsTests);
    outcome = await loop.say(`That is not done yet: ${objection.text}`);
  }
}

function giveUp(outcome: LoopOutcome, objection: string, changed: readonly string[], wantsTests: boolean): AgentResult {
  const code = changed.length === 0 ? 'NOTHING_WRITTEN' : wantsTests ? 'TESTS_FAILED' : 'NO_USABLE_CODE';
  const why = outcome.reason === '' ? objection : `${objection} The model was stopped: ${outcome.reason}.`;
  const left = changed.length === 0 ? 'Nothing was written.' : `${changed.join(', ')} changed, but: ${objection}`;
  return failed(code, why, left);
}

/** What speaks against a result, as a sentence for the model and for people. */
interface Objection {
  readonly text: string;
  /** The model can do nothing about it, e.g. since nothing here runs such tests. */
  readonly forGood: boolean;
}

/** Null when nothing speaks against it. */
async function objectionTo(
  context: AgentContext,
  files: WorkspaceFiles,
  changed: readonly string[],
  wantsTests: boolean,
): Promise<Objection | null> {
  const mendable = (text: string): Objection => ({ text, forGood: false });
  if (changed.length === 0) return mendable('no file was written or changed.');
  const run = runInWorkspace(context);
  const languages: Language[] = [createPython(run), await createJavaScript(run, files)];
  for (const file of changed) {
    const language = languages.find((each) => each.extensions.some((end) => file.endsWith(end)));
    const fault = await language?.checkSyntax(file);
    if (fault !== undefined && fault !== null) return mendable(`${file} does not parse: ${fault}`);
  }
  if (!wantsTests) return null;
  const tests = await testsIn(files, changed);
  if (tests.length === 0) return mendable('no test file was written.');
  const code = changed.filter((file) => isCode(file) && !tests.includes(file) && !isTestFile(file));
  // As the supervisor will: what it would refuse is told while it can be mended.
  const outcome = await measureTests(context, tests, code);
  if (outcome.passed) return null;
  if (outcome.notRunnable !== null) return { text: outcome.notRunnable, forGood: true };
  const { ran = 0, detail = '' } = outcome.evidence;
  const why = detail.length > detailChars ? `${detail.slice(0, detailChars)}…` : detail;
  return mendable(ran === 0 ? `no test in ${tests.join(', ')} ran: ${why}` : why);
}

/** The changed files that hold tests, without their settings. */
async function testsIn(files: WorkspaceFiles, changed: readonly string[]): Promise<string[]> {
  return (await testFilesAmong(files.root, changed)).filter((file) => !file.endsWith('conftest.py'));
}
