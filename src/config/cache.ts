import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.js';
import { codeIdentity } from './source.js';

/** What reading a file came to: a configuration, or why the file is passed over. */
export type CachedResult = { readonly config: Config } | { readonly note: string };

interface Entry {
  readonly file: string;
  readonly identity: string;
  readonly code: string;
  readonly sum: string;
  /** JSON of a {@link CachedResult}. */
  readonly payload: string;
}

/** Folders in which Wilson is used in turn; the ones unused for longest go first. */
const maxEntries = 16;

/** What an earlier run made of `file` in exactly this state; null where it is unknown or the cache is damaged. */
export function cachedConfig(stateFolder: string, file: string, identity: string): CachedResult | null {
  const entry = readEntries(stateFolder).find((candidate) => candidate.file === file);
  if (entry?.identity !== identity || entry.code !== codeIdentity() || entry.sum !== checksum(entry.payload)) {
    return null;
  }
  // Its checksum says that it is what `rememberConfig` wrote.
  return JSON.parse(entry.payload) as CachedResult;
}

/** Keeps a result for {@link cachedConfig}. Replaces the cache file as a whole; throws what the file system throws. */
export function rememberConfig(stateFolder: string, file: string, identity: string, result: CachedResult): void {
  const payload = JSON.stringify(result);
  const entry: Entry = { file, identity, code: codeIdentity(), sum: checksum(payload), payload };
  const others = readEntries(stateFolder).filter((other) => other.file !== file);
  const path = cacheFile(stateFolder);
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, JSON.stringify([entry, ...others].slice(0, maxEntries)), { mode: 0o600 });
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

export function cacheFile(stateFolder: string): string {
  return join(stateFolder, 'config-cache.json');
}

function readEntries(stateFolder: string): Entry[] {
  try {
    const parsed: unknown = JSON.parse(readFileSync(cacheFile(stateFolder), 'utf8'));
    return Array.isArray(parsed) ? parsed.filter(isEntry) : [];
  } catch {
    // Missing, unreadable or damaged: all the same, the configuration itself is read.
    return [];
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  return ['file', 'identity', 'code', 'sum', 'payload'].every((key) => typeof Reflect.get(value, key) === 'string');
}

/** FNV-1a, 32 bits, over UTF-16 units: it finds damage, and costs no import. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return `${text.length}.${(hash >>> 0).toString(16)}`;
}
