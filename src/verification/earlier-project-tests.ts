import { WilsonError } from '../errors.js';
import type { EarlierTests } from '../task/earlier-tests.js';
import type { ChangeSet } from '../workspace/changes.js';
import type { CheckContext } from './check-context.js';
import { isInstalled, isProjectSettings, isTestFile, languageOf } from './languages.js';
import { testCommandFor } from './project-tests.js';
import { type PutBack, putBack } from './put-back.js';
import { type ProjectRun, runProjectCommand } from './run-project-command.js';
import { makeScratchCopy } from './scratch-copy.js';

/** Tests that were there and that only a command of the project runs. */
export function projectTestFiles({ manifest }: ChangeSet): string[] {
  return [...manifest.keys()].filter((file) => isTestFile(file) && languageOf(file) === null && !isInstalled(file));
}

/**
 * The same as of tests that we run ourselves, by what the project's own command counts: it names no test that passed, so
 * those that got lost show only in the sum.
 */
export async function objectionOfProjectTests(
  wanted: EarlierTests,
  found: ChangeSet,
  context: CheckContext,
): Promise<string | null> {
  const files = projectTestFiles(found);
  const touched = found.changes.some(
    ({ path, before }) => isProjectSettings(path) || (before !== null && files.includes(path)),
  );
  if (files.length === 0 || (wanted === 'kept' && !touched)) return null;
  const isTestOrSettings = (file: string): boolean =>
    (isTestFile(file) && languageOf(file) === null) || isProjectSettings(file);
  const before = await runWith(files, found, context, { restores: isTestOrSettings, removes: isTestOrSettings });
  // Nothing told then how they are run, so nothing can be said of them.
  if (before === null) return null;
  const ran = before.counts?.ran ?? 0;
  const failed = before.counts?.failed ?? 0;
  if (wanted === 'passing' && (failed > 0 || before.exitCode !== 0)) {
    const names = before.failedNames.length === 0 ? '' : `: ${before.failedNames.join(', ')}`;
    const what =
      failed > 0 ? `${failed} of ${ran} tests fail on this code${names}` : `\`${before.text}\` does not pass`;
    return `As they were before the task, ${what}`;
  }
  if (!touched) return null;
  // New tests must not stand for those that got lost; with a file that is gone they may have moved into a new one.
  const mayHaveMoved = found.changes.some(({ path, after }) => after === null && files.includes(path));
  const now = await runWith(files, found, context, {
    restores: () => false,
    removes: (file) => !mayHaveMoved && isTestFile(file) && languageOf(file) === null,
  });
  const left = now?.counts?.ran ?? 0;
  if (left >= ran - failed) return null;
  return `Of ${ran - failed} tests that were there, and pass on this code, ${left} are still run`;
}

/** Null where there is no command, or it cannot be run here. */
async function runWith(
  files: readonly string[],
  found: ChangeSet,
  { workspace, commands, signal, timeouts }: CheckContext,
  which: PutBack,
): Promise<ProjectRun | null> {
  const scratch = await makeScratchCopy(workspace.root, workspace.metaDir, signal);
  try {
    putBack(scratch.tree, found, workspace, which);
    const placed = await testCommandFor(scratch.tree, files);
    if (placed === null) return null;
    return await runProjectCommand(placed, scratch, { commands, signal, timeoutMs: timeouts.testsMs });
  } catch (error) {
    if (!(error instanceof WilsonError) || error.code === 'ABORTED') throw error;
    return null;
  } finally {
    await scratch.remove();
  }
}
