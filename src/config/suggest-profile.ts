/** A packaged profile and the memory that it lets Wilson take. */
export interface ProfileMemory {
  readonly name: string;
  readonly maxMemoryMb: number;
}

/** `max_memory_mb` of each packaged profile, smallest first; a test holds them to the files. */
export const profileMemory: readonly ProfileMemory[] = [
  { name: 'lowend', maxMemoryMb: 8_192 },
  { name: 'midrange', maxMemoryMb: 16_384 },
  { name: 'highend', maxMemoryMb: 32_768 },
  { name: 'cloud', maxMemoryMb: 65_536 },
];

/** A machine sold with 16 GB shows less than that: firmware and graphics keep up to a tenth. */
const shownShare = 0.9;

/** Whether a machine that shows `totalMb` is one that was sold with `maxMemoryMb` or more. Pure. */
export function hasRoomFor(maxMemoryMb: number, totalMb: number): boolean {
  return totalMb >= maxMemoryMb * shownShare;
}

/** The largest profile for a machine that shows `totalMb` of memory; null where the smallest needs more. Pure. */
export function suggestProfile(totalMb: number): ProfileMemory | null {
  return profileMemory.findLast(({ maxMemoryMb }) => hasRoomFor(maxMemoryMb, totalMb)) ?? null;
}
