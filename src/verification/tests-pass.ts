import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import { walk } from '../workspace/walk.js';
import { type CheckContext, presentFiles } from './check-context.js';
import { objectionOfEarlierTests } from './earlier-tests.js';
import { failed } from './evidence.js';
import { familyOf, isCode, isTestFile, languageOf } from './languages.js';
import { missingFiles } from './plain-file.js';
import { testCommandFor } from './project-tests.js';
import { noRunner } from './run-project-tests.js';
import { testFilesAmong } from './test-files.js';

/** Existing test files that are tried when the task wrote none. */
const existingLimit = 200;

/**
 * Runs tests and looks whether they are evidence (see `runTests`). Which ones: those that the check names; without
 * `paths`, those that the task wrote or changed, or, when there are none, those that the workspace has; with an empty
 * list, only those that the task wrote or changed. With `earlier`, those that were there before have a say as well.
 */
export async function checkTests(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
  const { root } = context.workspace;
  const present = presentFiles(context);
  const named = spec.paths ?? [];
  const missing = await missingFiles(root, named);
  if (missing.length > 0) return failed(spec, { ran: 0, failed: 0, detail: `Not there: ${missing.join(', ')}` });
  // Settings of tests are none themselves.
  const own = (await testFilesAmong(root, present)).filter((file) => !file.endsWith('conftest.py'));
  const modules = present.filter((file) => isCode(file) && !own.includes(file) && !isTestFile(file));
  let testFiles = named.length > 0 ? [...named] : own;
  if (testFiles.length === 0 && spec.paths !== undefined) {
    return failed(spec, { ran: 0, failed: 0, detail: 'No test was written' });
  }
  if (testFiles.length === 0) testFiles = await existingTests(context, modules);
  const untested = modules.filter((file) => languageOf(file) === null);
  if (testFiles.length === 0 && untested.length > 0 && (await testCommandFor(root, untested)) === null) {
    return failed(spec, { ran: 0, failed: 0, detail: noRunner(untested) });
  }
  const outcome = await context.runTests({ testFiles, modules });
  const { passed, evidence } = outcome;
  if (!passed || spec.earlier === undefined) return { ...spec, passed, evidence };
  const objection = await objectionOfEarlierTests(spec.earlier, outcome, testFiles, context);
  return objection === null ? { ...spec, passed, evidence } : failed(spec, { ...evidence, detail: objection });
}

/**
 * Test files of the workspace in the languages of some modules; of every language where there is none. Those that nothing
 * here runs count only where there are no others.
 */
export async function existingTests(context: CheckContext, modules: readonly string[]): Promise<string[]> {
  const { root } = context.workspace;
  const families = new Set(modules.map(familyOf));
  const found: string[] = [];
  const options = { excludes: '', without: [], signal: context.signal };
  for await (const file of walk(root, options)) {
    if (file.kind !== 'file' || !isTestFile(file.path)) continue;
    if (families.size === 0 || families.has(familyOf(file.path))) found.push(file.path);
    if (found.length >= existingLimit) break;
  }
  const countable = found.filter((file) => languageOf(file) !== null);
  const others = found.filter((file) => languageOf(file) === null);
  if (countable.length === 0 || others.length === 0) return found;
  return (await testCommandFor(root, others)) === null ? countable : found;
}
