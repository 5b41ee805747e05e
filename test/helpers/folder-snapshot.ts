import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes a file with its folders. */
export function put(root: string, name: string, content: string | Buffer, mode?: number): void {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), content);
  if (mode !== undefined) chmodSync(path.join(root, name), mode);
}

/** Runs git as nobody in particular, without the settings of whoever runs the tests. */
export function git(cwd: string, ...args: string[]): string {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const settings = ['user.name=Somebody', 'user.email=somebody@example.com', 'protocol.file.allow=always'];
  const options = settings.flatMap((setting) => ['-c', setting]);
  return execFileSync('git', [...options, ...args], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A repository of everything in a folder, with one commit. */
export function makeRepository(root: string): void {
  git(root, 'init', '-q', '-b', 'main');
  git(root, 'add', '-A');
  git(root, 'commit', '-q', '--allow-empty', '-m', 'first');
}

/**
 * What lies below a folder, by path: kind, permissions, content (as a hash) and, unless switched off, the time of the last
 * change. The path `without` is left out, and `.git`, which {@link repositoryState} is about.
 */
export function snapshot(
  root: string,
  options: { readonly times?: boolean; readonly without?: string } = {},
): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (below: string): void => {
    for (const entry of readdirSync(path.join(root, below), { withFileTypes: true })) {
      const name = path.posix.join(below, entry.name);
      if (entry.name === '.git' || name === options.without) continue;
      found[name] = describeFile(path.join(root, name), options.times !== false);
      if (entry.isDirectory()) visit(name);
    }
  };
  visit('');
  return found;
}

function describeFile(file: string, times: boolean): string {
  const stats = lstatSync(file);
  const mode = (stats.mode & 0o7777).toString(8);
  // A folder's own time changes with any file that comes and goes in it.
  if (stats.isDirectory()) return `folder ${mode}`;
  const time = times ? ` @${Math.round(stats.mtimeMs * 1000)}` : '';
  if (stats.isSymbolicLink()) return `link ${readlinkSync(file)}${time}`;
  if (!stats.isFile()) return `special ${mode}${time}`;
  return `file ${mode} ${createHash('sha256').update(readFileSync(file)).digest('hex')}${time}`;
}

/**
 * All that a repository holds besides objects and what is Wilson's own: index, HEAD, branches, tags, stash, their logs,
 * settings, hooks and the worktrees of others, each with its content and the time of its last change.
 */
export function repositoryState(gitDir: string): Record<string, string> {
  const all = snapshot(gitDir);
  const isOurs = (name: string): boolean => /(^|\/)(wilson(-TASK|\/|$)|worktrees(\/tree|$)|objects(\/|$))/.test(name);
  return Object.fromEntries(Object.entries(all).filter(([name]) => !isOurs(name)));
}
