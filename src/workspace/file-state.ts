import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import path from 'node:path';
import type { FileSide } from './changes.js';
import { lstatOrNull, realFolderCheck } from './real-folder.js';

/** What lies at a path, in a form that fits a journal. */
export type FileState =
  | { readonly kind: 'file'; readonly sha256: string; readonly mode: number }
  /** `target` in base64: it need not be UTF-8. */
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'absent' };

export const absent: FileState = { kind: 'absent' };

export function stateOf(side: FileSide | null): FileState {
  if (side === null) return absent;
  if (side.kind === 'link') return { kind: 'link', target: side.bytes.toString('base64') };
  return { kind: 'file', sha256: createHash('sha256').update(side.bytes).digest('hex'), mode: side.mode };
}

/** What lies at a path of a folder now; what is only reached through a symlink does not belong to the folder. */
export function stateAt(folder: string, name: string): FileState {
  // Not remembered between calls: a transaction changes folders as it goes.
  if (!realFolderCheck(folder)(path.posix.dirname(name))) return absent;
  const absolute = path.join(folder, name);
  const stats = lstatOrNull(absolute);
  if (stats?.isSymbolicLink() === true) {
    return { kind: 'link', target: readlinkSync(absolute, 'buffer').toString('base64') };
  }
  return stats?.isFile() === true ? fileState(absolute) : absent;
}

const pieceBytes = 1024 * 1024;

/** Read piece by piece: a command may leave a file of a gigabyte. */
function fileState(absolute: string): FileState {
  const file = openSync(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(pieceBytes);
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece))
      hash.update(piece.subarray(0, count));
    return { kind: 'file', sha256: hash.digest('hex'), mode: fstatSync(file).mode & 0o777 };
  } finally {
    closeSync(file);
  }
}

/** Equal content and kind; permissions are not compared. */
export function sameContent(a: FileState, b: FileState): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.sha256 === b.sha256;
  if (a.kind === 'link') return b.kind === 'link' && a.target === b.target;
  return b.kind === 'absent';
}
