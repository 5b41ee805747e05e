import type { CatalogEntry } from '../catalog/catalog.js';

/** What a transport needs to bring one file. */
export interface FetchOrder {
  readonly entry: CatalogEntry;
  /** Where the bytes go; what is there already is resumed. Only this transport writes it. */
  readonly partPath: string;
  readonly signal: AbortSignal;
  /** Bytes in `partPath` and on their way to it, of `totalBytes`. */
  report(phase: 'connecting' | 'downloading', receivedBytes: number, totalBytes: number): void;
}

/**
 * One way to get the bytes of a model. It promises nothing about them: they are hashed afterwards. Rejects with an
 * Error that says in one sentence why it could not, or with the reason of the signal.
 */
export interface Transport {
  /** For people: `Hugging Face`. */
  readonly label: string;
  /** Ending of its part file; transports that can go on with one another's bytes may share it. */
  readonly partSuffix: string;
  /** Bytes of disk it needs while it works, over what is there already. */
  neededBytes(entry: CatalogEntry): number;
  /** Resolves when the file is whole; with the hash that the source itself names for it, if it does. */
  fetch(order: FetchOrder): Promise<{ readonly statedSha256: string | null }>;
}
