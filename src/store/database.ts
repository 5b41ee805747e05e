import { existsSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { hasErrno, WilsonError } from '../errors.js';
import { migration0001 } from './migrations/0001-tasks.js';
import { migration0002 } from './migrations/0002-models.js';
import { migration0003 } from './migrations/0003-families.js';
import { migration0004 } from './migrations/0004-superseded.js';
import { migration0005 } from './migrations/0005-owed-ends.js';
import { migration0006 } from './migrations/0006-attempt-usage.js';
import { holdToLife } from './task-life.js';

export type Connection = Database.Database;

/** In order; a database whose `user_version` is n has had the first n. Never change one that was released. */
const migrations: readonly string[] = [
  migration0001,
  migration0002,
  migration0003,
  migration0004,
  migration0005,
  migration0006,
];

export const databaseFileName = 'wilson.db';

export interface OpenOptions {
  /** Refuse to create or migrate: for commands that only look. Resolves to null when there is no database yet. */
  readonly mustExist?: boolean;
  /** How long a statement waits for another process's lock. */
  readonly busyTimeoutMs?: number;
}

function sqliteCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Turns what SQLite says into what people can act on. */
export function storeError(error: unknown, file: string): WilsonError {
  if (error instanceof WilsonError) return error;
  const code = sqliteCode(error);
  const said = error instanceof Error ? error.message : String(error);
  if (code.startsWith('SQLITE_BUSY')) {
    return new WilsonError('STORE_BUSY', `The database ${file} is locked by another process.`, {
      hint: `Try again when the other process is done, or end it; \`fuser ${file}\` names it.`,
      cause: error,
    });
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new WilsonError('STORE_DAMAGED', `The database ${file} is damaged: ${said}.`, {
      hint: 'Start `wilson`: it sets the file aside under another name and begins a new one.',
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_FULL')) {
    return new WilsonError('STORE_FULL', `There is no room left for the database ${file}.`, {
      hint: 'Free some disk space and try again.',
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM')) {
    return new WilsonError(
      'STORE_UNREADABLE',
      `The database ${file} cannot be opened for reading and writing: ${said}.`,
      {
        hint: `Check the owner and the permissions of ${file}, or set WILSON_HOME to another folder.`,
        cause: error,
      },
    );
  }
  return new WilsonError('STORE_FAILED', `The database ${file} answered with an error: ${said}.`, { cause: error });
}

/** As {@link storeError} for what SQLite itself threw; everything else stays as it is. */
export function orStoreError(error: unknown, file: string): unknown {
  return error instanceof Error && error.name === 'SqliteError' ? storeError(error, file) : error;
}

/**
 * Opens the database of a state folder: WAL, full durability, foreign keys, all migrations applied.
 * Returns null with `mustExist` where there is none. Throws `STORE_BUSY`, `STORE_DAMAGED`, `STORE_NEWER`,
 * `STORE_UNREADABLE`, `STORE_FULL`, `STORE_FAILED` or, with `mustExist`, `STATE_UNWRITABLE` where the state folder is a
 * file; the file is never changed by a failed opening.
 */
export function openDatabase(stateFolder: string, options: OpenOptions = {}): Connection | null {
  const file = join(stateFolder, databaseFileName);
  if (options.mustExist === true && !isThere(stateFolder, file)) return null;
  let connection: Connection | undefined;
  try {
    connection = new Database(file, { timeout: options.busyTimeoutMs ?? 5_000, ...nativeAddon() });
    const version = readVersion(connection);
    if (version > migrations.length) {
      throw new WilsonError(
        'STORE_NEWER',
        `The database ${file} was made by a newer Wilson (schema ${version}, this one knows ${migrations.length}).`,
        { hint: 'Update Wilson, or set WILSON_HOME to another folder for this version.' },
      );
    }
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = FULL');
    connection.pragma('foreign_keys = ON');
    if (version < migrations.length) migrate(connection);
    holdToLife(connection);
    return withKeptStatements(connection);
  } catch (error) {
    connection?.close();
    throw storeError(error, file);
  }
}

/**
 * Prepares each text once for the life of the connection. A statement keeps native memory that only a garbage collection
 * gives back, and which the collector does not see: measured over 12,000 calls, a process that prepared anew each time held
 * 37 MB of its own, one that does not 23 MB.
 */
function withKeptStatements(connection: Connection): Connection {
  const prepare = connection.prepare.bind(connection);
  const kept = new Map<string, Database.Statement>();
  const preparing = (source: string): Database.Statement => {
    const statement = kept.get(source) ?? prepare(source);
    kept.set(source, statement);
    return statement;
  };
  return Object.assign(connection, { prepare: preparing });
}

/** Whether there is a database. That nobody may look, or that a file is in the folder's place, does not mean "none". */
function isThere(stateFolder: string, file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (hasErrno(error, 'ENOTDIR')) throw notAFolder(stateFolder);
    const said = error instanceof Error ? error.message : String(error);
    throw new WilsonError('STORE_UNREADABLE', `The database ${file} cannot be looked for: ${said}.`, {
      hint: `Check the owner and the permissions of ${stateFolder}, or set WILSON_HOME to another folder.`,
      cause: error,
    });
  }
}

function notAFolder(stateFolder: string): WilsonError {
  return new WilsonError(
    'STATE_UNWRITABLE',
    `Wilson cannot keep its state in ${stateFolder}: a file is in the way, where a folder has to be.`,
    { hint: 'Name another folder in WILSON_HOME, e.g. WILSON_HOME=~/wilson-state.' },
  );
}

/** Names the addon, where it is in its usual place, so that better-sqlite3 need not search for it (3 ms a start). */
function nativeAddon(): { nativeBinding?: string } {
  try {
    const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
    const folder = dirname(require.resolve('better-sqlite3/package.json'));
    const addon = join(folder, 'build', 'Release', 'better_sqlite3.node');
    return existsSync(addon) ? { nativeBinding: addon } : {};
  } catch {
    // Its own search finds it or says what is missing.
    return {};
  }
}

function readVersion(connection: Connection): number {
  const version: unknown = connection.pragma('user_version', { simple: true });
  return typeof version === 'number' ? version : 0;
}

/** Applies what is missing in one transaction, so that two first starts at once cannot meet half a schema. */
function migrate(connection: Connection): void {
  connection
    .transaction(() => {
      for (let version = readVersion(connection); version < migrations.length; version += 1) {
        const sql = migrations[version];
        if (sql !== undefined) connection.exec(sql);
        connection.pragma(`user_version = ${version + 1}`);
      }
    })
    .immediate();
}

/**
 * Sets a damaged database aside, with its WAL, under a name that says when; returns that name.
 * Nothing is deleted: `sqlite3 <file> .recover` may still read it.
 */
export function setDatabaseAside(stateFolder: string, now: Date): string {
  const file = join(stateFolder, databaseFileName);
  const suffix = `.damaged-${now.toISOString().replace(/[:.]/g, '-')}`;
  for (const ending of ['', '-wal', '-shm']) {
    if (existsSync(file + ending)) renameSync(file + ending, file + suffix + ending);
  }
  return file + suffix;
}
