import { copyFile, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { imagesToSee, type Task } from '../task/task.js';
import { resolveInside } from '../tools/jail.js';

/**
 * Puts the images that a task has to look at into its copy of the folder, where a `.gitignore` kept them out; there they
 * stay out of what the task made. What cannot be brought is left to the agent to report.
 */
export async function bringImages(task: Pick<Task, 'type' | 'description' | 'folder'>, root: string): Promise<void> {
  for (const name of imagesToSee(task)) {
    try {
      const source = await resolveInside(task.folder, name);
      const target = await resolveInside(root, name);
      if (await isThere(target)) continue;
      await mkdir(path.dirname(target), { recursive: true });
      await copyFile(source, target);
    } catch (error) {
      const refused = error instanceof WilsonError && error.code === 'PATH_OUTSIDE_WORKSPACE';
      if (!refused && !hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'EEXIST')) throw error;
    }
  }
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
