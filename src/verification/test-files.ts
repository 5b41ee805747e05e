import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasRustTests } from './emptied-files.js';
import { isTestFile } from './languages.js';
import { isPlainFile } from './plain-file.js';

/** Those of some files that hold tests: by their names, and in Rust, which has them beside the code, by what is in them. */
export async function testFilesAmong(root: string, files: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    if (isTestFile(file) || (file.endsWith('.rs') && (await hasTestsInside(root, file)))) found.push(file);
  }
  return found;
}

async function hasTestsInside(root: string, file: string): Promise<boolean> {
  return (await isPlainFile(root, file)) && hasRustTests(await readFile(path.join(root, file), 'utf8'));
}
