import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import { findProgram } from './run-command-environment.js';
import type { BwrapView } from './sandbox-bwrap.js';

/** A folder of the user with installed packages, which commands of a copy of the project may read and never write. */
export interface BorrowedFolder {
  /** Its real path. */
  readonly from: string;
  /** Where a project expects it: relative to the project's root, with forward slashes. */
  readonly at: string;
  /** A Python environment: its programs come first, and it is seen at its own path too, which they have in them. */
  readonly isEnvironment: boolean;
  /** A symlink in the user's folder led to it. */
  readonly isLinked: boolean;
}

export interface ReadOnlyMount {
  readonly from: string;
  readonly to: string;
}

/** What borrowed folders mean for one command. */
export interface Borrowed {
  readonly mounts: readonly ReadOnlyMount[];
  /** Folders in them that appear empty and may be written: tools put there what they compile. */
  readonly temporary: readonly string[];
  /** Added to the environment: PATH and what goes with a Python environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The path, as the command sees it, of a program in what is borrowed; null where there is none. */
  program(name: string, cwd: string): Promise<string | null>;
}

export interface BorrowOptions {
  readonly projectRoot: string;
  readonly view: BwrapView;
  /** The folders of the caller's PATH. */
  readonly searchPath: readonly string[];
  /** The command is Wilson's own, and finds the project's modules by itself. */
  readonly own: boolean;
}

/**
 * Says what is mounted where for a command. A folder is left out where the project has something of its own in its
 * place, and where a link leads to what is hidden from commands.
 */
export function borrow(folders: readonly BorrowedFolder[], options: BorrowOptions): Borrowed {
  const { projectRoot, view, searchPath } = options;
  const used = folders.filter((one) => isFree(projectRoot, one.at) && !(one.isLinked && isHidden(one.from, view)));
  const places = used.map((one) => ({ ...one, to: path.join(projectRoot, one.at) }));
  const mounts = places.flatMap(({ from, to, isEnvironment }) => [
    { from, to },
    ...(isEnvironment ? [{ from, to: from }] : []),
  ]);
  const temporary = places
    .filter(({ isEnvironment }) => !isEnvironment)
    .flatMap(({ from, to }) =>
      temporaryFolders.filter((name) => isFolder(path.join(from, name))).map((name) => path.join(to, name)),
    );
  const environment = places.find((one) => one.isEnvironment);
  return {
    mounts,
    temporary,
    env:
      environment === undefined
        ? {}
        : {
            PATH: [path.join(environment.to, 'bin'), ...searchPath].join(path.delimiter),
            VIRTUAL_ENV: environment.to,
            // An environment may hold the user's own copy of the project ("pip install -e"): this one comes first.
            ...(options.own ? {} : { PYTHONPATH: [projectRoot, path.join(projectRoot, 'src')].join(path.delimiter) }),
          },
    async program(name, cwd) {
      if (name.includes('\0')) return null;
      if (!name.includes('/')) {
        if (environment === undefined) return null;
        const found = await findProgram(path.join(environment.from, 'bin', name), {}, '/');
        return found === null ? null : path.join(environment.to, 'bin', name);
      }
      const wanted = path.resolve(cwd, name);
      for (const { from, to } of places) {
        if (!wanted.startsWith(to + path.sep)) continue;
        return (await findProgram(path.join(from, wanted.slice(to.length)), {}, '/')) === null ? null : wanted;
      }
      return null;
    },
  };
}

/**
 * Vite writes its settings there before it reads them, and so cannot start where it may not (seen: vitest with a
 * vitest.config.ts). One that is not there yet cannot be put over what is read-only.
 */
const temporaryFolders = ['.vite-temp', '.vite', '.cache'] as const;

function isFolder(place: string): boolean {
  return lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Whether there is nothing at a place of the project, or an empty folder, reached through folders alone. */
function isFree(projectRoot: string, at: string): boolean {
  const parts = at.split('/');
  for (const [index] of parts.entries()) {
    const place = path.join(projectRoot, ...parts.slice(0, index + 1));
    const stats = lstatSync(place, { throwIfNoEntry: false });
    const isLast = index === parts.length - 1;
    if (stats === undefined) return isLast;
    if (!stats.isDirectory()) return false;
    if (isLast && !isEmpty(place)) return false;
  }
  return true;
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'ENOENT')) return false;
    throw error;
  }
}

function isHidden(place: string, view: BwrapView): boolean {
  const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
  return [...view.emptyFolders, ...view.emptyFiles].some((one) => within(place, one) || within(one, place));
}
