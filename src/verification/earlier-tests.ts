import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { EarlierTests } from '../task/earlier-tests.js';
import type { ChangeSet } from '../workspace/changes.js';
import { layoutOf } from '../workspace/layout.js';
import type { Workspace } from '../workspace/workspace.js';
import type { CheckContext } from './check-context.js';
import { objectionOfProjectTests } from './earlier-project-tests.js';
import { isInstalled, isTestFile, isTestSettings, languageOf } from './languages.js';
import { putBack } from './put-back.js';
import { groupByLanguage, runners } from './run-tests.js';
import { makeScratchCopy, type ScratchCopy } from './scratch-copy.js';
import type { SeenTest } from './test-run.js';
import type { TestsOutcome } from './tests-outcome.js';

/** Test files that are run at most. */
const filesLimit = 200;
const namesShown = 8;

/**
 * Whether the tests that were there before the task bear what it says: they are run once more on its code, as they were,
 * without its settings for tests. `passing`: all of them have to pass. In any case, one that passes so and is no longer run
 * was taken away without a reason. Gives what speaks against it, null when nothing does. `now` is the run that passed, of
 * the test files `nowFiles`.
 */
export async function objectionOfEarlierTests(
  wanted: EarlierTests,
  now: TestsOutcome,
  nowFiles: readonly string[],
  context: CheckContext,
): Promise<string | null> {
  // What a subtask finds are files of its siblings: those of the user are looked at with the whole.
  if (await isPartOfAnother(context.workspace)) return null;
  return (
    (await objectionOfCounted(wanted, now, nowFiles, context)) ??
    objectionOfProjectTests(wanted, context.found, context)
  );
}

/** Of those that a runner of ours counts, test by test. */
async function objectionOfCounted(
  wanted: EarlierTests,
  now: TestsOutcome,
  nowFiles: readonly string[],
  context: CheckContext,
): Promise<string | null> {
  const { found } = context;
  const touched = found.changes.map((change) => change.path).filter((file) => isTestFile(file) || isTestSettings(file));
  const files = earlierFiles(wanted, found, touched);
  if (files.length === 0 || (touched.length === 0 && files.every((file) => nowFiles.includes(file)))) return null;
  const before = await runEarlier(files, context);
  const broken = before.filter((test) => !test.passed).map((test) => test.name);
  if (wanted === 'passing' && broken.length > 0) {
    const count = `${broken.length} of ${before.length} tests`;
    return `As they were before the task, ${count} fail on this code: ${listed(broken)}`;
  }
  const lost = lostTests(before, now.tests);
  return lost.length === 0 ? null : `Tests that were there, and pass on this code, are no longer run: ${listed(lost)}`;
}

/** The files of tests that a request speaks of, or else those that the task changed; settings may change them all. */
function earlierFiles(wanted: EarlierTests, { manifest }: ChangeSet, touched: readonly string[]): string[] {
  const all = wanted === 'passing' || touched.some((file) => isTestSettings(file));
  return [...manifest.keys()]
    .filter((file) => isTestFile(file) && languageOf(file) !== null && !isTestSettings(file) && !isInstalled(file))
    .filter((file) => all || touched.includes(file))
    .slice(0, filesLimit);
}

async function runEarlier(files: readonly string[], context: CheckContext): Promise<SeenTest[]> {
  const { workspace, found, commands, signal, timeouts } = context;
  const scratch = await makeScratchCopy(workspace.root, workspace.metaDir, signal);
  try {
    // Tests and their settings as they were; what settings it added would have a say in them.
    putBack(scratch.tree, found, workspace, {
      restores: (file) => isTestFile(file) || isTestSettings(file),
      removes: isTestSettings,
    });
    const options = { workspace, commands, timeoutMs: timeouts.testsMs, signal };
    return (await seenTests(files, scratch, options)).tests;
  } finally {
    await scratch.remove();
  }
}

interface SeenOptions extends Pick<CheckContext, 'workspace' | 'commands' | 'signal'> {
  readonly timeoutMs: number;
}

/** Runs test files of languages with a runner of ours, as they lie in a copy; a run that counts for nothing is one that failed. */
export async function seenTests(
  files: readonly string[],
  scratch: ScratchCopy,
  { workspace, commands, timeoutMs, signal }: SeenOptions,
): Promise<{ tests: SeenTest[]; problems: string[] }> {
  const tests: SeenTest[] = [];
  const problems: string[] = [];
  for (const [language, testFiles] of groupByLanguage(files)) {
    if (language === null) continue;
    const run = await runners[language]({
      ...{ scratch, root: workspace.root, testFiles, modules: [], variant: 'as-is', measure: null },
      ...{ commands, timeoutMs, signal },
    });
    if (run.problem === null) tests.push(...run.tests);
    else {
      problems.push(run.problem);
      tests.push({ name: `${testFiles.join(', ')} (${run.problem})`, passed: false });
    }
  }
  return { tests, problems };
}

/** Names that passed more often before than they are run now. */
function lostTests(before: readonly SeenTest[], now: readonly SeenTest[]): string[] {
  const gone = withoutCounterpart(
    before,
    now.map(({ name }) => name),
  );
  return [...new Set(gone.filter(({ passed }) => passed).map(({ name }) => name))];
}

/** Those of some tests that `now` names less often than they are; in their order. Pure. */
export function withoutCounterpart<T extends Pick<SeenTest, 'name'>>(
  before: readonly T[],
  now: readonly string[],
): T[] {
  const left = new Map<string, number>();
  for (const name of now) left.set(name, (left.get(name) ?? 0) + 1);
  return before.filter(({ name }) => {
    const count = left.get(name) ?? 0;
    left.set(name, count - 1);
    return count <= 0;
  });
}

/** Whether a workspace is that of a subtask. */
export async function isPartOfAnother(workspace: Workspace): Promise<boolean> {
  const all = await realpath(path.dirname(layoutOf(workspace).top));
  return workspace.folder.startsWith(`${all}${path.sep}`);
}

/** The first few names. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  return names.length > namesShown ? `${shown} and ${names.length - namesShown} more` : shown;
}
