import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasErrno, WilsonError } from '../errors.js';
import { configFolder, type Environment } from './paths.js';

/** Why a file is looked at; `packaged` is the one that Wilson ships. */
export type ConfigOrigin = '--config' | 'WILSON_CONFIG' | 'this folder' | 'your config folder' | 'packaged';

export interface ConfigCandidate {
  readonly file: string;
  readonly origin: ConfigOrigin;
}

/** Where a configuration is looked for. */
export interface ConfigSearch {
  /** From `--config`. */
  readonly path?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
}

/** Larger than any configuration by a factor of a hundred; what is above was named by mistake. */
const limitBytes = 1_048_576;

/** The files to look at, first to last. A file that was named is the only one: no other may stand in for it. */
export function configCandidates(search: ConfigSearch): ConfigCandidate[] {
  if (search.path) return [{ file: resolve(search.cwd, search.path), origin: '--config' }];
  if (search.env.WILSON_CONFIG) {
    return [{ file: resolve(search.cwd, search.env.WILSON_CONFIG), origin: 'WILSON_CONFIG' }];
  }
  return [
    { file: join(search.cwd, 'config.yaml'), origin: 'this folder' },
    { file: join(configFolder(search.env), 'config.yaml'), origin: 'your config folder' },
    { file: packagedConfig(), origin: 'packaged' },
  ];
}

/** The folder of Wilson's own package.json, from the sources as well as from the compiled files. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new WilsonError('INSTALLATION_DAMAGED', 'Wilson does not find its own package.json.', {
        hint: 'Install Wilson again.',
      });
    }
    folder = parent;
  }
  return folder;
}

/** The `config.yaml` that Wilson ships. */
export function packagedConfig(): string {
  return join(packageFolder(), 'config.yaml');
}

/** What tells one state of a file from the next; null where there is nothing. Throws what `stat` throws otherwise. */
export function fileIdentity(file: string): { identity: string; changedAtMs: number } | null {
  try {
    const stat = statSync(file, { bigint: true });
    return {
      identity: [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join('.'),
      changedAtMs: Number(stat.ctimeNs / 1_000_000n),
    };
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

/** Changes with the code that turns a file into a configuration, so that its results are not used after an update. */
export function codeIdentity(): string {
  const extension = extname(import.meta.url);
  const code = ['schema', 'resolve', 'defaults'].map((name) => new URL(`./${name}${extension}`, import.meta.url));
  const parts = [...code, join(packageFolder(), 'package.json')].map((file) => {
    const stat = statSync(file);
    return `${stat.size}.${stat.mtimeMs}`;
  });
  return parts.join('.');
}

/**
 * The text of a configuration file, or null where there is none. Throws `CONFIG_UNREADABLE` (a folder, no permission, too
 * large …) or `CONFIG_NOT_YAML` where it is not UTF-8 text.
 */
export function readConfigText(file: string): string | null {
  let bytes: Buffer;
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) throw unreadable(file, 'it is a folder');
    if (!stat.isFile()) throw unreadable(file, 'it is not a regular file');
    if (stat.size > limitBytes) throw unreadable(file, `it has ${stat.size} bytes, more than ${limitBytes}`);
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof WilsonError) throw error;
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    if (hasErrno(error, 'EACCES', 'EPERM')) throw unreadable(file, 'you are not allowed to', error);
    throw unreadable(file, error instanceof Error ? error.message : String(error), error);
  }
  return decode(bytes, file);
}

function decode(bytes: Buffer, file: string): string {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (utf16) throw notText(file, 1, 'it is in UTF-16');
  const binaryAt = bytes.indexOf(0);
  if (binaryAt >= 0) throw notText(file, lineOf(bytes.toString('latin1', 0, binaryAt)), 'it is a binary file');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const readable = bytes.toString('utf8').split('\ufffd')[0] ?? '';
    throw notText(file, lineOf(readable), 'a character there is not in UTF-8', error);
  }
}

function unreadable(file: string, reason: string, cause?: unknown): WilsonError {
  return new WilsonError('CONFIG_UNREADABLE', `The configuration ${file} cannot be read: ${reason}.`, {
    hint: 'Name another file with --config or WILSON_CONFIG.',
    cause,
  });
}

function lineOf(textBefore: string): number {
  return textBefore.split('\n').length;
}

function notText(file: string, line: number, reason: string, cause?: unknown): WilsonError {
  return new WilsonError('CONFIG_NOT_YAML', `The configuration is not valid YAML.\n${file}:${line} ${reason}`, {
    hint: 'Save it as plain text in UTF-8, or name another file with --config or WILSON_CONFIG.',
    cause,
  });
}
