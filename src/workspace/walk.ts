import { chmodSync, type Dirent, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import { isGitName } from './git-name.js';
import { IgnoreRules, isSkippedFolder } from './ignore-rules.js';
import { lstatOrNull } from './real-folder.js';
import { TimeSlice } from './time-slice.js';

export interface WalkedFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly kind: 'file' | 'link';
  /** Whether a `.gitignore` names it or a folder above it; such files come only with `withIgnored`. */
  readonly ignored: boolean;
}

export interface WalkOptions {
  /** Patterns besides the `.gitignore` files. */
  readonly excludes: string;
  /** Absolute folders that are left out: the state folder, when it lies inside. */
  readonly without: readonly string[];
  /** Also gives ignored files, marked. */
  readonly withIgnored?: boolean;
  readonly onUnreadable?: (folder: string) => void;
  /** Called for what is neither file, folder nor link. */
  readonly onOdd?: (name: string) => void;
  /** The folders are ours: one that was closed to its owner is opened. */
  readonly openUp?: boolean;
  readonly signal?: AbortSignal;
}

/** Every file and symlink below `root`, links never followed, caches and repositories' own folders left out. */
export async function* walk(root: string, options: WalkOptions): AsyncGenerator<WalkedFile> {
  const slice = new TimeSlice();
  const top = await IgnoreRules.forTop(options.excludes);
  const pending: { folder: string; rules: IgnoreRules; ignored: boolean }[] = [
    { folder: '', rules: top, ignored: false },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { folder, ignored } = next;
    if (options.openUp === true) openFolder(path.join(root, folder));
    const rules = ignored ? next.rules : next.rules.descend(root, folder);
    for (const entry of entriesOf(path.join(root, folder), folder, options)) {
      const name = folder + entry.name;
      if (entry.isDirectory()) {
        if (isSkippedFolder(entry.name) || isGitName(entry.name) || isLeftOut(path.join(root, name), options)) continue;
        const below = ignored || rules.ignores(`${name}/`);
        if (!below || options.withIgnored === true) pending.push({ folder: `${name}/`, rules, ignored: below });
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        // In a worktree `.git` is a file.
        if (isGitName(entry.name)) continue;
        const hidden = ignored || rules.ignores(name);
        if (hidden && options.withIgnored !== true) continue;
        yield { path: name, kind: entry.isFile() ? 'file' : 'link', ignored: hidden };
      } else options.onOdd?.(name);
    }
    await slice.pause(options.signal);
  }
}

function isLeftOut(folder: string, options: WalkOptions): boolean {
  // A Python environment holds thousands of installed files; it is known by this one.
  return options.without.includes(folder) || existsSync(path.join(folder, 'pyvenv.cfg'));
}

function openFolder(absolute: string): void {
  const stats = lstatOrNull(absolute);
  if (stats?.isDirectory() === true && (stats.mode & 0o700) !== 0o700)
    chmodSync(absolute, (stats.mode & 0o777) | 0o700);
}

function entriesOf(absolute: string, folder: string, options: WalkOptions): Dirent[] {
  try {
    return readdirSync(absolute, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM', 'ENOENT', 'ENAMETOOLONG')) {
      options.onUnreadable?.(folder);
      return [];
    }
    throw error;
  }
}
