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

const otherNames: readonly (readonly [RegExp, string])[] = [
  [/\b(bash|shell)\b/i, 'script.sh'],
  [/\b(html|web ?page|website)\b/i, 'index.html'],
  [/\bcss\b/i, 'style.css'],
  [/\bsql\b/i, 'query.sql'],
  [/\btypescript\b/i, 'main.ts'],
  [/\b(golang|go)\b/i, 'main.go'],
  [/\brust\b/i, 'main.rs'],
  [/\bjava\b/i, 'Main.java'],
  [/\bruby\b/i, 'main.rb'],
  [/\bphp\b/i, 'index.php'],
  [/\bc\+\+/i, 'main.cpp'],
  [/\bc#/i, 'Program.cs'],
];

/** A file name for a request in a language without a guided way that names none. */
export function nameOfOther(wish: string): string {
  return otherNames.find(([pattern]) => pattern.test(wish))?.[1] ?? 'main.txt';
}
