import { readdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { makeFolder } from './paths.js';
import { nearest } from './problem.js';
import { packageFolder } from './source.js';

export interface ProfileUse {
  /** The file that now holds the profile, links resolved. */
  readonly file: string;
  /** Where its former content is kept; null when there was none. */
  readonly backup: string | null;
  /** False when the file held exactly that profile already. */
  readonly changed: boolean;
}

/** The names of the packaged profiles, e.g. `lowend`. */
export function profileNames(): string[] {
  return readdirSync(packageFolder())
    .flatMap((name) => /^config-([a-z]+)\.yaml$/.exec(name)?.[1] ?? [])
    .sort();
}

/**
 * Puts a packaged profile in the place of `file`, whole or not at all. The former content stays beside it, under a name
 * with `now` in it, so that an older backup is never overwritten. A link is followed, not replaced.
 *
 * Throws `PROFILE_UNKNOWN` or `CONFIG_UNWRITABLE`.
 */
export function useProfile(profile: string, file: string, now: Date): ProfileUse {
  const names = profileNames();
  if (!names.includes(profile)) {
    const near = nearest(profile, names);
    throw new WilsonError('PROFILE_UNKNOWN', `There is no profile ${JSON.stringify(profile)}.`, {
      hint: `${near === null ? '' : `Did you mean ${near}? `}There are: ${names.join(', ')}.`,
    });
  }
  const wanted = readFileSync(join(packageFolder(), `config-${profile}.yaml`));
  try {
    makeFolder(dirname(file), 0o755);
    const target = followed(file);
    const former = contentOf(target);
    if (former?.equals(wanted)) return { file: target, backup: null, changed: false };
    const mode = former === null ? 0o644 : statSync(target).mode & 0o777;
    const backup = former === null ? null : keep(target, former, mode, now);
    replace(target, wanted, mode);
    return { file: target, backup, changed: true };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WilsonError('CONFIG_UNWRITABLE', `The configuration ${file} cannot be written: ${reason}.`, {
      hint: 'Make the file and its folder writable, or name another file with --config.',
      cause: error,
    });
  }
}

function followed(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return file;
    throw error;
  }
}

function contentOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Writes the former content beside the file; `wx` makes sure that nothing is overwritten. */
function keep(file: string, content: Buffer, mode: number, now: Date): string {
  const stamp = now.toISOString().replace(/\..*$/, '').replace(/[-:]/g, '').replace('T', '-');
  for (let number = 1; ; number++) {
    const backup = `${file}.${stamp}${number === 1 ? '' : `-${number}`}.bak`;
    try {
      writeFileSync(backup, content, { mode, flag: 'wx' });
      return backup;
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
  }
}

function replace(file: string, content: Buffer, mode: number): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { mode, flush: true });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}
