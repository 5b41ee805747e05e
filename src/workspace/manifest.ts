import type { BigIntStats } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { metaFiles } from './layout.js';
import { TimeSlice } from './time-slice.js';

/** One file or symlink as it was when the workspace was made. Its bytes (or target) lie in the base pack. */
export interface ManifestEntry {
  readonly kind: 'file' | 'link';
  /** Permission bits in the user's folder. */
  readonly mode: number;
  readonly size: number;
  /** Where its bytes begin in the base pack. */
  readonly offset: number;
  /** {@link stampOf} of the copy: as long as it is the same, nobody has touched the copy. */
  readonly stamp: string;
}

/** By path relative to the root, with forward slashes. */
export type Manifest = Map<string, ManifestEntry>;

/** Changes whenever a file is written, replaced or has its mode changed; the change time cannot be set by programs. */
export function stampOf(stats: BigIntStats): string {
  return `${stats.size}.${stats.mtimeNs}.${stats.ctimeNs}.${stats.ino}`;
}

/** Entries of one line of the file: few enough to be read without holding up the event loop. */
const entriesPerLine = 500;

export async function writeManifest(metaDir: string, manifest: Manifest): Promise<void> {
  const slice = new TimeSlice();
  const entries = [...manifest];
  const lines: string[] = [];
  for (let from = 0; from < entries.length; from += entriesPerLine) {
    lines.push(JSON.stringify(entries.slice(from, from + entriesPerLine)));
    await slice.pause();
  }
  await writeFile(path.join(metaDir, metaFiles.manifest), lines.join('\n'));
}

export async function readManifest(metaDir: string): Promise<Manifest> {
  const slice = new TimeSlice();
  const manifest: Manifest = new Map();
  const text = await readFile(path.join(metaDir, metaFiles.manifest), 'utf8');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    for (const [name, entry] of JSON.parse(line) as [string, ManifestEntry][]) manifest.set(name, entry);
    await slice.pause();
  }
  return manifest;
}
