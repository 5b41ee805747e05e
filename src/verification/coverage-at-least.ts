import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckEvidence, CheckResult, CheckSpec } from '../task/definition-of-done.js';
import { walk } from '../workspace/walk.js';
import { type CheckContext, presentFiles } from './check-context.js';
import { failed, passed } from './evidence.js';
import { isCode, isTestFile, languageOf } from './languages.js';
import { type FileLines, fileText, percentOf, reaches } from './line-coverage.js';
import { codeLines, pythonCodeLines } from './source-lines.js';
import type { TestsOutcome } from './tests-outcome.js';
import { existingTests } from './tests-pass.js';

const detailLimit = 2_000;
const pathsLimit = 100;

/**
 * Measures which lines of the code that the check names are run by the tests of the workspace; without names, of the code
 * that the task changed; where it changed none, of what its own tests load. A file that no test loads counts 0%. Tests
 * that do not pass, or would pass without the code, give no coverage.
 */
export async function checkCoverage(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
  const { percent } = spec;
  if (percent === undefined) return failed(spec, { detail: 'The check names no percentage' });
  const present = presentFiles(context);
  const code = await codeToMeasure(spec, context, present);
  if (typeof code === 'string') return failed(spec, { detail: code });
  // What a command of the project runs tells no lines.
  const own = present.filter((file) => isTestFile(file) && languageOf(file) !== null);
  const testFiles = code.modules.length === 0 ? own : await allTests(context, own, code.modules);
  if (testFiles.length === 0) return failed(spec, { ran: 0, failed: 0, detail: 'There is no test, so no line is run' });

  const outcome = await context.runTests({ testFiles, modules: code.modules });
  const { command, exitCode, ran, failed: broken } = outcome.evidence;
  const evidence: CheckEvidence = {
    ...(command === undefined ? {} : { command }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(ran === undefined ? {} : { ran }),
    ...(broken === undefined ? {} : { failed: broken }),
  };
  if (!outcome.passed) return failed(spec, { ...evidence, detail: outcome.evidence.detail ?? 'The tests do not pass' });
  if (outcome.unmeasured.length > 0) {
    return failed(spec, { ...evidence, detail: `Coverage could not be measured: ${outcome.unmeasured.join('; ')}` });
  }
  const files = await linesOf(context, outcome, code.modules, testFiles);
  const unknown = code.modules.filter((file) => !files.has(file));
  const covered = percentOf(files.values());
  if (covered === null || unknown.length > 0) {
    const what = unknown.length > 0 ? ` of ${unknown.join(', ')}` : '';
    return failed(spec, { ...evidence, detail: `There are no lines${what} to measure` });
  }
  const isEnough = reaches(percent, files.values());
  const reason = isEnough ? [] : [`${covered}% of the lines are run, ${percent}% are wanted`];
  const measured: CheckEvidence = {
    ...evidence,
    coverage: covered,
    paths: [...files.keys()].slice(0, pathsLimit),
    ...(code.others.length === 0 ? {} : { unchecked: code.others.slice(0, pathsLimit) }),
    detail: [...reason, ...othersText(code.others), ...fileTexts(files)].join('\n').slice(0, detailLimit),
  };
  return isEnough ? passed(spec, measured) : failed(spec, measured);
}

interface CodeToMeasure {
  readonly modules: readonly string[];
  /** Code in languages whose coverage cannot be measured here. */
  readonly others: readonly string[];
}

function othersText(others: readonly string[]): string[] {
  const kinds = [...new Set(others.map((file) => path.posix.extname(file)))];
  return others.length === 0 ? [] : [`Coverage cannot be measured here for ${kinds.join(', ')}`];
}

/** The files, or why there are none. */
async function codeToMeasure(
  spec: CheckSpec,
  context: CheckContext,
  present: readonly string[],
): Promise<CodeToMeasure | string> {
  const named = (spec.paths ?? []).map((name) => name.replace(/\/+$/, ''));
  const candidates = named.length === 0 ? present : await filesOf(context);
  const isMeant = (file: string): boolean =>
    named.length === 0 || named.some((name) => name === '.' || file === name || file.startsWith(`${name}/`));
  const code = candidates.filter((file) => isCode(file) && !isTestFile(file) && isMeant(file));
  const modules = code.filter((file) => languageOf(file) !== null);
  const others = code.filter((file) => languageOf(file) === null);
  const missing = named.filter((name) => name !== '.' && !code.some((file) => `${file}/`.startsWith(`${name}/`)));
  if (missing.length > 0) return `There is no code to measure at ${missing.join(', ')}`;
  if (modules.length === 0 && others.length > 0) return `Coverage cannot be measured here for ${others.join(', ')}`;
  return { modules, others };
}

async function filesOf(context: CheckContext): Promise<string[]> {
  const files: string[] = [];
  const options = { excludes: '', without: [], signal: context.signal };
  for await (const file of walk(context.workspace.root, options)) if (file.kind === 'file') files.push(file.path);
  return files;
}

/** The task's tests together with those that were there before, which run the code too. */
async function allTests(
  context: CheckContext,
  own: readonly string[],
  modules: readonly string[],
): Promise<readonly string[]> {
  const existing = (await existingTests(context, modules)).filter((file) => languageOf(file) !== null);
  return [...new Set([...own, ...existing])];
}

/** The lines of the modules; of a language in which no test was run, the runners tell nothing, so no line was run. */
async function linesOf(
  context: CheckContext,
  outcome: TestsOutcome,
  modules: readonly string[],
  testFiles: readonly string[],
): Promise<ReadonlyMap<string, FileLines>> {
  if (modules.length === 0) return outcome.lines;
  const tested = new Set(testFiles.map(languageOf));
  const files = new Map<string, FileLines>();
  for (const file of modules) {
    const known = outcome.lines.get(file);
    if (known !== undefined) files.set(file, known);
    else if (!tested.has(languageOf(file))) {
      const text = await readFile(path.join(context.workspace.root, file), 'utf8');
      files.set(file, { code: languageOf(file) === 'python' ? pythonCodeLines(text) : codeLines(text), run: [] });
    }
  }
  return files;
}

/** The least covered first. */
function fileTexts(files: ReadonlyMap<string, FileLines>): string[] {
  const ratio = (lines: FileLines): number => (lines.code.length === 0 ? 1 : lines.run.length / lines.code.length);
  return [...files].sort(([, a], [, b]) => ratio(a) - ratio(b)).map(([name, lines]) => fileText(name, lines));
}
