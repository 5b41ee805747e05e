import { WilsonError } from '../errors.js';
import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import type { ChangeSet } from '../workspace/changes.js';
import type { CheckContext } from './check-context.js';
import { isPartOfAnother, seenTests, withoutCounterpart } from './earlier-tests.js';
import { failed, notChecked, passed } from './evidence.js';
import {
  familyOf,
  isCode,
  isInstalled,
  isProjectSettings,
  isTestFile,
  isTestSettings,
  languageOf,
} from './languages.js';
import { testCommandFor } from './project-tests.js';
import { putBack, removeInside } from './put-back.js';
import { runProjectCommand } from './run-project-command.js';
import { makeScratchCopy, type ScratchCopy } from './scratch-copy.js';

/** Test files that are run at most. */
const filesLimit = 200;
const namesLimit = 50;

/** What was seen of tests in one state of the code. */
interface Seen {
  readonly ran: number;
  readonly passed: readonly string[];
  /** As many passed whose names are not told. */
  readonly unnamed: number;
  /** Names that failed, of a command that tells no others. */
  readonly failedNames: readonly string[];
  /** Why some could not be run. */
  readonly problems: readonly string[];
  readonly isGreen: boolean;
}

/**
 * Whether tests that the task did not touch, and that passed before it, pass on its code as well. `unbroken`: they have to;
 * `watched`: those that do not are named. They are run on the code as it was only where something fails now, or where settings
 * were changed that could leave tests out. Null where there are none.
 */
export async function checkUntouched(spec: CheckSpec, context: CheckContext): Promise<CheckResult | null> {
  // What a subtask finds are files of its siblings: those of the user are looked at with the whole.
  if (await isPartOfAnother(context.workspace)) return null;
  const files = untouchedFiles(context.found);
  if (files.length === 0) return null;
  try {
    return await compare(spec, files, context);
  } catch (error) {
    // A runner that is not installed here says nothing about the code.
    if (!(error instanceof WilsonError) || error.code === 'ABORTED') throw error;
    return notTried(spec, error.message);
  }
}

async function compare(spec: CheckSpec, files: readonly string[], context: CheckContext): Promise<CheckResult | null> {
  const { found } = context;
  const now = await see(files, context, 'now');
  if (now === null) return null;
  const hidesTests = found.changes.some(({ path: name }) => isTestSettings(name) || isProjectSettings(name));
  const paths = files.slice(0, namesLimit);
  const failing = now.ran - now.passed.length - now.unnamed;
  const counts = { ran: now.ran, failed: failing, paths };
  if (now.isGreen && !hidesTests) return passed(spec, { ...counts, broken: { count: 0, names: [] } });
  const before = await see(files, context, 'before');
  if (before === null || before.passed.length + before.unnamed === 0) {
    return notTried(spec, before?.problems[0] ?? 'none of them passed before');
  }
  const passedBefore = before.passed.map((name) => ({ name }));
  const names = withoutCounterpart(passedBefore, now.passed).map(({ name }) => name);
  const unnamed = Math.max(0, before.unnamed - now.unnamed);
  const told = unnamed === 0 ? [] : now.failedNames.filter((name) => !before.failedNames.includes(name));
  const broken = { count: names.length + unnamed, names: [...new Set([...names, ...told])].slice(0, namesLimit) };
  const evidence = { ...counts, broken };
  return broken.count > 0 && spec.earlier === 'unbroken' ? failed(spec, evidence) : passed(spec, evidence);
}

function notTried(spec: CheckSpec, why: string): CheckResult {
  return notChecked(spec, { detail: `The tests that were there were not tried: ${why}` });
}

/** Tests that the task left alone, in the languages whose code it changed. */
function untouchedFiles({ manifest, changes }: ChangeSet): string[] {
  const touched = new Set(changes.map((change) => change.path));
  const families = new Set([...touched].filter(isCode).map(kinOf));
  const all = [...touched].some(isProjectSettings);
  return [...manifest.keys()]
    .filter((file) => isTestFile(file) && !isTestSettings(file) && !isInstalled(file) && !touched.has(file))
    .filter((file) => all || families.has(kinOf(file)))
    .slice(0, filesLimit);
}

/** JavaScript and TypeScript call each other. */
function kinOf(file: string): string {
  const family = familyOf(file);
  return family === 'typescript' ? 'javascript' : family;
}

/** Null where nothing runs any of them. */
async function see(files: readonly string[], context: CheckContext, state: 'now' | 'before'): Promise<Seen | null> {
  const { workspace, found, commands, signal, timeouts } = context;
  const scratch = await makeScratchCopy(workspace.root, workspace.metaDir, signal);
  try {
    if (state === 'before') putBack(scratch.tree, found, workspace, { restores: () => true, removes: () => true });
    // The task's own tests have their own check, and must not be counted among those that were there.
    for (const { path: name } of found.changes) {
      if (isTestFile(name) && !isTestSettings(name)) removeInside(scratch.tree, name);
    }
    const countable = files.filter((file) => languageOf(file) !== null);
    const options = { workspace, commands, signal, timeoutMs: timeouts.testsMs };
    const { tests, problems } = await seenTests(countable, scratch, options);
    const others = await seeOthers(
      files.filter((file) => languageOf(file) === null),
      scratch,
      options,
    );
    if (countable.length === 0 && others === null) return null;
    const good = tests.filter((test) => test.passed).map((test) => test.name);
    return {
      ran: tests.length + (others?.ran ?? 0),
      passed: good,
      unnamed: others?.passed ?? 0,
      failedNames: others?.failedNames ?? [],
      problems: [...problems, ...(others?.problem === undefined ? [] : [others.problem])],
      isGreen: good.length === tests.length && others?.problem === undefined,
    };
  } finally {
    await scratch.remove();
  }
}

interface SeenOthers {
  readonly ran: number;
  readonly passed: number;
  readonly failedNames: readonly string[];
  readonly problem?: string;
}

async function seeOthers(
  files: readonly string[],
  scratch: ScratchCopy,
  options: Parameters<typeof runProjectCommand>[2],
): Promise<SeenOthers | null> {
  const placed = files.length === 0 ? null : await testCommandFor(scratch.tree, files);
  if (placed === null) return null;
  const run = await runProjectCommand(placed, scratch, options);
  const { ran, failed: bad } = run.counts ?? { ran: 0, failed: 0 };
  const seen = { ran, passed: ran - bad, failedNames: run.failedNames };
  if (run.exitCode === 0 && run.counts !== null) return seen;
  const end = run.timedOut ? 'did not end in time' : `ended with exit code ${run.exitCode ?? 'none'}`;
  const problem = run.exitCode === 0 ? `\`${run.text}\` does not say how many tests ran` : `\`${run.text}\` ${end}`;
  return { ...seen, problem };
}
