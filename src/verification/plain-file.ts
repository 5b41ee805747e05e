import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../errors.js';

/** Whether a path of a workspace is a regular file that is reached without a symlink. */
export async function isPlainFile(root: string, name: string): Promise<boolean> {
  const parts = name.split('/');
  if (path.isAbsolute(name) || parts.includes('..')) return false;
  try {
    for (let depth = 1; depth < parts.length; depth += 1) {
      if (!(await lstat(path.join(root, ...parts.slice(0, depth)))).isDirectory()) return false;
    }
    return (await lstat(path.join(root, name))).isFile();
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

/** Those of some paths at which there is no such file. */
export async function missingFiles(root: string, names: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const name of names) if (!(await isPlainFile(root, name))) missing.push(name);
  return missing;
}
