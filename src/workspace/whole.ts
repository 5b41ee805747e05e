import path from 'node:path';
import { WilsonError } from '../errors.js';
import type { Artifact } from '../task/task.js';
import { layoutOf, metaFiles } from './layout.js';
import { lstatOrNull } from './real-folder.js';
import type { Workspace } from './workspace.js';

/* A workspace that lost a part must not be taken for one in which the task deleted files. */

const shownPaths = 5;

/** Whether the copy and all that is kept beside it are there; what lies in the copy is not looked at. */
export function isWhole(workspace: Workspace): boolean {
  return missingPart(workspace) === null;
}

/** Throws `NO_WORKSPACE` when the copy, or something that is kept beside it, is not there any more. */
export function assertWhole(workspace: Workspace): void {
  const missing = missingPart(workspace);
  if (missing === null) return;
  throw new WilsonError('NO_WORKSPACE', `The workspace of ${workspace.taskId} is gone: ${missing} is missing.`, {
    hint: hintFor(workspace),
  });
}

/** The refusal where files are gone from the copy that the task was not seen to delete. */
export function filesLost(workspace: Workspace, paths: readonly string[]): WilsonError {
  const shown = paths.slice(0, shownPaths).join(', ');
  const more = paths.length > shownPaths ? ` and ${paths.length - shownPaths} more` : '';
  return new WilsonError(
    'WORKSPACE_DAMAGED',
    `The workspace of ${workspace.taskId} is damaged: ${shown}${more} ${paths.length === 1 ? 'is' : 'are'} gone from it, and nobody saw the task delete that.`,
    { hint: `What is left of it lies in ${workspace.root}. ${hintFor(workspace)}` },
  );
}

/**
 * Paths that are gone though the task left them there: base files that it did not delete, and what it made itself. `left`
 * is what was seen of the task when its worker was gone, `deleted` what is missing of the base now.
 */
export function lostSince(root: string, deleted: readonly string[], left: readonly Artifact[]): string[] {
  const byTask = new Set(left.filter(({ kind }) => kind === 'deleted').map((artifact) => artifact.path));
  const lost = new Set(deleted.filter((name) => !byTask.has(name)));
  for (const { path: name, kind } of left) {
    if (kind !== 'deleted' && lstatOrNull(path.join(root, name)) === null) lost.add(name);
  }
  return [...lost].sort();
}

/**
 * Files that are missing and that no task that nobody looked at is believed to have deleted: all there were, where they
 * are several, or any where the `.git` file of a worktree went with them.
 */
export function lostUnseen(
  workspace: Workspace,
  deleted: readonly string[],
  { isEmpty, baseFiles }: { readonly isEmpty: boolean; readonly baseFiles: number },
): readonly string[] {
  const isCleared = isEmpty && deleted.length > 1 && deleted.length === baseFiles;
  const { tree } = layoutOf(workspace);
  const lostGit = workspace.kind === 'worktree' && lstatOrNull(path.join(tree, '.git')) === null;
  return isCleared || lostGit ? deleted : [];
}

function missingPart(workspace: Workspace): string | null {
  const { tree } = layoutOf(workspace);
  for (const folder of [tree, workspace.root]) {
    if (lstatOrNull(folder)?.isDirectory() !== true) return folder;
  }
  const files = [metaFiles.workspace, metaFiles.manifest, metaFiles.base, metaFiles.excludes];
  const places = files.map((name) => path.join(workspace.metaDir, name));
  return places.find((place) => lstatOrNull(place) === null) ?? null;
}

function hintFor({ taskId }: Workspace): string {
  return `Your folder was not touched. \`wilson discard ${taskId}\` removes what is left; then \`wilson retry ${taskId}\` if it failed, else ask for it anew.`;
}
