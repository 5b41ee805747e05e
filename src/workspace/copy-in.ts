import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import type { CopyLimits } from './copy-limits.js';
import type { SkippedFile } from './left-out.js';
import { type Manifest, stampOf } from './manifest.js';
import { TimeSlice } from './time-slice.js';

export interface CopyOptions {
  readonly from: string;
  readonly to: string;
  /** File that receives the bytes of everything copied, one after the other. */
  readonly pack: string;
  readonly limits: CopyLimits;
  readonly onSkipped: (skipped: SkippedFile) => void;
  readonly signal?: AbortSignal;
}

/**
 * Copies files and symlinks (as symlinks) byte for byte, and once more into the pack. Files that vanish meanwhile are
 * passed over. Rejects with `WORKSPACE_TOO_LARGE` when the limits are exceeded.
 */
export async function copyIn(names: AsyncIterable<string>, options: CopyOptions): Promise<Manifest> {
  const slice = new TimeSlice();
  const manifest: Manifest = new Map();
  const folders = new Set<string>(['.']);
  const pack = openSync(options.pack, 'wx', 0o600);
  let offset = 0;
  try {
    for await (const name of names) {
      await slice.pause(options.signal);
      const source = readSource(name, options);
      if (source === null) continue;
      checkTotals(manifest.size + 1, offset + source.bytes.length, options);
      const folder = path.posix.dirname(name);
      if (!folders.has(folder)) {
        mkdirSync(path.join(options.to, folder), { recursive: true });
        folders.add(folder);
      }
      const stamp = writeCopy(path.join(options.to, name), source);
      writeAll(pack, source.bytes);
      manifest.set(name, { kind: source.kind, mode: source.mode, size: source.bytes.length, offset, stamp });
      offset += source.bytes.length;
    }
  } finally {
    closeSync(pack);
  }
  return manifest;
}

interface Source {
  readonly kind: 'file' | 'link';
  readonly mode: number;
  readonly bytes: Buffer;
}

function readSource(name: string, options: CopyOptions): Source | null {
  const absolute = path.join(options.from, name);
  try {
    const stats = lstatSync(absolute, { throwIfNoEntry: false });
    if (stats === undefined && name.includes('\ufffd')) {
      // Node gives such a name with the bytes replaced, and there is no file of that name.
      options.onSkipped({ path: name, reason: 'its name is not UTF-8' });
    }
    if (stats === undefined || stats.isDirectory()) return null;
    if (stats.isSymbolicLink()) return { kind: 'link', mode: 0o777, bytes: readlinkSync(absolute, 'buffer') };
    if (!stats.isFile()) {
      options.onSkipped({ path: name, reason: 'not a regular file' });
      return null;
    }
    if (stats.size > options.limits.maxFileBytes) {
      options.onSkipped({ path: name, reason: 'too big' });
      return null;
    }
    return readRegular(name, absolute, options);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    if (hasErrno(error, 'EACCES', 'EPERM', 'EIO', 'ELOOP')) {
      options.onSkipped({ path: name, reason: 'unreadable' });
      return null;
    }
    throw error;
  }
}

function readRegular(name: string, absolute: string, options: CopyOptions): Source | null {
  // Without waiting and without following, in case a pipe or a link has taken its place since.
  const file = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) {
      options.onSkipped({ path: name, reason: 'not a regular file' });
      return null;
    }
    return { kind: 'file', mode: stats.mode & 0o777, bytes: readFileSync(file) };
  } finally {
    closeSync(file);
  }
}

/** Writes one copy and returns its stamp. The owner may always read and write it. */
export function writeCopy(absolute: string, source: Source): string {
  if (source.kind === 'link') {
    symlinkSync(source.bytes, absolute);
  } else {
    writeFileSync(absolute, source.bytes, { flag: 'wx' });
    const wanted = workingMode(source.mode);
    if ((lstatSync(absolute).mode & 0o777) !== wanted) chmodSync(absolute, wanted);
  }
  return stampOf(lstatSync(absolute, { bigint: true }));
}

/** Permissions of a copy: as in the user's folder, but never closed to its owner. */
export function workingMode(mode: number): number {
  return mode | 0o600;
}

function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}

function checkTotals(files: number, bytes: number, options: CopyOptions): void {
  const { maxFiles, maxTotalBytes } = options.limits;
  if (files <= maxFiles && bytes <= maxTotalBytes) return;
  const what =
    files > maxFiles ? `more than ${maxFiles} files` : `more than ${Math.round(maxTotalBytes / 1_048_576)} MB`;
  throw new WilsonError('WORKSPACE_TOO_LARGE', `${options.from} holds ${what}: too much to copy for a task`, {
    hint: 'Start wilson in the folder of the project itself, or name what is not needed in a .gitignore file there.',
  });
}
