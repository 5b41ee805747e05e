import { existsSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrno, WilsonError } from '../errors.js';
import { FolderTurns } from './folder-turns.js';
import { git, type Repository } from './git.js';
import { listIfThere } from './list-folder.js';

export interface AddOptions {
  /** Awaited before a branch is made, so that a crash in the midst of it leaves none without an owner. */
  readonly beforeBranch?: (branch: string) => Promise<void>;
  /** How to wait between two tries; milliseconds. */
  readonly pause?: (delayMs: number) => Promise<unknown>;
}

/** How long to wait before each further try; together a second and a half. */
const retryDelaysMs = [30, 100, 300, 1_000] as const;

/**
 * Makes a worktree without files on a new branch. Returns the branch, whose name is the first free one of the task.
 * Rejects with `GIT_FAILED`; no branch of the failed call is left then.
 *
 * While git adds a worktree it reads the books of all others, and fails at one that another process is just writing
 * ("failed to read …/commondir", 6 of 100 with git 2.39 where four are added at once) after it has made the branch.
 * So one process adds them one at a time, and what fails for another one's sake is tried again.
 */
export async function addWorktree(
  repository: Repository,
  tree: string,
  taskId: string,
  options: AddOptions = {},
): Promise<string> {
  return turns.take(repository.commonDir, async () => {
    // One of an earlier state folder, which was deleted by hand.
    forgetWorktree(repository.commonDir, tree);
    // A branch called `wilson` leaves no room for `wilson/…`: the other form serves then.
    const stem = (await branchExists(repository.top, 'wilson')) ? `wilson-${taskId}` : `wilson/${taskId}`;
    const pause = options.pause ?? sleep;
    for (let number = 1; number <= 50; number += 1) {
      const branch = number === 1 ? stem : `${stem}-${number}`;
      if (await branchExists(repository.top, branch)) continue;
      await options.beforeBranch?.(branch);
      if (await addOnBranch(repository, tree, branch, pause)) return branch;
    }
    throw new WilsonError('GIT_FAILED', `Too many branches for ${taskId} in ${repository.top}`);
  });
}

/** Gives false where somebody else has made the branch meanwhile. */
async function addOnBranch(
  repository: Repository,
  tree: string,
  branch: string,
  pause: (delayMs: number) => Promise<unknown>,
): Promise<boolean> {
  const args = ['worktree', 'add', '--no-checkout', '-b', branch, tree, repository.headCommit];
  for (const delayMs of [...retryDelaysMs, null]) {
    try {
      await git(repository.top, args);
      return true;
    } catch (error) {
      if (!(error instanceof WilsonError) || error.code !== 'GIT_FAILED') throw error;
      if (error.message.includes(`'${branch}' already exists`)) return false;
      await takeBack(repository, tree, branch);
      if (delayMs === null) throw error;
      await pause(delayMs);
    }
  }
  return false;
}

async function takeBack(repository: Repository, tree: string, branch: string): Promise<void> {
  forgetWorktree(repository.commonDir, tree);
  await removeBranch(repository.top, branch, repository.headCommit);
}

/**
 * Takes a worktree out of its repository's books, and its branch unless somebody committed to it. Its folder is left to
 * the caller. Any of them may be gone or spoilt already; worktrees of the user are not touched, which `git worktree
 * prune` would do where the disk of one is not there at the moment.
 */
export async function removeWorktree(
  repositoryTop: string,
  tree: string,
  branch: string,
  baseCommit: string,
): Promise<void> {
  await ignoreGitFailure(async () => {
    const commonDir = (await git(repositoryTop, ['rev-parse', '--path-format=absolute', '--git-common-dir'])).trim();
    await turns.take(commonDir, async () => forgetWorktree(commonDir, tree));
  });
  await removeBranch(repositoryTop, branch, baseCommit);
}

async function removeBranch(repositoryTop: string, branch: string, commit: string): Promise<void> {
  await ignoreGitFailure(async () => {
    // Asked to remove one that is not there, git leaves the folders of its name behind.
    if (!(await branchExists(repositoryTop, branch))) return;
    await withLockRetry(() => git(repositoryTop, ['update-ref', '-d', `refs/heads/${branch}`, commit]));
  });
}

/** What this process is doing with the worktrees of a repository, by its common folder. */
const turns = new FolderTurns();

/** Removes what a repository keeps about the worktree in one folder. */
function forgetWorktree(commonDir: string, tree: string): void {
  const books = path.join(commonDir, 'worktrees');
  for (const name of listIfThere(books)) {
    const book = path.join(books, name);
    if (placeOf(book) === path.join(tree, '.git')) rmSync(book, { recursive: true, force: true });
  }
  // As git does; it stays while there are others.
  if (existsSync(books) && listIfThere(books).length === 0) removeEmpty(books);
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    // Another process removed it, or put one in, at the same moment.
    if (!hasErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

/** Where the `.git` file of a worktree lies, as its book says. */
function placeOf(book: string): string | null {
  try {
    return path.resolve(book, readFileSync(path.join(book, 'gitdir'), 'utf8').trim());
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

async function branchExists(repositoryTop: string, branch: string): Promise<boolean> {
  try {
    await git(repositoryTop, ['show-ref', '--verify', '--quiet', `refs/heads/${branch}`]);
    return true;
  } catch (error) {
    if (error instanceof WilsonError && error.code === 'GIT_FAILED') return false;
    throw error;
  }
}

/** Two processes may meet at one of git's lock files; the later one tries again. */
async function withLockRetry<T>(action: () => Promise<T>): Promise<T> {
  for (const delayMs of retryDelaysMs) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof WilsonError) || !/\.lock|unable to lock|File exists/i.test(error.message)) throw error;
      await sleep(delayMs);
    }
  }
  return action();
}

async function ignoreGitFailure(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    // What is already gone, or belongs to a repository that is gone, needs no removal.
    if (!(error instanceof WilsonError)) throw error;
  }
}
