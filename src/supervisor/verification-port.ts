import type { CheckResult, CheckSpec } from '../task/definition-of-done.js';
import type { Artifact, Task } from '../task/task.js';
import type { Workspace } from '../workspace/workspace.js';

/** The supervisor's own look at what a worker left. */
export interface Verdict {
  readonly checks: readonly CheckResult[];
  readonly artifacts: readonly Artifact[];
}

export interface VerificationPort {
  /** Runs the Definition of Done in the workspace, after the worker is gone. `proposed` is added, never believed. */
  verify(task: Task, workspace: Workspace, proposed: readonly CheckSpec[], signal: AbortSignal): Promise<Verdict>;
}
