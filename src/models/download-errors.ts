import type { CatalogEntry } from '../catalog/catalog.js';
import { hasErrno, WilsonError } from '../errors.js';

/** Why one source did not bring the model. */
export interface FailedSource {
  readonly label: string;
  readonly reason: string;
}

/** A fault of this machine that no other source would mend, or null when the next source should be tried. */
export function storageError(entry: CatalogEntry, folder: string, error: unknown): WilsonError | null {
  const full = hasErrno(error, 'ENOSPC', 'EDQUOT') || (error instanceof Error && error.message === 'the disk is full');
  if (full) return diskFull(entry, folder, null, error);
  const reason = unwritableReason(error);
  if (reason === null) return null;
  return new WilsonError('MODEL_UNAVAILABLE', `The model ${entry.name} cannot be stored in ${folder}: ${reason}.`, {
    hint: 'Make that folder writable for you, or name another one in WILSON_MODELS.',
    cause: error,
  });
}

/** `free` is what was found before the fetch; null when the disk filled up during it. Both in bytes. */
export function diskFull(
  entry: CatalogEntry,
  folder: string,
  space: { freeBytes: number; neededBytes: number } | null,
  cause?: unknown,
): WilsonError {
  const detail =
    space === null
      ? 'the disk is full'
      : `it needs ${megabytes(space.neededBytes)} MB more and ${megabytes(space.freeBytes)} MB are free`;
  return new WilsonError('MODEL_UNAVAILABLE', `The model ${entry.name} does not fit into ${folder}: ${detail}.`, {
    hint: 'Make room, or name a folder on another disk in WILSON_MODELS. What is there already is kept.',
    cause,
  });
}

/** What was there before, and where it lies now. */
export interface DamagedFile {
  readonly reason: string;
  readonly setAside: string;
}

/** Every source failed: what was tried, and how to bring the file there by hand. */
export function nothingFetched(
  entry: CatalogEntry,
  path: string,
  failed: readonly FailedSource[],
  damaged: DamagedFile | null,
): WilsonError {
  const tried = failed.map(({ label, reason }) => `${label}: ${reason}`).join('; ');
  const message =
    damaged === null
      ? `The model ${entry.name} is not on this machine and could not be fetched. Tried ${tried}.`
      : `The file of the model ${entry.name} was damaged (${damaged.reason}), is set aside as ${damaged.setAside}, and could not be fetched again. Tried ${tried}.`;
  return new WilsonError(damaged === null ? 'MODEL_UNAVAILABLE' : 'MODEL_DAMAGED', message, {
    hint: `Try again with a network (\`wilson models pull ${entry.name}\` goes on where it stopped), or ${byHand(entry, path)}.`,
  });
}

function byHand(entry: CatalogEntry, path: string): string {
  const hub = entry.sources.find((source) => source.kind === 'hugging-face');
  if (hub !== undefined) return `put the file ${hub.file} of huggingface.co/${hub.repo} there yourself: ${path}`;
  return `put the file ${entry.fileName} there yourself: ${path}`;
}

function unwritableReason(error: unknown): string | null {
  if (hasErrno(error, 'EACCES', 'EPERM')) return 'you are not allowed to write there';
  if (hasErrno(error, 'EROFS')) return 'that disk is read-only';
  if (hasErrno(error, 'EEXIST', 'ENOTDIR')) return 'a file is in the way, where a folder has to be';
  if (hasErrno(error, 'ENOENT', 'EISDIR', 'ENAMETOOLONG', 'ELOOP')) return (error as Error).message;
  return null;
}

function megabytes(bytes: number): string {
  return String(Math.round(bytes / 1e6));
}
