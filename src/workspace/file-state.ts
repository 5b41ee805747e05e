import { createHash } from 'node:crypto';
import path from 'node:path';
import { type FileSide, readSide } from './changes.js';
import { realFolderCheck } from './real-folder.js';

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
  return stateOf(readSide(folder, name));
}

/** Equal content and kind; permissions are not compared. */
export function sameContent(a: FileState, b: FileState): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.sha256 === b.sha256;
  if (a.kind === 'link') return b.kind === 'link' && a.target === b.target;
  return b.kind === 'absent';
}
