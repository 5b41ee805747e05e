import { join } from 'node:path';
import { hasErrno, toErrorRecord, WilsonError } from '../errors.js';
import { cachedConfig, rememberConfig } from './cache.js';
import type { Config } from './config.js';
import { configFolder, ensureStateFolder, stateFolder } from './paths.js';
import { type ConfigCandidate, type ConfigSearch, configCandidates, fileIdentity, readConfigText } from './source.js';

export interface LoadOptions extends ConfigSearch {
  /** Told, in one sentence, why a file that was found is not used. */
  readonly onNote?: (note: string) => void;
}

/**
 * The configuration in force, every default filled in, always from the file itself.
 *
 * Looked for in `--config`, `WILSON_CONFIG`, `./config.yaml`, the user's config folder and the packaged default; the
 * first that exists counts. A `./config.yaml` that belongs to another program (none of `llms`, `workers`, `resources` at
 * its top) is passed over with a note. Throws `CONFIG_MISSING`, `CONFIG_UNREADABLE`, `CONFIG_NOT_YAML` or
 * `CONFIG_INVALID`, each naming the file and the remedy.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const candidates = configCandidates(options);
  for (const candidate of candidates) {
    const result = await readCandidate(candidate, options.onNote);
    if (result) return result;
  }
  throw missing(candidates);
}

/**
 * {@link loadConfig} for commands that must start at once: what an earlier call made of the same files is taken from the
 * state folder, and neither yaml nor zod is imported then (64 ms together). Whatever is wrong with that copy, the file
 * itself is read.
 */
export async function loadConfigQuick(options: LoadOptions): Promise<Config> {
  const folder = stateFolder(options.env);
  const candidates = configCandidates(options);
  for (const candidate of candidates) {
    const before = identityOf(candidate.file);
    const cached = before && cachedConfig(folder, candidate.file, before.identity);
    if (cached && !('note' in cached)) return cached.config;
    if (cached) {
      options.onNote?.(cached.note);
      continue;
    }
    const notes: string[] = [];
    const config = await readCandidate(candidate, (note) => notes.push(note));
    const note = notes[0];
    if (note !== undefined) options.onNote?.(note);
    const entry = config ? { config } : note === undefined ? null : { note };
    if (before && entry && isSettled(before.changedAtMs)) remember(folder, candidate.file, before.identity, entry);
    if (config) return config;
  }
  throw missing(candidates);
}

/**
 * Which file {@link loadConfig} would read, without reading what is in it: so it also finds one that is invalid. Throws
 * `CONFIG_MISSING` or `CONFIG_UNREADABLE`.
 */
export async function locateConfig(options: LoadOptions): Promise<ConfigCandidate> {
  const candidates = configCandidates(options);
  for (const candidate of candidates) {
    if ((await textOf(candidate, options.onNote)) !== null) return candidate;
  }
  throw missing(candidates);
}

/**
 * Where a new configuration has to go to be the one in force: over the file in force, or, where that is the packaged one,
 * into the user's config folder. A file that was named need not exist.
 */
export async function configTarget(options: LoadOptions): Promise<string> {
  const named = configCandidates(options).find(isNamed);
  if (named) return named.file;
  const { file, origin } = await locateConfig(options);
  return origin === 'packaged' ? join(configFolder(options.env), 'config.yaml') : file;
}

async function readCandidate(
  candidate: ConfigCandidate,
  onNote: ((note: string) => void) | undefined,
): Promise<Config | null> {
  const text = await textOf(candidate, onNote);
  if (text === null) return null;
  const { parseConfig } = await import('./parse.js');
  try {
    return parseConfig(text, candidate.file);
  } catch (error) {
    // Not by `instanceof`: the bundle of `wilson ps` has a class of its own.
    const { code, message, hint } = toErrorRecord(error);
    if (candidate.origin !== 'this folder' || !code.startsWith('CONFIG_')) throw error;
    throw new WilsonError(code, message, {
      hint: `${hint} If the file belongs to another program, name Wilson's with --config or WILSON_CONFIG.`,
      cause: error,
    });
  }
}

/** Null where there is no file, or where `./config.yaml` is another program's, which `onNote` is told. */
async function textOf(
  { file, origin }: ConfigCandidate,
  onNote: ((note: string) => void) | undefined,
): Promise<string | null> {
  const mayBeForeign = origin === 'this folder';
  let text: string | null;
  try {
    text = readConfigText(file);
  } catch (error) {
    // A folder or a binary called config.yaml is none of Wilson's; one that merely may not be read could be.
    if (!mayBeForeign || !(error instanceof WilsonError) || hasErrno(error.cause, 'EACCES', 'EPERM')) throw error;
    onNote?.(`${file} is passed over: ${error.message.replace(/^.*\n|\.$/g, '')}.`);
    return null;
  }
  if (text === null || !mayBeForeign) return text;
  const { looksLikeWilson } = await import('./parse.js');
  if (looksLikeWilson(text)) return text;
  onNote?.(`${file} is passed over: it has none of the keys llms, workers and resources, so it is not Wilson's.`);
  return null;
}

function isNamed({ origin }: ConfigCandidate): boolean {
  return origin === '--config' || origin === 'WILSON_CONFIG';
}

function missing(candidates: readonly ConfigCandidate[]): WilsonError {
  const named = candidates.find(isNamed);
  if (named) {
    return new WilsonError('CONFIG_MISSING', `There is no configuration ${named.file} (from ${named.origin}).`, {
      hint: `Correct the path, or leave ${named.origin} out to use the usual one: wilson config path`,
    });
  }
  return new WilsonError('INSTALLATION_DAMAGED', `Wilson's own configuration is missing: ${candidates.at(-1)?.file}.`, {
    hint: 'Install Wilson again, or name a configuration with --config.',
  });
}

/** Null where `stat` fails; reading the file then fails too, with a message. */
function identityOf(file: string): ReturnType<typeof fileIdentity> {
  try {
    return fileIdentity(file);
  } catch {
    return null;
  }
}

/** A file written a moment ago may be written again within the same tick of the file system's clock, unseen. */
function isSettled(changedAtMs: number): boolean {
  return Date.now() - changedAtMs > 100;
}

function remember(folder: string, file: string, identity: string, entry: { config: Config } | { note: string }): void {
  try {
    ensureStateFolder(folder);
    rememberConfig(folder, file, identity, entry);
  } catch {
    // Only speed is lost; whoever needs the state folder for more says what is wrong with it.
  }
}
