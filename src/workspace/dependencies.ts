import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import type { BorrowedFolder } from '../platform/borrowed-folders.js';
import { isSkippedFolder } from './ignore-rules.js';
import { metaFiles } from './layout.js';
import type { Workspace } from './workspace.js';

/** Folders that are looked into; a project with more has its packages further up. */
const foldersLimit = 300;
/** How deep: `node_modules`, `web/node_modules`, `packages/web/node_modules`. */
const depthLimit = 2;
const packageFolders = ['node_modules'] as const;
const environmentFolders = ['.venv', 'venv'] as const;

/**
 * The installed packages (`node_modules`, a Python environment called `.venv` or `venv`) of the user's folder behind a
 * workspace, which holds none of its own since they are ignored. `root` is the root of a workspace; of any other folder
 * there are none.
 */
export async function dependenciesOf(root: string): Promise<BorrowedFolder[]> {
  const folder = await userFolder(root);
  return folder === null ? [] : findDependencies(folder);
}

/** The installed packages below a folder: its own first, then those of the folders in it, two deep. */
export function findDependencies(folder: string): BorrowedFolder[] {
  const found: BorrowedFolder[] = [];
  let level = [''];
  let looked = 0;
  for (let depth = 0; depth <= depthLimit && looked < foldersLimit; depth += 1) {
    const below: string[] = [];
    for (const inner of level) {
      looked += 1;
      if (looked > foldersLimit) break;
      for (const name of packageFolders) add(found, folder, inner + name, false);
      for (const name of environmentFolders) add(found, folder, inner + name, true);
      if (depth < depthLimit) below.push(...foldersIn(folder, inner));
    }
    level = below;
  }
  return found;
}

function add(found: BorrowedFolder[], folder: string, at: string, isEnvironment: boolean): void {
  const place = path.join(folder, at);
  // By this file an environment is known.
  const isThere = isEnvironment ? isKind(path.join(place, 'pyvenv.cfg'), 'file') : isKind(place, 'folder');
  if (!isThere) return;
  const from = realpathSync(place);
  found.push({ from, at, isEnvironment, isLinked: from !== path.join(realpathSync(folder), at) });
}

function isKind(place: string, kind: 'file' | 'folder'): boolean {
  try {
    const stats = statSync(place, { throwIfNoEntry: false });
    return (kind === 'file' ? stats?.isFile() : stats?.isDirectory()) === true;
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM', 'ENOTDIR', 'ELOOP')) return false;
    throw error;
  }
}

function foldersIn(folder: string, inner: string): string[] {
  const names = entriesOf(path.join(folder, inner))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !isSkippedFolder(entry.name))
    .map((entry) => entry.name);
  return names.filter((name) => name !== 'venv').map((name) => `${inner}${name}/`);
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** The folder that a workspace is a copy of; a subtask's is a copy of its parent's, which is a copy of the user's. */
async function userFolder(root: string): Promise<string | null> {
  let folder: string | null = null;
  for (let place: string | null = root; place !== null; ) {
    const workspace: Workspace | null = await workspaceAround(place);
    if (workspace === null) break;
    const inner = path.relative(workspace.root, place);
    if (inner.startsWith('..')) break;
    folder = path.join(workspace.folder, inner);
    place = folder;
  }
  return folder;
}

/** What is kept beside the tree that a folder lies in; null where it lies in none. */
async function workspaceAround(folder: string): Promise<Workspace | null> {
  for (let at = folder; path.dirname(at) !== at; at = path.dirname(at)) {
    if (path.basename(at) !== 'tree') continue;
    try {
      const file = path.join(path.dirname(at), 'meta', metaFiles.workspace);
      return JSON.parse(await readFile(file, 'utf8')) as Workspace;
    } catch (error) {
      // A folder that is called `tree` by chance.
      if (!hasErrno(error, 'ENOENT', 'ENOTDIR') && !(error instanceof SyntaxError)) throw error;
    }
  }
  return null;
}
