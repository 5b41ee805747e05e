import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { ownerVariable } from './process-tree.js';

/** The variables of the caller that a command may see; everything else may hold a secret and stays out. */
const passedOn = ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'SystemRoot', 'COMSPEC', 'PATHEXT'] as const;

/**
 * A clean environment: the few harmless variables of `from`, a private home and temporary folder, the owner mark by
 * which a sweeper finds what escaped, then `extra`. The owner mark cannot be replaced by `extra`.
 */
export function commandEnvironment(options: {
  readonly from: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly temporary: string;
  readonly owner: string;
  readonly extra: Readonly<Record<string, string>>;
}): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of passedOn) {
    const value = options.from[name];
    if (value !== undefined) environment[name] = value;
  }
  environment.LANG ??= 'C.UTF-8';
  return {
    ...environment,
    HOME: options.home,
    TMPDIR: options.temporary,
    TERM: 'dumb',
    NO_COLOR: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    ...options.extra,
    [ownerVariable]: options.owner,
  };
}

/** The absolute path of a program as `PATH` of `from` (or, with a slash, `cwd`) gives it; null where there is none. */
export async function findProgram(
  name: string,
  from: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<string | null> {
  const windows = process.platform === 'win32';
  const endings = windows ? ['', ...(from.PATHEXT ?? '.EXE;.CMD').split(';')] : [''];
  const folders = name.includes('/') || (windows && name.includes('\\')) ? [cwd] : searchPath(from);
  for (const folder of folders) {
    for (const ending of endings) {
      const candidate = path.resolve(folder, name + ending);
      if (await isProgram(candidate)) return candidate;
    }
  }
  return null;
}

/** The folders of `PATH`, absolute ones only: a relative one would mean another program in every folder. */
export function searchPath(from: Readonly<Record<string, string | undefined>>): string[] {
  const value = from.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  return value.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    // Not there, or not for us to run: look on.
    return false;
  }
}
