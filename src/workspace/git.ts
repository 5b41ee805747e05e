import { WilsonError } from '../errors.js';

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
