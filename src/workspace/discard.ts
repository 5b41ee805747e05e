import path from 'node:path';
import { removeRemains } from './create.js';
import { layoutOf } from './layout.js';
import { lstatOrNull } from './real-folder.js';
import type { Workspace } from './workspace.js';
import { removeWorktree } from './worktree.js';

/**
 * Removes a workspace with its worktree, its branch (unless somebody committed to it) and its undo records. The user's
 * files stay as they are; doing it twice, or with the repository or the workspace gone, is no error.
 */
export async function discardWorkspace(workspace: Workspace): Promise<void> {
  const { branch, baseCommit, folder } = workspace;
  const layout = layoutOf(workspace);
  const isOutOfBooks = await removeRemains(layout);
  // What was kept beside the tree may be gone with it; the workspace says the same.
  if (!isOutOfBooks && branch !== null && baseCommit !== null) {
    await removeWorktree(nearestFolder(folder), layout.tree, branch, baseCommit);
  }
}

/** The folder itself, or the one above it that is still there: in the same repository, if that is there. */
function nearestFolder(folder: string): string {
  let nearest = folder;
  while (lstatOrNull(nearest)?.isDirectory() !== true && path.dirname(nearest) !== nearest)
    nearest = path.dirname(nearest);
  return nearest;
}
