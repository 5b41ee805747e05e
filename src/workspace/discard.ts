import { removeRemains } from './create.js';
import { layoutOf } from './layout.js';
import type { Workspace } from './workspace.js';

/**
 * Removes a workspace with its worktree, its branch (unless somebody committed to it) and its undo records. The user's
 * files stay as they are; doing it twice, or with the repository gone, is no error.
 */
export async function discardWorkspace(workspace: Workspace): Promise<void> {
  await removeRemains(layoutOf(workspace));
}
