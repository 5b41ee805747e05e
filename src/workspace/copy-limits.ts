/** What a task's copy may hold. */
export interface CopyLimits {
  /** Bigger files are left out and listed. */
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
  readonly maxFiles: number;
}

export const defaultCopyLimits: CopyLimits = {
  maxFileBytes: 20 * 1024 * 1024,
  maxTotalBytes: 2 * 1024 * 1024 * 1024,
  maxFiles: 200_000,
};
