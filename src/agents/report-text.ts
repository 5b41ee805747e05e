import { WilsonError } from '../errors.js';
import { findFileNames } from './code/file-names.js';
import type { WorkspaceFiles } from './code/workspace-files.js';

/** Fewer different words than this are a note, not a report; the supervisor counts the same way. */
export const leastWords = 40;

/** How many different words a text has. */
export function differentWords(text: string): number {
  return new Set(text.match(/[\p{L}\p{N}]+/gu) ?? []).size;
}

/** An answer that reached its limit ends in the middle of a sentence: the whole ones before, and a line that says so. */
export function wholeSentences(text: string): string {
  const end = Math.max(text.lastIndexOf('. '), text.lastIndexOf('.\n'), text.lastIndexOf('\n\n'));
  return `${(end > 0 ? text.slice(0, end + 1) : text).trim()}\n\n(The text was cut off at its limit.)`;
}

/** Words right before the name of a file that is to be written. */
const writesTo =
  /\b(?:to|into|in|as|called|named|write|writes|create|save|make|produce|generate|file|namens|schreibe|nach)\s+(?:me\s+|mir\s+)?(?:a\s+|an\s+|the\s+)?(?:new\s+)?(?:(?:text\s+|markdown\s+)?file\s+)?(?:called\s+|named\s+)?[`"']?$/i;

/** A text file that the request wants to be written and that is not there yet; `report.md`, or the next free name like it. */
export async function reportPath(files: WorkspaceFiles, request: string, name = 'report'): Promise<string> {
  for (const { path } of findFileNames(request)) {
    const before = request.slice(0, request.indexOf(path));
    const isWanted = /\.(?:md|txt)$/i.test(path) && writesTo.test(before);
    if (isWanted && (await files.read(path)) === null) return path;
  }
  for (let count = 1; ; count += 1) {
    const path = count === 1 ? `${name}.md` : `${name}-${count}.md`;
    if ((await readOrNull(files, path)) === null) return path;
  }
}

/** Text of a file; null when there is none, or none that is a source for a text: binary, too big or a link outwards. */
export async function readOrNull(files: WorkspaceFiles, file: string): Promise<string | null> {
  try {
    return await files.read(file);
  } catch (error) {
    if (error instanceof WilsonError) return null;
    throw error;
  }
}
