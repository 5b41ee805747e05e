import { hasErrno, WilsonError } from '../errors.js';

/** Why a disk takes no more, and what to do about it. */
export interface DiskFault {
  readonly code: 'DISK_FULL' | 'NOT_WRITABLE' | 'DISK_FAILED';
  readonly reason: string;
}

/** What of the surroundings kept a file from being written, also as git says it; null for any other error. */
export function diskFaultOf(thrown: unknown): DiskFault | null {
  const said = thrown instanceof WilsonError && thrown.code === 'GIT_FAILED' ? thrown.message : '';
  if (hasErrno(thrown, 'ENOSPC') || said.includes('No space left on device')) {
    return { code: 'DISK_FULL', reason: 'its disk is full' };
  }
  if (hasErrno(thrown, 'EDQUOT') || said.includes('Disk quota exceeded')) {
    return { code: 'DISK_FULL', reason: 'your share of its disk is used up' };
  }
  if (hasErrno(thrown, 'EROFS') || said.includes('Read-only file system')) {
    return { code: 'NOT_WRITABLE', reason: 'its disk is read-only' };
  }
  if (hasErrno(thrown, 'EACCES', 'EPERM') || said.includes('Permission denied')) {
    return { code: 'NOT_WRITABLE', reason: 'its permissions forbid it' };
  }
  // What node says of a folder that it makes with those above it, on a disk that is read-only.
  if (hasErrno(thrown, 'ENOENT') && thrown instanceof Error && 'syscall' in thrown && thrown.syscall === 'mkdir') {
    return { code: 'NOT_WRITABLE', reason: 'no folder can be made there' };
  }
  return hasErrno(thrown, 'EIO') ? { code: 'DISK_FAILED', reason: 'its disk fails' } : null;
}

/** The error in words that name what was to be done (`make a copy of /x for TASK-001 in /state`); any other as it is. */
export function asDiskError(thrown: unknown, doing: string): unknown {
  const fault = diskFaultOf(thrown);
  if (fault === null) return thrown;
  const hint =
    fault.code === 'DISK_FULL'
      ? 'Free some space there, or set WILSON_HOME to a folder on another disk.'
      : 'Mend that, or set WILSON_HOME to a folder that can be written to.';
  return new WilsonError(fault.code, `Wilson could not ${doing}: ${fault.reason}.`, { hint, cause: thrown });
}
