import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { copyIn } from './copy-in.js';
import { type CopyLimits, defaultCopyLimits } from './copy-limits.js';
import { asDiskError } from './disk-fault.js';
import { findRepository, git, type Repository } from './git.js';
import { layoutFor, metaFiles, type WorkspaceLayout } from './layout.js';
import { LeftOutList, type SkippedFile } from './left-out.js';
import { writeManifest } from './manifest.js';
import { removeFolder } from './remove-folder.js';
import { plainFiles, repositoryExcludes, repositoryFiles, type SourceOptions } from './source-files.js';
import { isWhole } from './whole.js';
import type { Workspace } from './workspace.js';
import { addWorktree, removeWorktree } from './worktree.js';

export interface CreateOptions {
  readonly taskId: string;
  /** The user's folder. */
  readonly folder: string;
  readonly stateFolder: string;
  /** A plain copy, also in a repository: for a folder that is itself a workspace. */
  readonly plain?: boolean;
  /** Takes none of the files: for a folder that holds far more than a project. */
  readonly empty?: boolean;
  readonly limits?: Partial<CopyLimits>;
  readonly signal?: AbortSignal;
}

/**
 * Gives a task its own copy of a folder: a git worktree on branch `wilson/TASK-001` where the folder is in a repository
 * with a commit, otherwise a plain copy. Both hold the files as they are on disk now, byte for byte, with what the user
 * has not saved to git; the user's files, index and branch are not touched.
 *
 * A workspace that is there already (an earlier attempt) is returned as it is; `resetWorkspace` makes it fresh. A
 * failed call leaves nothing behind. Rejects with `FOLDER_MISSING`, `WORKSPACE_TOO_LARGE`, `BAD_REQUEST`, and with
 * `DISK_FULL` or `NOT_WRITABLE` where the state folder takes no copy.
 */
export async function createWorkspace(options: CreateOptions): Promise<Workspace> {
  if (!/^[\w][\w.-]*$/.test(options.taskId)) {
    throw new WilsonError('BAD_REQUEST', `Not a task id: ${JSON.stringify(options.taskId)}`);
  }
  const folder = await existingFolder(options.folder);
  try {
    return await create(folder, options);
  } catch (error) {
    throw asDiskError(error, `copy ${folder} for ${options.taskId} into ${options.stateFolder}`);
  }
}

async function create(folder: string, options: CreateOptions): Promise<Workspace> {
  await mkdir(options.stateFolder, { recursive: true });
  const stateFolder = await realpath(options.stateFolder);
  const layout = layoutFor(stateFolder, options.taskId);
  const existing = await readWorkspace(layout);
  if (existing !== null && existing.folder === folder) return existing;
  await removeRemains(layout);
  try {
    return await build(folder, stateFolder, layout, options);
  } catch (error) {
    await removeRemains(layout);
    throw error;
  }
}

async function build(
  folder: string,
  stateFolder: string,
  layout: WorkspaceLayout,
  options: CreateOptions,
): Promise<Workspace> {
  await mkdir(layout.metaDir, { recursive: true, mode: 0o700 });
  const isPlain = options.plain === true || options.empty === true;
  const repository = isPlain ? null : await findRepository(folder);
  const branch = repository === null ? null : await makeWorktree(repository, layout, options.taskId);
  const root = path.join(layout.tree, repository?.prefix ?? '').replace(/\/$/, '');
  await mkdir(root, { recursive: true });

  const leftOut = new LeftOutList();
  const onSkipped = (one: SkippedFile): void => leftOut.add(one);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const source = { without: [stateFolder], onSkipped, withCredentials: options.plain === true, ...signal };
  const manifest = await copyIn(sourceOf(folder, repository, options, source), {
    from: folder,
    to: root,
    pack: path.join(layout.metaDir, metaFiles.base),
    limits: { ...defaultCopyLimits, ...options.limits },
    onSkipped,
    ...signal,
  });
  if (repository !== null) await fillIndex(repository, layout.tree);

  const lacking = leftOut.summary();
  const workspace: Workspace = {
    taskId: options.taskId,
    kind: repository === null ? 'snapshot' : 'worktree',
    root,
    folder,
    metaDir: layout.metaDir,
    branch,
    baseCommit: repository?.headCommit ?? null,
    ...(lacking === null ? {} : { leftOut: lacking }),
  };
  await writeManifest(layout.metaDir, manifest);
  await writeFile(path.join(layout.metaDir, metaFiles.skipped), JSON.stringify(leftOut.files));
  await writeFile(path.join(layout.metaDir, metaFiles.excludes), await excludesOf(repository));
  await writeFile(path.join(layout.metaDir, metaFiles.workspace), JSON.stringify(workspace));
  return workspace;
}

