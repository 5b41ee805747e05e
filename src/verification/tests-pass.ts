import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import { walk } from '../workspace/walk.js';
import { type CheckContext, presentFiles } from './check-context.js';
import { objectionOfEarlierTests } from './earlier-tests.js';
import { failed } from './evidence.js';
import { isCode, isTestFile, languageOf } from './languages.js';
import { missingFiles } from './plain-file.js';

/** Existing test files that are tried when the task wrote none. */
const existingLimit = 200;

/**
 * Runs tests and looks whether they are evidence (see `runTests`). Which ones: those that the check names; without
 * `paths`, those that the task wrote or changed, or, when there are none, those that the workspace has; with an empty
 * list, only those that the task wrote or changed. With `earlier`, those that were there before have a say as well.
 */
export async function checkTests(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
  const present = presentFiles(context);
  const modules = present.filter((file) => languageOf(file) !== null && !isTestFile(file));
  const named = spec.paths ?? [];
  const missing = await missingFiles(context.workspace.root, named);
  if (missing.length > 0) return failed(spec, { ran: 0, failed: 0, detail: `Not there: ${missing.join(', ')}` });
  // Settings of tests are none themselves.
  const own = present.filter((file) => isTestFile(file) && !file.endsWith('conftest.py'));
  let testFiles = named.length > 0 ? [...named] : own;
  if (testFiles.length === 0 && spec.paths !== undefined) {
    return failed(spec, { ran: 0, failed: 0, detail: 'No test was written' });
  }
  if (testFiles.length === 0) testFiles = await existingTests(context, modules);
  const untested = present.filter((file) => isCode(file) && languageOf(file) === null && !isTestFile(file));
  if (testFiles.length === 0 && untested.length > 0) {
    return failed(spec, { ran: 0, failed: 0, detail: `There is no test runner here for ${untested.join(', ')}` });
  }
  const outcome = await context.runTests({ testFiles, modules });
  const { passed, evidence } = outcome;
  if (!passed || spec.earlier === undefined) return { ...spec, passed, evidence };
  const objection = await objectionOfEarlierTests(spec.earlier, outcome, testFiles, context);
  return objection === null ? { ...spec, passed, evidence } : failed(spec, { ...evidence, detail: objection });
}

/** Test files of the workspace in the languages of some modules; of every language that can be run where there is none. */
export async function existingTests(context: CheckContext, modules: readonly string[]): Promise<string[]> {
  const languages = new Set(modules.map(languageOf));
  const found: string[] = [];
  const options = { excludes: '', without: [], signal: context.signal };
  for await (const file of walk(context.workspace.root, options)) {
    const language = languageOf(file.path);
    if (file.kind !== 'file' || language === null || !isTestFile(file.path)) continue;
    if (languages.size === 0 || languages.has(language)) found.push(file.path);
    if (found.length >= existingLimit) break;
  }
  return found;
}
