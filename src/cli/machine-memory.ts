import { totalmem } from 'node:os';

const megabyte = 1_048_576;

/** Memory in MB that this process may have at most: the machine's, or less where a container limits it. */
export function machineMemoryMb(): number {
  return memoryWithinLimit(totalmem(), process.constrainedMemory());
}

/** The same from its parts in bytes: no limit is 0, undefined or an absurdly large number. Pure. */
export function memoryWithinLimit(totalBytes: number, limitBytes: number | undefined): number {
  const bytes = limitBytes !== undefined && limitBytes > 0 ? Math.min(totalBytes, limitBytes) : totalBytes;
  return Math.floor(bytes / megabyte);
}

/** What this process may still take, in MB: the machine's, or what a container has left. */
export function availableMemoryMb(): number {
  return Math.round(process.availableMemory() / megabyte);
}
