import type { CommandRunner } from '../platform/command.js';
import type { LinesByFile } from './line-coverage.js';
import type { ScratchCopy } from './scratch-copy.js';

/** How the modules under test are changed before a run: as they are, or with every function body replaced. */
export type Variant = 'as-is' | 'returns-none' | 'returns-object';

export interface TestRunRequest {
  readonly scratch: ScratchCopy;
  /** The workspace that was copied. */
  readonly root: string;
  /** Relative to the tree. */
  readonly testFiles: readonly string[];
  /** Modules that a variant other than `as-is` hollows out. */
  readonly modules: readonly string[];
  readonly variant: Variant;
  /** Files whose lines are wanted although no test may load them; null where nothing is measured. */
  readonly measure: readonly string[] | null;
  readonly commands: CommandRunner;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** An executed test. */
export interface SeenTest {
  /** As its file calls it, without class and file, which a test may be moved to another of. */
  readonly name: string;
  readonly passed: boolean;
}

/** What was seen of one run of tests. */
export interface TestRun {
  /** What was run, as people would write it. */
  readonly command: string;
  readonly exitCode: number | null;
  /** Executed tests; skipped ones do not count. */
  readonly ran: number;
  readonly failed: number;
  readonly skipped: number;
  /** The executed tests; one that has parameters is there once for each set of them. */
  readonly tests: readonly SeenTest[];
  /** Files of the tree whose code was loaded (or, where it can be told, run) by the tests. */
  readonly loaded: readonly string[];
  /** Of the files that were loaded or are to be measured, the lines with code and those that were run. */
  readonly lines: LinesByFile;
  /** Why `lines` are not to be believed; null otherwise. */
  readonly unmeasured: string | null;
  /** Why the run counts for nothing, e.g. a time-out; null otherwise. */
  readonly problem: string | null;
  readonly detail: string;
}

export type TestRunner = (request: TestRunRequest) => Promise<TestRun>;

/** Whether every executed test passed and at least one was executed. */
export function isGreen(run: TestRun): boolean {
  return run.problem === null && run.ran > 0 && run.failed === 0;
}

export function brokenRun(command: string, problem: string, detail: string, exitCode: number | null): TestRun {
  const nothing = { ran: 0, failed: 0, skipped: 0, tests: [], loaded: [], lines: new Map(), unmeasured: problem };
  return { command, exitCode, ...nothing, problem, detail };
}

/** The same for tests that were still running when their time was over. */
export function lateRun(command: string, timeoutMs: number, detail: string): TestRun {
  return brokenRun(command, `The tests did not end within ${Math.round(timeoutMs / 1000)} s`, detail, null);
}

/** Bytes kept of what tests print; the counts do not come from there. */
export const testOutputLimitBytes = 16_000;