async function* sourceOf(
  folder: string,
  repository: Repository | null,
  options: CreateOptions,
  source: SourceOptions,
): AsyncGenerator<string> {
  if (options.empty === true) source.onSkipped({ path: '.', reason: 'home or disk' });
  else yield* repository === null ? plainFiles(folder, source) : repositoryFiles(folder, source);
}

/** What must be taken back in the user's repository when the workspace is not finished. */
interface Creating {
  readonly repository: string;
  readonly baseCommit: string;
  readonly branch: string;
}

async function makeWorktree(repository: Repository, layout: WorkspaceLayout, taskId: string): Promise<string> {
  const file = path.join(layout.metaDir, metaFiles.creating);
  return addWorktree(repository, layout.tree, taskId, {
    beforeBranch: async (branch) => {
      const creating: Creating = { repository: repository.top, baseCommit: repository.headCommit, branch };
      await writeFile(`${file}.new`, JSON.stringify(creating));
      await rename(`${file}.new`, file);
    },
  });
}

/** Gives the worktree an index, so that git commands in it make sense; what lies outside the folder counts as absent on purpose. */
async function fillIndex(repository: Repository, tree: string): Promise<void> {
  await git(tree, ['read-tree', 'HEAD']);
  if (repository.prefix === '') return;
  const elsewhere = await git(tree, ['ls-files', '-z', '--', '.', `:(exclude,top)${repository.prefix}`]);
  await git(tree, ['update-index', '-z', '--skip-worktree', '--stdin'], elsewhere);
}

async function excludesOf(repository: Repository | null): Promise<string> {
  if (repository === null) return '';
  const texts: string[] = [];
  for (const file of await repositoryExcludes(repository)) {
    try {
      texts.push(await readFile(file, 'utf8'));
    } catch (error) {
      if (!hasErrno(error, 'ENOENT', 'EISDIR', 'EACCES')) throw error;
    }
  }
  return texts.join('\n');
}

async function readWorkspace(layout: WorkspaceLayout): Promise<Workspace | null> {
  try {
    const workspace = JSON.parse(await readFile(path.join(layout.metaDir, metaFiles.workspace), 'utf8')) as Workspace;
    return isWhole(workspace) ? workspace : null;
  } catch (error) {
    // Not there, or cut by a crash: not a workspace.
    if (hasErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return null;
    throw error;
  }
}

/**
 * Takes back whatever there is of a workspace, finished or not; doing it twice is no error. False when nothing was kept
 * of a worktree, so that none was taken out of its repository.
 */
export async function removeRemains(layout: WorkspaceLayout): Promise<boolean> {
  // First of all, so that what a crash leaves of it is never taken for a workspace in which files were deleted.
  await rm(path.join(layout.metaDir, metaFiles.workspace), { force: true });
  const creating = await readCreating(path.join(layout.metaDir, metaFiles.creating));
  if (creating !== null) {
    await removeWorktree(creating.repository, layout.tree, creating.branch, creating.baseCommit);
  }
  await removeFolder(layout.top);
  return creating !== null;
}

async function readCreating(file: string): Promise<Creating | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Creating;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function existingFolder(folder: string): Promise<string> {
  try {
    const real = await realpath(folder);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
  throw new WilsonError('FOLDER_MISSING', `There is no folder ${folder}`, {
    hint: 'Start wilson in a folder that exists.',
  });
}
