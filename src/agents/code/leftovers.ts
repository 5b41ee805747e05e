import type { WorkspaceFiles } from './workspace-files.js';

/** Files that are looked at; a workspace with more keeps what its commands leave. */
const listLimit = 5_000;

/**
 * Remembers what a workspace holds, so that what trials and tests leave behind (a database, a JSON file) does not end up in
 * the result: the returned function removes each file that came since and that nobody meant to write, and gives their
 * names. Files that were there before are not touched.
 */
export async function watchLeftovers(files: WorkspaceFiles): Promise<() => Promise<string[]>> {
  const before = new Set(await files.list(listLimit));
  return async () => {
    if (before.size >= listLimit) return [];
    const left = (await files.list(listLimit)).filter((file) => !before.has(file) && !files.written.has(file));
    for (const file of left) await files.remove(file);
    return left;
  };
}
