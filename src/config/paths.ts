import { closeSync, mkdirSync, openSync, statSync, unlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';

/** Environment variables as plain data; `process.env` fits. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of the database, logs, sockets and workspaces: `WILSON_HOME`, else the platform's state folder
 * (`$XDG_STATE_HOME` or `~/.local/state` on Linux, `~/Library/Application Support` on macOS, `%LOCALAPPDATA%` on
 * Windows) with `wilson` in it. Absolute; it need not exist.
 */
export function stateFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (env.WILSON_HOME) return resolve(env.WILSON_HOME);
  const home = homeFolder(env, platform);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'wilson');
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'wilson');
  return join(xdg(env.XDG_STATE_HOME) ?? join(home, '.local', 'state'), 'wilson');
}

/** The folder in which the user's own `config.yaml` is looked for. Absolute; it need not exist. */
export function configFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const home = homeFolder(env, platform);
  if (platform === 'darwin') return join(home, 'Library', 'Preferences', 'wilson');
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), 'wilson');
  return join(xdg(env.XDG_CONFIG_HOME) ?? join(home, '.config'), 'wilson');
}

/**
 * Makes the state folder where it is missing, for this user alone (mode 0700), and proves that files can be made in it.
 * Throws `STATE_UNWRITABLE`, which names the path and the remedy.
 */
export function ensureStateFolder(folder: string): void {
  try {
    makeFolder(folder, 0o700);
    // `access` is always granted to root, so only a file that was really made proves anything.
    const probe = join(folder, `.write-probe-${process.pid}`);
    closeSync(openSync(probe, 'w', 0o600));
    unlinkSync(probe);
  } catch (error) {
    throw unwritable(folder, reasonOf(error), error);
  }
}

/**
 * Makes a folder and those above it that are missing; throws what the file system throws. Not mkdir's own `recursive`:
 * in Node 20 that never returns where a folder answers ENOENT for ever, as /proc does.
 */
export function makeFolder(folder: string, mode: number): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(folder);
  if (parent !== folder) makeFolder(parent, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have made it at the same moment.
    if (!hasErrno(error, 'EEXIST') || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function homeFolder(env: Environment, platform: NodeJS.Platform): string {
  return (platform === 'win32' ? env.USERPROFILE : env.HOME) || homedir();
}

/** The XDG specification has relative values ignored. */
function xdg(value: string | undefined): string | undefined {
  return value && isAbsolute(value) ? value : undefined;
}

function unwritable(folder: string, reason: string, cause: unknown): WilsonError {
  return new WilsonError('STATE_UNWRITABLE', `Wilson cannot keep its state in ${folder}: ${reason}.`, {
    hint: 'Make that folder writable for you, or name another one in WILSON_HOME, e.g. WILSON_HOME=~/wilson-state.',
    cause,
  });
}

function reasonOf(error: unknown): string {
  if (hasErrno(error, 'ENOENT')) return 'no folder can be made there';
  if (hasErrno(error, 'EEXIST', 'ENOTDIR')) return 'a file is in the way, where a folder has to be';
  if (hasErrno(error, 'EACCES', 'EPERM')) return 'you are not allowed to write there';
  if (hasErrno(error, 'EROFS')) return 'that disk is read-only';
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) return 'the disk is full';
  return error instanceof Error ? error.message : String(error);
}
