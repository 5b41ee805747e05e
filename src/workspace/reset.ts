import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { BasePack, findChanges } from './changes.js';
import { writeCopy } from './copy-in.js';
import { parentsOf, removeEmptyParents } from './make-folders.js';
import { type Manifest, type ManifestEntry, writeManifest } from './manifest.js';
import { removeFolder } from './remove-folder.js';
import type { Workspace } from './workspace.js';

/**
 * Puts the workspace back to how it was made: for a new attempt that shall not build on the last one. What was applied
 * to the user's folder stays there and can still be undone.
 */
export async function resetWorkspace(workspace: Workspace): Promise<void> {
  const { changes, ignored, unreachable, manifest } = await findChanges(workspace, { mayBeDamaged: true });
  for (const name of unreachable) await removeFolder(path.join(workspace.root, newFolderOf(name, manifest)));
  const base = new BasePack(workspace);
  try {
    for (const name of [...ignored, ...changes.map((change) => change.path)]) {
      rmSync(path.join(workspace.root, name), { recursive: true, force: true });
      removeEmptyParents(workspace.root, name);
    }
    for (const change of changes) {
      if (change.before === null) continue;
      manifest.set(change.path, restore(workspace, change.path, change.before, base));
    }
  } finally {
    base.close();
  }
  await writeManifest(workspace.metaDir, manifest);
}

/** The outermost folder on the way to `name` in which nothing of the user's lay. */
function newFolderOf(name: string, manifest: Manifest): string {
  const known = new Set([...manifest.keys()].flatMap(parentsOf));
  return [...parentsOf(name), name].find((folder) => !known.has(folder)) ?? name;
}

function restore(workspace: Workspace, name: string, entry: ManifestEntry, base: BasePack): ManifestEntry {
  const absolute = path.join(workspace.root, name);
  mkdirSync(path.dirname(absolute), { recursive: true });
  return { ...entry, stamp: writeCopy(absolute, base.sideOf(entry)) };
}
