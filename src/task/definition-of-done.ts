import type { EarlierTests } from './earlier-tests.js';

/** The fixed vocabulary of the Definition of Done: a plan picks from it and cannot add to it. */
export const checkNames = [
  'file_exists',
  'files_changed',
  'parses',
  'command_succeeds',
  'tests_pass',
  'coverage_at_least',
  'review_approved',
  'report_written',
] as const;
export type CheckName = (typeof checkNames)[number];

/** One thing that must be seen before a task is done. */
export interface CheckSpec {
  readonly check: CheckName;
  /** Paths it is about, relative to the workspace; empty means "all that the task changed". */
  readonly paths?: readonly string[];
  /** For `command_succeeds`: the program and its arguments, run without a shell. */
  readonly command?: readonly string[];
  /** For `coverage_at_least`: percent, 0 to 100. */
  readonly percent?: number;
  /** For `tests_pass`: what is demanded of the tests that were there before the task. */
  readonly earlier?: EarlierTests;
}

/** What the supervisor saw. Only fields that were measured are there. */
export interface CheckEvidence {
  readonly command?: string;
  readonly exitCode?: number;
  /** Tests that were executed (skipped ones do not count). */
  readonly ran?: number;
  readonly failed?: number;
  readonly skipped?: number;
  readonly coverage?: number;
  readonly paths?: readonly string[];
  /** Files that the check is about and could not look at. */
  readonly unchecked?: readonly string[];
  /** Tests were run once more with the module under test emptied: true when they then failed, as they must. */
  readonly failsWithoutCode?: boolean;
  /** Tests that were there, passed before the task and do not now; the names as far as they are known. */
  readonly broken?: { readonly count: number; readonly names: readonly string[] };
  /** The end of the output or the reason, at most 2,000 characters, without control codes. */
  readonly detail?: string;
}

export interface CheckResult extends CheckSpec {
  readonly passed: boolean;
  /** False where there was nothing that it could look at: then it holds nothing up and shows nothing. */
  readonly checked?: false;
  readonly evidence: CheckEvidence;
}

export function isCheckResult(check: CheckSpec | CheckResult): check is CheckResult {
  return 'passed' in check;
}

/** Whether something was looked at: only then is a check that passed evidence. */
export function wasChecked(check: Pick<CheckResult, 'checked'>): boolean {
  return check.checked !== false;
}
