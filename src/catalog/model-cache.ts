import { open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { type CatalogEntry, findCatalogEntry } from './catalog.js';
import { hashFile, rememberedHash, rememberHash, sidecarPath } from './model-cache-verify.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface LocatedModel {
  readonly path: string;
  /** Null for a GGUF file that was named by its path. */
  readonly entry: CatalogEntry | null;
}

/** What is known about the file of a catalog entry. */
export type CachedFile =
  | { readonly state: 'verified'; readonly path: string }
  | { readonly state: 'missing'; readonly path: string }
  /** There, but no hash is known that would tell whether it is whole. */
  | { readonly state: 'unverified'; readonly path: string }
  /** It was cut or changed, and now lies under `setAside`. */
  | { readonly state: 'damaged'; readonly path: string; readonly setAside: string; readonly reason: string };

/**
 * The folder of the models: `WILSON_MODELS`, else `models` in the platform's cache folder for `wilson`
 * (`$XDG_CACHE_HOME` or `~/.cache` on Linux, `~/Library/Caches` on macOS, `%LOCALAPPDATA%\wilson\Cache` on Windows).
 * Absolute; it need not exist.
 */
export function modelCacheFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (env.WILSON_MODELS) return resolve(env.WILSON_MODELS);
  const home = (platform === 'win32' ? env.USERPROFILE : env.HOME) || homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'wilson', 'models');
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'wilson', 'Cache', 'models');
  }
  // The XDG specification has relative values ignored.
  const cache = env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(home, '.cache');
  return join(cache, 'wilson', 'models');
}

/** Whether a model name is the path of a GGUF file rather than a name of the catalog. */
export function isModelPath(name: string): boolean {
  return /\.gguf$/i.test(name) && /[\\/]/.test(name);
}

/**
 * Finds an embedded model that is whole: a name of the catalog in the cache, or the path of a GGUF file. Null when it
 * has to be fetched first. A file with the wrong size or hash is set aside as `.damaged` and counts as absent. The hash
 * is computed once and remembered. Rejects with `MODEL_MISSING` (a name that nobody knows, or no such file),
 * `MODEL_DAMAGED` (no GGUF file, or damaged and not to be moved) or the reason of the signal.
 */
export async function locateModel(
  name: string,
  env: Environment,
  options: VerifyOptions = {},
): Promise<LocatedModel | null> {
  if (isModelPath(name)) {
    const path = resolve(name.startsWith('~') ? join(homedir(), name.slice(1)) : name);
    await checkMagic(path);
    return { path, entry: null };
  }
  const entry = findCatalogEntry(name);
  if (entry === null) throw unknownModel(name);
  const file = await inspectCachedFile(entry, modelCacheFolder(env), options);
  if (file.state === 'damaged') {
    const what = `The file of the model ${entry.name} was damaged (${file.reason}) and is set aside as ${file.setAside}.`;
    options.onDamaged?.(what);
  }
  return file.state === 'verified' ? { path: file.path, entry } : null;
}

/**
 * Whether a model can be used at once: named by its path, or in the cache and checked before. Looks only; a file that has
 * still to be checked, or fetched, is "no".
 */
export async function isModelReady(name: string, env: Environment): Promise<boolean> {
  if (isModelPath(name)) return true;
  const entry = findCatalogEntry(name);
  if (entry === null) return false;
  const remembered = await rememberedHash(join(modelCacheFolder(env), entry.fileName));
  return remembered !== null && (entry.sha256 === null || remembered === entry.sha256);
}

export interface VerifyOptions {
  /** Told, in one sentence, that a file was found damaged and set aside. */
  readonly onDamaged?: (what: string) => void;
  readonly signal?: AbortSignal;
  /** Bytes hashed so far, when the file has to be hashed. */
  readonly onVerify?: (hashedBytes: number) => void;
}

/**
 * The state of an entry's file in `folder`. Hashes it where no earlier hash covers it and sets a damaged one aside.
 * Rejects with `MODEL_DAMAGED` when it is damaged and cannot be moved.
 */
export async function inspectCachedFile(
  entry: CatalogEntry,
  folder: string,
  options: VerifyOptions = {},
): Promise<CachedFile> {
  const path = join(folder, entry.fileName);
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return { state: 'missing', path };
    throw unreadable(path, error);
  }
  const remembered = await rememberedHash(path);
  if (entry.sha256 === null) return { state: remembered === null ? 'unverified' : 'verified', path };
  if (remembered === entry.sha256) return { state: 'verified', path };
  if (size !== entry.bytes) {
    return await setAside(path, `it has ${size} bytes instead of ${entry.bytes}`);
  }
  if (remembered === null) {
    let hashed = 0;
    const sha256 = await hashFile(path, {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onBytes: (count) => {
        hashed += count;
        options.onVerify?.(hashed);
      },
    });
    if (sha256 === entry.sha256) {
      await rememberHash(path, sha256);
      return { state: 'verified', path };
    }
  }
  return await setAside(path, 'its SHA-256 is not the published one');
}

async function setAside(path: string, reason: string): Promise<CachedFile> {
  const target = `${path}.damaged`;
  try {
    await rename(path, target);
    await rm(sidecarPath(path), { force: true });
  } catch (error) {
    // Another process looked at the same moment and has set it aside.
    if (hasErrno(error, 'ENOENT')) return { state: 'damaged', path, setAside: target, reason };
    throw new WilsonError(
      'MODEL_DAMAGED',
      `The model file ${path} is damaged (${reason}) and could not be set aside.`,
      {
        hint: `Delete ${path}; it is fetched again at the next start.`,
        cause: error,
      },
    );
  }
  return { state: 'damaged', path, setAside: target, reason };
}

async function checkMagic(path: string): Promise<void> {
  let magic: string;
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
      magic = buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) {
      throw new WilsonError('MODEL_MISSING', `There is no model file ${path}.`, {
        hint: 'Check the path, or name a model of `wilson models`.',
        cause: error,
      });
    }
    throw unreadable(path, error);
  }
  if (magic === 'GGUF') return;
  throw new WilsonError('MODEL_DAMAGED', `${path} is not a GGUF file, or it is damaged.`, {
    hint: 'Fetch it again, or name a model of `wilson models`.',
  });
}

function unreadable(path: string, cause: unknown): WilsonError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WilsonError('MODEL_UNAVAILABLE', `The model file ${path} cannot be read: ${reason}.`, {
    hint: 'Make the file readable for you, or name another folder in WILSON_MODELS.',
    cause,
  });
}

export function unknownModel(name: string): WilsonError {
  return new WilsonError('MODEL_MISSING', `There is no embedded model named ${name}.`, {
    hint: 'See `wilson models` for the names, or give the path of a GGUF file.',
  });
}
