import { copyFileSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { TimeSlice } from '../workspace/time-slice.js';
import { walk } from '../workspace/walk.js';

/** A copy of a workspace in which tests may do what they like. */
export interface ScratchCopy {
  /** The only place that its commands may write; holds `tree` and `out`. */
  readonly folder: string;
  readonly tree: string;
  /** For what a test runner of ours leaves; the tests are not told of it. */
  readonly out: string;
  remove(): Promise<void>;
}

const prefix = 'check-';

/** Copies a workspace, without caches and installed packages, into a new folder below `parent`. */
export async function makeScratchCopy(root: string, parent: string, signal: AbortSignal): Promise<ScratchCopy> {
  await mkdir(parent, { recursive: true });
  const folder = await realpath(await mkdtemp(path.join(parent, prefix)));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const [tree, out] = [path.join(folder, 'tree'), path.join(folder, 'out')];
  try {
    mkdirSync(tree);
    mkdirSync(out);
    await copyTree(root, tree, signal);
    return { folder, tree, out, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Removes what earlier checks left when their process was killed. */
export async function removeStaleCopies(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(path.join(parent, name), { recursive: true, force: true });
  }
}

async function copyTree(root: string, tree: string, signal: AbortSignal): Promise<void> {
  const slice = new TimeSlice();
  const folders = new Set(['.']);
  for await (const file of walk(root, { excludes: '', without: [], withIgnored: true, signal })) {
    await slice.pause(signal);
    const folder = path.posix.dirname(file.path);
    if (!folders.has(folder)) mkdirSync(path.join(tree, folder), { recursive: true });
    folders.add(folder);
    const [from, to] = [path.join(root, file.path), path.join(tree, file.path)];
    if (file.kind === 'link') symlinkSync(readlinkSync(from), to);
    else copyFileSync(from, to);
  }
}
