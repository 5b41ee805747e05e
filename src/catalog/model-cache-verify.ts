import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';

/** What was found when a file was last hashed. It holds as long as size and time of change are the same. */
interface Verification {
  readonly size: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

/**
 * SHA-256 of a file in lower-case hex. `onBytes` gets the size of each piece read. Rejects with the reason of `signal`
 * or what the file system says.
 */
export async function hashFile(
  path: string,
  options: { signal?: AbortSignal; onBytes?: (count: number) => void } = {},
): Promise<string> {
  const hash = createHash('sha256');
  const stream = createReadStream(path, {
    highWaterMark: 1 << 20,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  for await (const chunk of stream) {
    hash.update(chunk as Buffer);
    options.onBytes?.((chunk as Buffer).length);
  }
  return hash.digest('hex');
}

/**
 * The SHA-256 that was found for exactly this state of the file (size and time of change), or null. It saves hashing
 * half a gigabyte at each start; a file that was cut or written to since then is no longer covered.
 */
export async function rememberedHash(path: string): Promise<string | null> {
  try {
    const [now, known] = await Promise.all([stat(path), readFile(sidecarPath(path), 'utf8')]);
    const record: unknown = JSON.parse(known);
    if (!isVerification(record)) return null;
    return record.size === now.size && record.mtimeMs === now.mtimeMs ? record.sha256 : null;
  } catch {
    // No file, no sidecar or not JSON: nothing is remembered.
    return null;
  }
}

/** Keeps the hash of a file for {@link rememberedHash}. Where it cannot be written, the next start hashes again. */
export async function rememberHash(path: string, sha256: string): Promise<void> {
  const temporary = `${sidecarPath(path)}.${process.pid}`;
  try {
    const now = await stat(path);
    const record: Verification = { size: now.size, mtimeMs: now.mtimeMs, sha256 };
    await writeFile(temporary, JSON.stringify(record));
    await rename(temporary, sidecarPath(path));
  } catch {
    // A read-only cache folder costs time at the next start, nothing else.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

export function sidecarPath(path: string): string {
  return `${path}.verified.json`;
}

function isVerification(value: unknown): value is Verification {
  if (typeof value !== 'object' || value === null) return false;
  const { size, mtimeMs, sha256 } = value as Record<string, unknown>;
  return typeof size === 'number' && typeof mtimeMs === 'number' && typeof sha256 === 'string';
}
