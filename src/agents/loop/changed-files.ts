import { stat } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../errors.js';
import type { WorkspaceFiles } from '../code/workspace-files.js';

const fileLimit = 2_000;

/** Size and time of every file, to see afterwards what changed. */
export async function fingerprints(files: WorkspaceFiles): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const file of await files.list(fileLimit)) {
    try {
      const about = await stat(path.join(files.root, file));
      found.set(file, `${about.size} ${about.mtimeMs} ${about.ino}`);
    } catch (error) {
      // Gone since it was listed.
      if (!hasErrno(error, 'ENOENT')) throw error;
    }
  }
  return found;
}

/** Files that are new or different. */
export function changedSince(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after].filter(([file, mark]) => before.get(file) !== mark && !file.endsWith('.pyc')).map(([file]) => file);
}

/** Files that are gone. */
export function removedSince(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...before.keys()].filter((file) => !after.has(file));
}
