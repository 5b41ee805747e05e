import type { BigIntStats } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { metaFiles } from './layout.js';

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

export async function writeManifest(metaDir: string, manifest: Manifest): Promise<void> {
  await writeFile(path.join(metaDir, metaFiles.manifest), JSON.stringify([...manifest]));
}

export async function readManifest(metaDir: string): Promise<Manifest> {
  const text = await readFile(path.join(metaDir, metaFiles.manifest), 'utf8');
  return new Map(JSON.parse(text) as [string, ManifestEntry][]);
}
