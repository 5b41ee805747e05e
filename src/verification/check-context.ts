import type { CommandRunner } from '../platform/command.js';
import type { Artifact } from '../task/task.js';
import type { ChangeSet } from '../workspace/changes.js';
import type { Workspace } from '../workspace/workspace.js';
import type { ReviewVerdict } from './review-approved.js';
import type { RunTestsOptions, TestsOutcome } from './tests-outcome.js';

/** What every check sees. */
export interface CheckContext {
  readonly workspace: Workspace;
  /** How the workspace differs from its beginning; no check changes it. */
  readonly found: ChangeSet;
  /** What the task changed, deleted files too. */
  readonly changed: readonly Artifact[];
  readonly commands: CommandRunner;
  readonly signal: AbortSignal;
  readonly timeouts: CheckTimeouts;
  /** Runs tests, the same ones on the same code once for all checks. */
  readonly runTests: (request: TestsRequest) => Promise<TestsOutcome>;
  /** The reviews of the newest attempt, oldest first; nobody reviewed it without. */
  readonly reviews?: readonly ReviewVerdict[];
}

export type TestsRequest = Pick<RunTestsOptions, 'testFiles' | 'modules'>;

export interface CheckTimeouts {
  readonly syntaxMs: number;
  readonly testsMs: number;
  readonly commandMs: number;
}

export const defaultCheckTimeouts: CheckTimeouts = { syntaxMs: 30_000, testsMs: 60_000, commandMs: 120_000 };

/** The changed files that are still there. */
export function presentFiles(context: CheckContext): string[] {
  return context.changed.filter((artifact) => artifact.kind !== 'deleted').map((artifact) => artifact.path);
}
