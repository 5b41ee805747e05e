import {
  type BigIntStats,
  chmodSync,
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import type { Artifact } from '../task/task.js';
import { workingMode } from './copy-in.js';
import { metaFiles } from './layout.js';
import { type Manifest, type ManifestEntry, readManifest, stampOf } from './manifest.js';
import { realFolderCheck } from './real-folder.js';
import { TimeSlice } from './time-slice.js';
import { walk } from './walk.js';
import { assertWhole, filesLost, lostSince, lostUnseen } from './whole.js';
import type { Workspace } from './workspace.js';

/** One side of a change. `bytes` are the target of a link. */
export interface FileSide {
  readonly kind: 'file' | 'link';
  readonly mode: number;
  readonly bytes: Buffer;
}

/** A path whose content, kind or permissions differ from the copy as it was made. */
export interface Change {
  readonly path: string;
  readonly before: ManifestEntry | null;
  /** Null when it was deleted. */
  readonly after: { readonly kind: 'file' | 'link'; readonly mode: number; readonly size: number } | null;
}

export interface ChangeSet {
  /** Sorted by path. */
  readonly changes: readonly Change[];
  /** New files that `.gitignore` names: not part of the result. */
  readonly ignored: readonly string[];
  /** Folders that lie too deep for their path to be used: not part of the result. */
  readonly unreachable: readonly string[];
  readonly manifest: Manifest;
}

export interface FindOptions {
  /** What was seen of the task when its worker was gone: files that are missing since were not deleted by it. */
  readonly left?: readonly Artifact[] | undefined;
  /** Whether a copy from which files were lost may be compared: to be put back. */
  readonly mayBeDamaged?: boolean;
}

/**
 * Compares the workspace with how it was made. Content decides, not times; untouched files are not read. Rejects with
 * `NO_WORKSPACE` or `WORKSPACE_DAMAGED` when the workspace has lost a part: what is missing then was not deleted by the
 * task.
 */
export async function findChanges(workspace: Workspace, options: FindOptions = {}): Promise<ChangeSet> {
  assertWhole(workspace);
  const slice = new TimeSlice();
  const manifest = await readManifest(workspace.metaDir);
  const base = new BasePack(workspace);
  const changes: Change[] = [];
  const ignored: string[] = [];
  const unreachable: string[] = [];
  const present = new Set<string>();
  const excludes = await readFile(path.join(workspace.metaDir, metaFiles.excludes), 'utf8');
  try {
    const onUnreadable = (below: string): void => void unreachable.push(below.replace(/\/$/, ''));
    const walking = { excludes, without: [], withIgnored: true, openUp: true, onUnreadable };
    for await (const file of walk(workspace.root, walking)) {
      present.add(file.path);
      const before = manifest.get(file.path) ?? null;
      if (before === null && file.ignored) {
        ignored.push(file.path);
        continue;
      }
      const change = compare(workspace.root, file.path, before, base);
      if (change !== null) changes.push(change);
    }
    const isRealFolder = realFolderCheck(workspace.root);
    for (const [name, before] of manifest) {
      if (present.has(name)) continue;
      await slice.pause();
      if (!isRealFolder(path.posix.dirname(name))) {
        changes.push({ path: name, before, after: null });
        continue;
      }
      // In a folder that the walk leaves out (a tracked one called `.venv`, say), or truly gone.
      const change = compare(workspace.root, name, before, base);
      if (change !== null) changes.push(change);
    }
  } finally {
    base.close();
  }
  changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  const deleted = changes.filter(({ after }) => after === null).map((change) => change.path);
  const how = { isEmpty: present.size === 0, baseFiles: manifest.size };
  const lost =
    options.left === undefined ? lostUnseen(workspace, deleted, how) : lostSince(workspace.root, deleted, options.left);
  if (lost.length > 0 && options.mayBeDamaged !== true) throw filesLost(workspace, lost);
  // It may have gone while it was read.
  assertWhole(workspace);
  return { changes, ignored, unreachable, manifest };
}

function compare(root: string, name: string, before: ManifestEntry | null, base: BasePack): Change | null {
  const stats = lstatOpened(path.join(root, name));
  if (stats === null) return before === null ? null : { path: name, before, after: null };
  if (before !== null && stampOf(stats) === before.stamp) return null;
  const kind = stats.isSymbolicLink() ? 'link' : 'file';
  const after = { kind, mode: Number(stats.mode) & 0o777, size: Number(stats.size) } as const;
  if (before === null) return { path: name, before, after };
  const sameMode = kind === 'link' || after.mode === workingMode(before.mode);
  const same = before.kind === kind && before.size === after.size && sameMode;
  if (same && readSide(root, name)?.bytes.equals(base.bytesOf(before)) === true) return null;
  return { path: name, before, after };
}

/** What lies at a path of a folder now; null when there is nothing, or a folder. Never follows a link at the path. */
export function readSide(root: string, name: string): FileSide | null {
  const absolute = path.join(root, name);
  const stats = lstat(absolute);
  if (stats === null) return null;
  if (stats.isSymbolicLink()) return { kind: 'link', mode: 0o777, bytes: readlinkSync(absolute, 'buffer') };
  return { kind: 'file', mode: Number(stats.mode) & 0o777, bytes: readFileSync(absolute) };
}

/** As `lstat`, after a file that was closed to its owner has been opened: it could be neither compared nor applied. */
function lstatOpened(absolute: string): BigIntStats | null {
  const stats = lstat(absolute);
  if (stats?.isFile() !== true || (stats.mode & 0o600n) === 0o600n) return stats;
  chmodSync(absolute, Number(stats.mode & 0o777n) | 0o600);
  return lstat(absolute);
}

function lstat(absolute: string): BigIntStats | null {
  try {
    const stats = lstatSync(absolute, { bigint: true, throwIfNoEntry: false });
    return stats?.isFile() === true || stats?.isSymbolicLink() === true ? stats : null;
  } catch (error) {
    // Something above it is a file.
    if (hasErrno(error, 'ENOTDIR', 'ENAMETOOLONG')) return null;
    throw error;
  }
}

/** The bytes of the files as they were when the workspace was made. */
export class BasePack {
  readonly #file: number;

  constructor(workspace: Workspace) {
    this.#file = openSync(path.join(workspace.metaDir, metaFiles.base), 'r');
  }

  bytesOf(entry: ManifestEntry): Buffer {
    const bytes = Buffer.alloc(entry.size);
    for (let read = 0; read < entry.size; ) {
      const count = readSync(this.#file, bytes, read, entry.size - read, entry.offset + read);
      if (count === 0) {
        throw new WilsonError('WORKSPACE_DAMAGED', 'The base copy of the workspace is shorter than its manifest says.');
      }
      read += count;
    }
    return bytes;
  }

  sideOf(entry: ManifestEntry): FileSide {
    return { kind: entry.kind, mode: entry.mode, bytes: this.bytesOf(entry) };
  }

  close(): void {
    closeSync(this.#file);
  }
}
