import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { familyOf } from './languages.js';
import { isPlainFile } from './plain-file.js';

/** What is left of the functions of TypeScript. */
export type Hollow = 'nothing' | 'undefined' | 'object';

/** An attribute of Rust that makes a test of a function: `#[test]`, `#[tokio::test]`. */
const rustTest = /#\[(?:\w+::)*test(?:\([^)\]]*\))?\]/g;

/** Whether a file of Rust holds tests beside its code. */
export function hasRustTests(text: string): boolean {
  return text.search(rustTest) >= 0;
}

/**
 * Runs `work` while there is nothing in some files of a scratch copy; they stay, since others may name them. Of a file of
 * Rust that has tests, only those are taken out: its code is needed. What TypeScript exports stays, and gives `hollow`. What
 * was there is put back.
 */
export async function emptied<T>(
  tree: string,
  files: readonly string[],
  work: () => Promise<T>,
  hollow: Hollow = 'nothing',
): Promise<T> {
  const texts = new Map<string, Buffer>();
  try {
    for (const file of files) {
      // A link would lead to a file of the user.
      if (!(await isPlainFile(tree, file))) continue;
      const name = path.join(tree, file);
      const bytes = await readFile(name);
      texts.set(name, bytes);
      await writeFile(name, emptyText(file, bytes.toString('utf8'), hollow));
    }
    return await work();
  } finally {
    for (const [name, bytes] of texts) await writeFile(name, bytes);
  }
}

function emptyText(file: string, text: string, hollow: Hollow): string {
  // Never true, so that the compiler leaves the function out.
  if (file.endsWith('.rs') && hasRustTests(text)) return text.replace(rustTest, '#[cfg(any())]');
  return hollow !== 'nothing' && familyOf(file) === 'typescript' ? hollowTypescript(text, hollow) : '';
}

/** A missing name would fail tests that only import it, so all that is exported by name stays. */
export function hollowTypescript(text: string, hollow: 'undefined' | 'object'): string {
  const value = hollow === 'undefined' ? '(): any => undefined' : '(): any => ({})';
  const names = new Set<string>();
  const declared =
    /^export\s+(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(function|const|let|var|class|enum)\s*\*?\s*([\w$]+)/gm;
  const lines: string[] = [];
  for (const [, kind = '', name = ''] of text.matchAll(declared)) {
    if (names.has(name)) continue;
    names.add(name);
    lines.push(kind === 'class' ? `export class ${name} {}` : `export const ${name}: any = ${value};`);
  }
  for (const [, list = ''] of text.matchAll(/^export\s*\{([^}]*)\}/gm)) {
    for (const item of list.split(',')) {
      const name = /([\w$]+)\s*$/.exec(item)?.[1];
      if (name === undefined || /^\s*type\s/.test(item) || names.has(name)) continue;
      names.add(name);
      if (name !== 'default') lines.push(`export const ${name}: any = ${value};`);
    }
  }
  if (/^export\s+default\b/m.test(text) || names.has('default')) lines.push(`export default ${value};`);
  return `// @ts-nocheck\n${lines.join('\n')}\n`;
}
