import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { metaFiles } from './layout.js';
import { leftOutReason, type SkippedFile } from './left-out.js';
import { parentsOf } from './make-folders.js';
import type { Workspace } from './workspace.js';

/** Files that were left out of the copy, and why; at most 1,000. */
export async function skippedFiles(workspace: Workspace): Promise<SkippedFile[]> {
  return JSON.parse(await readFile(path.join(workspace.metaDir, metaFiles.skipped), 'utf8')) as SkippedFile[];
}

/** Tells of a path why the copy never held what may lie there, in words; undefined where nothing was left out. */
export async function leftOutReasons(workspace: Workspace): Promise<(name: string) => string | undefined> {
  const reasons = new Map((await skippedFiles(workspace)).map((file) => [file.path, leftOutReason(file.reason)]));
  return (name) => ['.', ...parentsOf(name), name].map((part) => reasons.get(part)).find((text) => text !== undefined);
}
