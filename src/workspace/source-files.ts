import path from 'node:path';
import { credentialsIn } from './credentials.js';
import { git, type Repository } from './git.js';
import type { SkippedFile } from './left-out.js';
import { lstatOrNull, realFolderCheck } from './real-folder.js';
import { walk } from './walk.js';

export interface SourceOptions {
  readonly without: readonly string[];
  readonly onSkipped: (skipped: SkippedFile) => void;
  /** Also what looks like somebody's keys: for a folder that holds but what a task has made. */
  readonly withCredentials?: boolean;
  readonly signal?: AbortSignal;
}

/** Files of a plain folder, as its `.gitignore` files leave them, without keys. Paths are relative to `folder`. */
export async function* plainFiles(folder: string, options: SourceOptions): AsyncGenerator<string> {
  const onUnreadable = (below: string): void => options.onSkipped({ path: below, reason: 'unreadable' });
  const withheld = credentialFilter(options);
  const onOdd = (name: string): void => options.onSkipped({ path: name, reason: 'not a regular file' });
  for await (const file of walk(folder, { excludes: '', onUnreadable, onOdd, ...options })) {
    if (!withheld(file.path)) yield file.path;
  }
}

/** Tells of each path whether it belongs to somebody's keys, which are listed once. */
function credentialFilter({ onSkipped, withCredentials }: SourceOptions): (name: string) => boolean {
  const listed = new Set<string>();
  return (name) => {
    const at = withCredentials === true ? null : credentialsIn(name);
    if (at === null) return false;
    if (!listed.has(at)) onSkipped({ path: at, reason: 'credentials' });
    listed.add(at);
    return true;
  };
}

/**
 * Files of a folder in a repository: what git tracks (as it is on disk now, saved or not), what it does not track and
 * does not ignore (no keys: those that it tracks are no secret any more), and the same of submodules. Paths are relative to `folder`.
 */
export async function* repositoryFiles(folder: string, options: SourceOptions): AsyncGenerator<string> {
  const seen = new Set<string>();
  const submodules: string[] = [];
  const withheld = credentialFilter(options);
  for (const line of split(await git(folder, ['ls-files', '-z', '--stage', '--', '.']))) {
    const [stage = '', name = ''] = splitOnce(line, '\t');
    // 160000 marks a submodule: a folder with a repository of its own.
    if (stage.startsWith('160000')) submodules.push(name);
    else seen.add(name);
  }
  for (const name of split(await git(folder, ['ls-files', '-z', '--others', '--exclude-standard', '--', '.']))) {
    // A repository inside that is no submodule is listed as a folder.
    if (name.endsWith('/')) submodules.push(name.slice(0, -1));
    else if (!withheld(name)) seen.add(name);
  }
  const isRealFolder = realFolderCheck(folder);
  for (const name of seen) {
    if (isLeftOut(path.join(folder, name), options.without)) continue;
    if (isRealFolder(path.posix.dirname(name))) yield name;
    else options.onSkipped({ path: name, reason: 'behind a symlink' });
  }
  for (const submodule of submodules) {
    const inner = path.join(folder, submodule);
    if (!isRealFolder(submodule) || isLeftOut(inner, options.without)) continue;
    const files = (await isRepositoryTop(inner)) ? repositoryFiles(inner, options) : plainFiles(inner, options);
    for await (const name of files) yield `${submodule}/${name}`;
  }
}

/** Patterns that git honours besides the `.gitignore` files: the repository's own and the user's. */
export async function repositoryExcludes(repository: Repository): Promise<readonly string[]> {
  const configured = (await gitOrEmpty(repository.top, ['config', '--type=path', 'core.excludesFile'])).trim();
  return [path.join(repository.commonDir, 'info', 'exclude'), ...(configured === '' ? [] : [configured])];
}

async function gitOrEmpty(cwd: string, args: readonly string[]): Promise<string> {
  try {
    return await git(cwd, args);
  } catch {
    // git ends with 1 where the setting is not there.
    return '';
  }
}

/** Whether a folder is the top of a repository that git can read: a `.git` file may lead to one that was lost. */
async function isRepositoryTop(folder: string): Promise<boolean> {
  if (lstatOrNull(path.join(folder, '.git')) === null) return false;
  return (await gitOrEmpty(folder, ['rev-parse', '--show-cdup', '--is-inside-work-tree'])).trim() === 'true';
}

function isLeftOut(absolute: string, without: readonly string[]): boolean {
  return without.some((folder) => absolute === folder || absolute.startsWith(folder + path.sep));
}

function split(output: string): string[] {
  return output.split('\0').filter((part) => part !== '');
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
