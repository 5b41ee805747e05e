import type { CommandRunner } from '../platform/command.js';
import type { Artifact } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';

/** What every check sees. */
export interface CheckContext {
  readonly workspace: Workspace;
  /** What the task changed, deleted files too. */
  readonly changed: readonly Artifact[];
  readonly commands: CommandRunner;
  readonly signal: AbortSignal;
  readonly timeouts: CheckTimeouts;
}

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
