import type { Artifact } from '../task/task.js';
import type { LeftOut } from './left-out.js';

/** A task's own copy of the folder it was asked in. Plain data: it is stored as JSON and survives the process. */
export interface Workspace {
  readonly taskId: string;
  /** `worktree`: a git worktree on branch `wilson/TASK-001`; `snapshot`: a plain copy. */
  readonly kind: 'worktree' | 'snapshot';
  /** Where the task works; absolute. */
  readonly root: string;
  /** The user's folder; absolute. */
  readonly folder: string;
  /** Folder beside `root` that belongs to the workspace too: base copies, manifests, undo records. */
  readonly metaDir: string;
  readonly branch: string | null;
  readonly baseCommit: string | null;
  /** What of the user's folder the copy lacks; absent where it lacks nothing. */
  readonly leftOut?: LeftOut;
}

export interface WorkspaceDiff {
  readonly files: readonly Artifact[];
  /** Unified diff with `a/` and `b/` paths; binary files are named, not shown. */
  readonly patch: string;
  /** New files that are not part of the result because `.gitignore` names them; at most 100. */
  readonly ignored?: readonly string[];
}
