import type { CommandRunner } from '../platform/command.js';
import type { CheckEvidence } from '../task/definition-of-done.js';
import { detailOf } from './evidence.js';
import { type LinesByFile, mergeLines, percentOf } from './line-coverage.js';
import type { SeenTest } from './test-run.js';

export const defaultTestTimeoutMs = 60_000;

export interface RunTestsOptions {
  readonly root: string;
  /** Test files to run, relative to the root. */
  readonly testFiles: readonly string[];
  /** The code that they must exercise; empty means whatever code of the workspace they load. */
  readonly modules: readonly string[];
  readonly commands: CommandRunner;
  readonly signal: AbortSignal;
  /** Where the scratch copy is made. */
  readonly scratchParent: string;
  /** Of each run; the default is 60 s. */
  readonly timeoutMs?: number;
}

export interface TestsOutcome {
  readonly passed: boolean;
  /** With the coverage of the code under test where the run itself told it. */
  readonly evidence: CheckEvidence;
  /** The lines of that code: what `modules` names, or else what was loaded. */
  readonly lines: LinesByFile;
  /** Why lines are not known, one reason for each language. */
  readonly unmeasured: readonly string[];
  /** What was executed; nothing where a command of the project ran it, which tells counts alone. */
  readonly tests: readonly SeenTest[];
  /** Why nothing here can run some of the files, whatever is in them; null where all could be tried. */
  readonly notRunnable: string | null;
}

/** For tests that were not run. */
export function refused(reason: string): TestsOutcome {
  const evidence = { ran: 0, failed: 0, detail: detailOf(reason) };
  return { passed: false, evidence, lines: new Map(), unmeasured: [], tests: [], notRunnable: null };
}

/** For tests that nothing here can run. */
export function refusedForGood(reason: string): TestsOutcome {
  return { ...refused(reason), notRunnable: reason };
}

export function coverageOf(lines: LinesByFile): Pick<CheckEvidence, 'coverage'> {
  const coverage = percentOf(lines.values());
  return coverage === null ? {} : { coverage };
}

export function withDetail(evidence: CheckEvidence, reason: string, detail: string): CheckEvidence {
  return { ...evidence, detail: `${reason}\n${detailOf(detail)}`.trim().slice(0, 2_000) };
}

/** Every language must pass by itself; the counts are summed. */
export function combine(outcomes: readonly TestsOutcome[]): TestsOutcome {
  const [only] = outcomes;
  if (only !== undefined && outcomes.length === 1) return only;
  const sum = (key: 'ran' | 'failed' | 'skipped'): number =>
    outcomes.reduce((total, outcome) => total + (outcome.evidence[key] ?? 0), 0);
  const texts = (key: 'command' | 'detail', separator: string): string =>
    outcomes.flatMap((outcome) => outcome.evidence[key] ?? []).join(separator);
  const lines = mergeLines(outcomes.map((outcome) => outcome.lines));
  const unmeasured = outcomes.flatMap((outcome) => outcome.unmeasured);
  return {
    passed: outcomes.every((outcome) => outcome.passed),
    lines,
    unmeasured,
    tests: outcomes.flatMap((outcome) => outcome.tests),
    notRunnable: outcomes.find((outcome) => outcome.notRunnable !== null)?.notRunnable ?? null,
    evidence: {
      command: texts('command', ' && '),
      exitCode: Math.max(...outcomes.map((outcome) => outcome.evidence.exitCode ?? 1)),
      ran: sum('ran'),
      failed: sum('failed'),
      skipped: sum('skipped'),
      paths: outcomes.flatMap((outcome) => outcome.evidence.paths ?? []),
      // A figure for a part of the languages would be taken for all of them.
      ...(unmeasured.length > 0 ? {} : coverageOf(lines)),
      ...withoutCode(outcomes),
      ...(texts('detail', '\n') === '' ? {} : { detail: detailOf(texts('detail', '\n')) }),
    },
  };
}

/** Nothing is said where it was not tried in one of the languages and they fail in the others. */
function withoutCode(outcomes: readonly TestsOutcome[]): Pick<CheckEvidence, 'failsWithoutCode'> {
  if (outcomes.every(({ evidence }) => evidence.failsWithoutCode === true)) return { failsWithoutCode: true };
  const untried = outcomes.some(({ passed, evidence }) => passed && evidence.failsWithoutCode === undefined);
  return untried && outcomes.every(({ evidence }) => evidence.failsWithoutCode !== false)
    ? {}
    : { failsWithoutCode: false };
}
