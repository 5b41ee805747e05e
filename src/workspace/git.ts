import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';

/** Options that keep git from running anything of the user's on our behalf, or from cleaning up behind our back. */
const quietOptions = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'gc.auto=0',
  '-c',
  'core.quotePath=false',
] as const;

const gitTimeoutMs = 120_000;

/**
 * Runs git in a folder and gives what it prints. Rejects with `GIT_FAILED`, or `GIT_MISSING` where there is no git.
 * `GIT_*` variables of the caller are not passed on: they would point git at another repository.
 */
export async function git(cwd: string, args: readonly string[], input?: string): Promise<string> {
  const { execa } = await import('execa');
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const result = await execa('git', [...quietOptions, ...args], {
    cwd,
    env: { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
    extendEnv: false,
    reject: false,
    stripFinalNewline: false,
    maxBuffer: 256 * 1024 * 1024,
    timeout: gitTimeoutMs,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  if (result.exitCode === 0) return result.stdout;
  if (result.code === 'ENOENT') throw new WilsonError('GIT_MISSING', 'git is not installed');
  const reason = (result.stderr ?? '').trim().split('\n').at(-1) || result.message;
  throw new WilsonError('GIT_FAILED', `git ${args.slice(0, 2).join(' ')} failed: ${reason}`);
}

export interface Repository {
  /** Top folder of the working tree; absolute. */
  readonly top: string;
  /** The folder inside it, with a slash at the end; empty for the top itself. */
  readonly prefix: string;
  readonly headCommit: string;
  /** Where branches and worktrees are kept; absolute. */
  readonly commonDir: string;
}

/** The repository around a folder; null where there is none, no commit yet, or git does not want to work in it. */
export async function findRepository(folder: string): Promise<Repository | null> {
  try {
    const lines = await git(folder, [
      'rev-parse',
      '--path-format=absolute',
      '--show-toplevel',
      '--show-prefix',
      '--git-common-dir',
      '--verify',
      'HEAD^{commit}',
    ]);
    const [top, prefix, commonDir, headCommit] = lines.split('\n');
    if (!top || prefix === undefined || !commonDir || !headCommit) return null;
    return { top, prefix, commonDir, headCommit };
  } catch (error) {
    // Not a repository, no commit, a foreign owner, or no git at all: a snapshot serves then.
    if (error instanceof WilsonError) return null;
    throw error;
  }
}

/** Makes a worktree without files on a new branch. Returns the branch, whose name is the first free one of the task. */
export async function addWorktree(repository: Repository, tree: string, taskId: string): Promise<string> {
  // One of an earlier state folder, which was deleted by hand.
  forgetWorktree(repository.commonDir, tree);
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `-${number}`;
    const candidates = [`wilson/${taskId}${suffix}`, `wilson-${taskId}${suffix}`];
    for (const branch of candidates) {
      if (await branchExists(repository.top, branch)) continue;
      try {
        await withLockRetry(() =>
          git(repository.top, ['worktree', 'add', '--no-checkout', '-b', branch, tree, repository.headCommit]),
        );
        return branch;
      } catch (error) {
        // A branch called `wilson` leaves no room for `wilson/…`: the second form serves then.
        if (branch === candidates.at(-1)) throw error;
      }
    }
    if (number >= 50) throw new WilsonError('GIT_FAILED', `Too many branches for ${taskId} in ${repository.top}`);
  }
}

/**
 * Takes a worktree out of its repository's books, and its branch unless somebody committed to it. Its folder is left to
 * the caller. Any of them may be gone or spoilt already; worktrees of the user are not touched, which `git worktree
 * prune` would do where the disk of one is not there at the moment.
 */
export async function removeWorktree(
  repositoryTop: string,
  tree: string,
  branch: string | null,
  baseCommit: string,
): Promise<void> {
  await ignoreGitFailure(async () => {
    const commonDir = await git(repositoryTop, ['rev-parse', '--path-format=absolute', '--git-common-dir']);
    forgetWorktree(commonDir.trim(), tree);
  });
  if (branch === null) return;
  await ignoreGitFailure(() =>
    withLockRetry(() => git(repositoryTop, ['update-ref', '-d', `refs/heads/${branch}`, baseCommit])),
  );
}

/** Removes what a repository keeps about the worktree in one folder. */
function forgetWorktree(commonDir: string, tree: string): void {
  const books = path.join(commonDir, 'worktrees');
  for (const name of namesIn(books)) {
    const book = path.join(books, name);
    if (placeOf(book) === path.join(tree, '.git')) rmSync(book, { recursive: true, force: true });
  }
  // As git does; it stays while there are others.
  if (existsSync(books) && namesIn(books).length === 0) rmdirSync(books);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
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

/** Two worktrees made at the same moment may meet at one of git's lock files; the later one tries again. */
async function withLockRetry<T>(action: () => Promise<T>): Promise<T> {
  const delaysMs = [30, 100, 300, 1_000];
  for (const delayMs of delaysMs) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof WilsonError) || !/\.lock|unable to lock|File exists/i.test(error.message)) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
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
