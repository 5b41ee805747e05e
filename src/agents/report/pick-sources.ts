import { findFileNames } from '../code/file-names.js';
import type { WorkspaceFiles } from '../code/workspace-files.js';
import { readOrNull } from '../report-text.js';

export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface PickedSources {
  /** The most fitting first. */
  readonly sources: readonly Source[];
  /** Files that would have been read, with the reason why they were not. */
  readonly left: readonly string[];
  /** True when the request is about the folder or names a file of it. */
  readonly isAboutFolder: boolean;
}

const readable =
  /\.(?:py|js|mjs|cjs|ts|tsx|jsx|md|txt|json|ya?ml|toml|html|css|sh|sql|go|rs|java|kt|swift|c|h|cc|cpp|hpp|cs|rb|php|lua|csv|tsv|ini|cfg|conf|log|xml|rst)$|(?:^|\/)(?:Makefile|Dockerfile|LICENSE)$/i;
const listLimit = 2_000;
const fileLimit = 60;
const charactersLimit = 1_500_000;
const leastWord = 4;
const commonWords = new Set(
  'about what which that this with from have does into when where there their them then than these those your will would could should make write give list find show tell explain describe summarize summarise report research analyse analyze investigate compare file files code text please some most each every best using used work works between'.split(
    ' ',
  ),
);

/**
 * Chooses what to read for a request: the files that it names, then those that its words are found in. A request that
 * speaks neither of the folder nor of anything in it gets no sources. `needsAll` takes every file, for requests whose
 * subject can only lie here.
 */
export async function pickSources(files: WorkspaceFiles, request: string, needsAll: boolean): Promise<PickedSources> {
  const listing = (await files.list(listLimit)).filter(
    (file) => readable.test(file) && !/(?:^|\/)(?:package-lock\.json|\w+\.lock)$/.test(file),
  );
  const named = findFileNames(request).map(({ path }) => path);
  const isNamed = (file: string): boolean => named.some((name) => file === name || file.endsWith(`/${name}`));
  const words = wordsOf(request);
  const left: string[] = named
    .filter((name) => !listing.some((file) => file === name || file.endsWith(`/${name}`)))
    .map((name) => `${name} (not there)`);
  const takesAll = needsAll || speaksOfFolder(request);
  // A question about the world shares a word or two with any code.
  const leastScore = takesAll ? 2 : Math.max(3, Math.ceil(0.6 * words.length));
  const scored: { source: Source; score: number }[] = [];
  let characters = 0;
  const ordered = [...listing].sort((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
  for (const path of ordered) {
    const text = characters > charactersLimit ? null : await readOrNull(files, path);
    if (text === null || text.trim() === '') {
      if (text === null)
        left.push(`${path} (${characters > charactersLimit ? 'too much to read' : 'too long or no text'})`);
      continue;
    }
    characters += text.length;
    const score = scoreOf(path, text, words, isNamed(path));
    if (isNamed(path) || score >= leastScore || (takesAll && named.length === 0))
      scored.push({ source: { path, text }, score });
  }
  const sorted = scored
    .sort((a, b) => b.score - a.score || a.source.text.length - b.source.text.length)
    .map(({ source }) => source);
  for (const { path } of sorted.slice(fileLimit)) left.push(`${path} (too many files)`);
  return {
    sources: sorted.slice(0, fileLimit),
    left,
    isAboutFolder: takesAll || named.length > 0 || sorted.length > 0,
  };
}

/** Whether a request means what is here rather than the world. Pure. */
export function speaksOfFolder(request: string): boolean {
  return /\b(?:this|our|my|these|the)\s+(?:\w+\s+){0,2}?(?:project|repo(?:sitory)?|code ?base|code|folder|directory|files?|notes?|documents?|docs|logs?|data|workspace|source|sources|module|package|app|tests?)\b|\b(?:in|under) (?:here|src|lib|docs)\b|\bhere\b/i.test(
    request,
  );
}

function scoreOf(path: string, text: string, words: readonly string[], isNamed: boolean): number {
  const lowered = text.toLowerCase();
  const inPath = words.filter((word) => path.toLowerCase().includes(word)).length;
  const inText = words.filter((word) => lowered.includes(word)).length;
  const isReadme = /(?:^|\/)readme/i.test(path) ? 0.5 : 0;
  return (isNamed ? 1_000 : 0) + 3 * inPath + inText + isReadme;
}

function wordsOf(request: string): string[] {
  const words = request.toLowerCase().match(/[\p{L}_][\p{L}\d_]+/gu) ?? [];
  return [...new Set(words)].filter((word) => word.length >= leastWord && !commonWords.has(word));
}
