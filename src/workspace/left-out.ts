import { defaultCopyLimits } from './copy-limits.js';

/* What of the user's folder a task's copy lacks, so that nobody takes it for deleted, or for new when the task makes it. */

export type LeftOutReason =
  | 'too big'
  | 'unreadable'
  | 'not a regular file'
  | 'behind a symlink'
  | 'its name is not UTF-8'
  | 'credentials'
  | 'home or disk';

/** Something of the user's folder that the copy lacks, and why; `.` stands for all of it. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: LeftOutReason;
}

/** What a workspace says of it: how many, and the first of them. */
export interface LeftOut {
  readonly count: number;
  readonly files: readonly SkippedFile[];
}

/** How many are listed by name beside the workspace, and how many in what people read. */
const listedLimit = 1_000;
const toldLimit = 20;
const shownLimit = 4;

const words: Readonly<Record<LeftOutReason, string>> = {
  'too big': `bigger than ${defaultCopyLimits.maxFileBytes / 1_048_576} MB`,
  unreadable: 'cannot be read',
  'not a regular file': 'not a regular file',
  'behind a symlink': 'behind a symlink',
  'its name is not UTF-8': 'its name is not UTF-8',
  credentials: 'holds credentials',
  'home or disk': 'a home folder or a whole disk is not copied',
};

/** Collects what is left out while a folder is copied. */
export class LeftOutList {
  readonly files: SkippedFile[] = [];
  private count = 0;

  add(one: SkippedFile): void {
    this.count += 1;
    if (this.files.length < listedLimit) this.files.push(one);
  }

  /** Null when the copy lacks nothing. */
  summary(): LeftOut | null {
    return this.count === 0 ? null : { count: this.count, files: this.files.slice(0, toldLimit) };
  }
}

/** Why something was left out, in words. */
export function leftOutReason(reason: LeftOutReason): string {
  return words[reason];
}

/** The list in a line: `data.csv (bigger than 20 MB), keys (holds credentials) and 3 more`. */
export function leftOutText({ count, files }: LeftOut): string {
  const shown = files.slice(0, shownLimit);
  const named = shown.map(({ path, reason }) => `${path === '.' ? 'all its files' : path} (${words[reason]})`);
  return named.join(', ') + (count > shown.length ? ` and ${count - shown.length} more` : '');
}
