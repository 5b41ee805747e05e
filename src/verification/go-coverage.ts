import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../errors.js';
import { isInstalled, isTestFile } from './languages.js';
import type { FileLines } from './line-coverage.js';
import { codeLines } from './source-lines.js';

export interface GoCoverage {
  /** Files with at least one statement that was run. */
  readonly run: readonly string[];
  /** Of each file of the profile, and of each that was asked for. */
  readonly lines: ReadonlyMap<string, FileLines>;
}

interface Block {
  readonly from: number;
  readonly to: number;
  readonly wasRun: boolean;
}

/** Reads the profile of `go test -coverprofile`; `root` holds the files as they were before the tests. */
export async function readGoCoverage(
  profile: string,
  tree: string,
  { root, measure }: { readonly root: string; readonly measure: readonly string[] | null },
): Promise<GoCoverage> {
  const text = await textOf(profile);
  const blocks = text === null ? new Map<string, Block[]>() : parseProfile(text, tree, await moduleName(tree));
  const run = [...blocks].filter(([, parts]) => parts.some((part) => part.wasRun)).map(([file]) => file);
  const lines = new Map<string, FileLines>();
  if (measure === null || text === null) return { run: run.sort(), lines };
  for (const file of new Set([...blocks.keys(), ...measure])) {
    if (isTestFile(file) || isInstalled(file)) continue;
    const source = await textOf(path.join(root, file));
    if (source !== null) lines.set(file, linesOf(source, blocks.get(file)));
  }
  return { run: run.sort(), lines };
}

export async function hasGoModule(tree: string): Promise<boolean> {
  return (await textOf(path.join(tree, 'go.mod'))) !== null;
}

/** Lines of blocks; of a file that no test compiles, all that look like code. */
function linesOf(source: string, blocks: readonly Block[] | undefined): FileLines {
  const candidates = codeLines(source);
  if (blocks === undefined) return { code: candidates, run: [] };
  const [inside, seen] = [new Set<number>(), new Set<number>()];
  for (const { from, to, wasRun } of blocks) {
    for (let line = from; line <= to; line += 1) {
      inside.add(line);
      if (wasRun) seen.add(line);
    }
  }
  const code = candidates.filter((line) => inside.has(line));
  return { code, run: code.filter((line) => seen.has(line)) };
}

function parseProfile(text: string, tree: string, module: string | null): Map<string, Block[]> {
  const blocks = new Map<string, Block[]>();
  for (const line of text.split('\n')) {
    const match = /^(.+):(\d+)\.\d+,(\d+)\.\d+ \d+ (\d+)$/.exec(line);
    if (match?.[1] === undefined) continue;
    const file = fileOf(match[1], tree, module);
    const block = { from: Number(match[2]), to: Number(match[3]), wasRun: match[4] !== '0' };
    blocks.set(file, [...(blocks.get(file) ?? []), block]);
  }
  return blocks;
}

/** A profile names files by import path, or by their place where there is no module. */
function fileOf(name: string, tree: string, module: string | null): string {
  if (module !== null && name.startsWith(`${module}/`)) return name.slice(module.length + 1);
  if (path.isAbsolute(name)) return path.relative(tree, name);
  return name.replace(/^(_|\.)\//, '').replace(new RegExp(`^.*?${path.basename(tree)}/`), '');
}

async function moduleName(tree: string): Promise<string | null> {
  return /^module\s+(\S+)/m.exec((await textOf(path.join(tree, 'go.mod'))) ?? '')?.[1] ?? null;
}

async function textOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}
