import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasErrno } from '../../errors.js';

/**
 * Runs `work` with a folder for copies of the workspace: the one that belongs to the workspace, which is swept by whoever
 * owns it, or a temporary one that is gone afterwards.
 */
export async function withScratchParent<T>(workspaceRoot: string, work: (folder: string) => Promise<T>): Promise<T> {
  const beside = path.join(path.dirname(workspaceRoot), 'meta');
  if (await isFolder(beside)) return work(beside);
  const folder = await mkdtemp(path.join(tmpdir(), 'wilson-tests-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function isFolder(name: string): Promise<boolean> {
  try {
    return (await stat(name)).isDirectory();
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
