import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno, WilsonError } from '../errors.js';
import { booleanArgument, textArgument } from './arguments.js';
import { objectSchema, readText } from './file-tools.js';
import { openFolder } from './folder-handle.js';
import { resolveInside, shownPath } from './jail.js';
import type { Tool, ToolContext } from './tool.js';

const listLimit = 300;
const hitLimit = 100;
/** Files that one search opens, and characters of one line that it shows. */
const searchedLimit = 20_000;
const lineLimit = 200;

/** Folders of tools: big, and never what is looked for. */
const skipped = new Set(['.git', 'node_modules', '__pycache__', '.venv', '.pytest_cache', '.mypy_cache']);

export function listFilesTool(root: string): Tool {
  return {
    spec: {
      name: 'list_files',
      description: 'Lists the files below a folder of the workspace.',
      parameters: objectSchema({ path: { type: 'string', description: 'A folder; "." for everything' } }, []),
    },
    async run(args, context) {
      const names: string[] = [];
      let more = 0;
      for await (const name of filesBelow(root, textArgument(args, 'path', '.'), context)) {
        if (names.length < listLimit) names.push(name);
        else more += 1;
        if (more >= searchedLimit) break;
      }
      if (names.length === 0) return 'There are no files.';
      return names.join('\n') + (more === 0 ? '' : `\n[and ${more >= searchedLimit ? 'many' : more} more files]`);
    },
  };
}

export function searchFilesTool(root: string): Tool {
  return {
    spec: {
      name: 'search_files',
      description: 'Finds the lines that hold a text, word for word, in the files of the workspace.',
      parameters: objectSchema(
        {
          text: { type: 'string' },
          path: { type: 'string', description: 'A folder to look in; everything without it' },
          ignore_case: { type: 'boolean' },
        },
        ['text'],
      ),
    },
    async run(args, context) {
      const wanted = textArgument(args, 'text');
      if (wanted === '') throw new WilsonError('BAD_ARGUMENTS', 'Wrong arguments: "text" is empty');
      const ignoreCase = booleanArgument(args, 'ignore_case', false);
      const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
      const needle = fold(wanted);
      const hits: string[] = [];
      let searched = 0;
      for await (const name of filesBelow(root, textArgument(args, 'path', '.'), context)) {
        searched += 1;
        if (searched > searchedLimit) break;
        const text = await readIfText(root, name);
        if (text === null || !fold(text).includes(needle)) continue;
        for (const [index, line] of text.split('\n').entries()) {
          if (!fold(line).includes(needle)) continue;
          if (hits.length >= hitLimit)
            return `${hits.join('\n')}\n[more than ${hitLimit} lines; look for something rarer]`;
          hits.push(`${name}:${index + 1}: ${line.trim().slice(0, lineLimit)}`);
        }
      }
      const note = searched > searchedLimit ? `\n[only the first ${searchedLimit} files were searched]` : '';
      return (hits.length === 0 ? 'No line holds it.' : hits.join('\n')) + note;
    },
  };
}

/** Paths of the files below a folder, sorted, links not followed. */
async function* filesBelow(root: string, name: string, context: ToolContext): AsyncGenerator<string> {
  const top = await resolveInside(root, '.');
  const pending = [await resolveInside(root, name)];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    context.signal.throwIfAborted();
    const entries = await entriesOf(top, folder, name);
    const folders: string[] = [];
    for (const entry of entries) {
      const absolute = path.join(folder, entry.name);
      if (entry.isDirectory() && !skipped.has(entry.name)) folders.push(absolute);
      if (entry.isFile() && entry.name !== '.git') yield shownPath(top, absolute);
    }
    pending.push(...folders.reverse());
  }
}

async function entriesOf(top: string, folder: string, name: string) {
  try {
    const handle = await openFolder(top, folder, false);
    try {
      const entries = await readdir(handle.self, { withFileTypes: true });
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasErrno(error, 'EACCES')) return [];
    if (error instanceof WilsonError && error.code === 'FILE_NOT_FOUND') {
      throw new WilsonError('FILE_NOT_FOUND', `There is no folder ${name}`);
    }
    if (error instanceof WilsonError && error.code === 'BAD_ARGUMENTS') {
      throw new WilsonError('BAD_ARGUMENTS', `${name} is a file, not a folder`);
    }
    throw error;
  }
}

async function readIfText(root: string, name: string): Promise<string | null> {
  try {
    return await readText(root, name);
  } catch (error) {
    // Binary, too big, or gone meanwhile: nothing to find there.
    if (error instanceof WilsonError || hasErrno(error, 'ENOENT', 'EACCES')) return null;
    throw error;
  }
}
