import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Ignore } from 'ignore';
import { hasErrno } from '../errors.js';

/** Folders that are never part of a task's copy: they are made by tools, and big. */
const skippedFolders = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  '__pycache__',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.venv',
  '.tox',
]);

export function isSkippedFolder(name: string): boolean {
  return skippedFolders.has(name);
}

/**
 * The `.gitignore` files from the top down to one folder. Built while walking down: each folder adds its own file to
 * what it inherits, and rules see paths relative to the folder that they stand in.
 */
export class IgnoreRules {
  readonly #levels: readonly { readonly base: string; readonly rules: Ignore }[];

  private constructor(levels: readonly { base: string; rules: Ignore }[]) {
    this.#levels = levels;
  }

  /** Rules for the top folder; `excludes` holds further patterns with the lowest rank. */
  static async forTop(excludes: string): Promise<IgnoreRules> {
    createIgnore ??= (await import('ignore')).default;
    return new IgnoreRules([{ base: '', rules: createIgnore().add(excludes) }]);
  }

  /** Adds the `.gitignore` of `folder` (relative to `root`, with a slash at the end, empty for the top). */
  descend(root: string, folder: string): IgnoreRules {
    const text = readIfThere(path.join(root, folder, '.gitignore'));
    if (text === null || createIgnore === undefined) return this;
    return new IgnoreRules([...this.#levels, { base: folder, rules: createIgnore().add(text) }]);
  }

  /** `name` is relative to the top; folders end with a slash. The deepest rule that says something decides. */
  ignores(name: string): boolean {
    for (const { base, rules } of [...this.#levels].reverse()) {
      const result = rules.test(name.slice(base.length));
      if (result.ignored) return true;
      if (result.unignored) return false;
    }
    return false;
  }
}

let createIgnore: (() => Ignore) | undefined;

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // A folder called .gitignore, or one that may not be read, gives no rules either.
    if (hasErrno(error, 'ENOENT', 'EISDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return null;
    throw error;
  }
}
