import path from 'node:path';
import type { Workspace } from './workspace.js';

/** Where the parts of one task's workspace lie: all below one folder, so that removing it removes everything. */
export interface WorkspaceLayout {
  readonly top: string;
  /** The copy; a git worktree holds the `.git` file here. */
  readonly tree: string;
  readonly metaDir: string;
}

/** The layout for a task; `taskId` has been checked to be a plain name. */
export function layoutFor(stateFolder: string, taskId: string): WorkspaceLayout {
  const top = path.join(workspacesFolder(stateFolder), taskId);
  return { top, tree: path.join(top, 'tree'), metaDir: path.join(top, 'meta') };
}

export function layoutOf(workspace: Workspace): WorkspaceLayout {
  const top = path.dirname(workspace.metaDir);
  return { top, tree: path.join(top, 'tree'), metaDir: workspace.metaDir };
}

export function workspacesFolder(stateFolder: string): string {
  return path.join(stateFolder, 'workspaces');
}

/** Names of the files in `metaDir`. */
export const metaFiles = {
  /** The Workspace as JSON; written last, so its presence means that the workspace is complete. */
  workspace: 'workspace.json',
  /** What git was asked to make; written first, so that a half-made workspace can be taken back. */
  creating: 'creating.json',
  manifest: 'manifest.json',
  /** The bytes of every copied file, one after the other, as they were in the user's folder. */
  base: 'base.pack',
  skipped: 'skipped.json',
  excludes: 'excludes',
  applies: 'applies',
  undo: 'undo',
} as const;
