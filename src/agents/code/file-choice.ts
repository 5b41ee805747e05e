import type { Target } from './request.js';

/** What a new file is named after: the only target, or the first of several. */
export function nameForFile(targets: readonly Target[]): string {
  return targets[0]?.name ?? 'main';
}

/** The existing file that a request means: the very path, or the only file of that name. */
export function findMeant(named: string | null, existing: readonly string[]): string | null {
  if (named === null) return null;
  if (existing.includes(named)) return named;
  const same = existing.filter((file) => file.endsWith(`/${named}`));
  return same.length === 1 ? (same[0] ?? named) : named;
}

/** A module as people call it: the file name without its ending. */
export function nameOfModule(path: string): string {
  return (path.split('/').at(-1) ?? path).replace(/\.\w+$/, '');
}
