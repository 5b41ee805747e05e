import { realpath } from 'node:fs/promises';
import { WilsonError } from '../errors.js';
import { decode, detectFormat } from '../workspace/text-file.js';
import { booleanArgument, numberArgument, textArgument } from './arguments.js';
import { editText, wholeText } from './edit-text.js';
import { openInside, resolveInside, shownPath } from './jail.js';
import { replaceFile } from './replace-file.js';
import type { Tool } from './tool.js';

/** A bigger file is neither read nor edited as text. */
const readLimitBytes = 5 * 1024 * 1024;
/** Characters of a file that one call shows. */
const shownLimit = 16_000;
const writeLimitBytes = 5 * 1024 * 1024;

export function readFileTool(root: string): Tool {
  return {
    spec: {
      name: 'read_file',
      description: 'Reads a text file. Long files come in parts: ask again with the line it stopped at.',
      parameters: objectSchema({ path: pathSchema, from_line: { type: 'integer', minimum: 1 } }, ['path']),
    },
    async run(args) {
      const name = textArgument(args, 'path');
      const fromLine = numberArgument(args, 'from_line', 1, 1, 10_000_000);
      const text = await readText(root, name);
      const lines = text.split(/(?<=\n)/);
      if (text === '') return `${name} is empty.`;
      if (fromLine > lines.length) return `${name} has only ${lines.length} lines.`;
      return partOf(lines, fromLine);
    },
  };
}

export function writeFileTool(root: string): Tool {
  return {
    spec: {
      name: 'write_file',
      description: 'Writes a whole text file, new or replacing the old one. Folders are made as needed.',
      parameters: objectSchema({ path: pathSchema, content: { type: 'string' } }, ['path', 'content']),
    },
    async run(args) {
      const name = textArgument(args, 'path');
      const content = textArgument(args, 'content');
      const { bytes, absolute, old } = await writeText(root, name, content);
      const lines = content === '' ? 0 : content.split('\n').length - (content.endsWith('\n') ? 1 : 0);
      const shown = shownPath(await realpath(root), absolute);
      return `${old === null ? 'Created' : 'Replaced'} ${shown}: ${lines} lines, ${bytes.length} bytes.${formatNote(old, bytes)}`;
    },
  };
}

export function editFileTool(root: string): Tool {
  return {
    spec: {
      name: 'edit_file',
      description:
        'Replaces one piece of text in a file. old_text must be copied exactly, with its spaces, and be there once.',
      parameters: objectSchema(
        {
          path: pathSchema,
          old_text: { type: 'string' },
          new_text: { type: 'string' },
          replace_all: { type: 'boolean' },
        },
        ['path', 'old_text', 'new_text'],
      ),
    },
    async run(args) {
      const name = textArgument(args, 'path');
      const edit = {
        oldText: textArgument(args, 'old_text'),
        newText: textArgument(args, 'new_text'),
        replaceAll: booleanArgument(args, 'replace_all', false),
      };
      const { bytes, absolute } = await readBytes(root, name);
      const result = editText(bytes, edit);
      await replaceFile(root, absolute, result.bytes);
      return `Edited ${name}: ${result.count} ${result.count === 1 ? 'place' : 'places'}.`;
    },
  };
}

const pathSchema = { type: 'string', description: 'Relative to the workspace, such as src/main.py' } as const;

export function objectSchema(
  properties: Readonly<Record<string, unknown>>,
  required: readonly string[],
): Readonly<Record<string, unknown>> {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** Text of a file of the workspace; rejects with `NOT_TEXT` for a binary one. */
export async function readText(root: string, name: string): Promise<string> {
  const { bytes } = await readBytes(root, name);
  const format = detectFormat(bytes);
  if (format === null) throw new WilsonError('NOT_TEXT', `${name} is a binary file (${bytes.length} bytes)`);
  return decode(bytes, format.encoding);
}

/**
 * Writes a whole text, whole or not at all, with the folders it needs; a file that is replaced keeps its encoding and
 * line endings where they have room for the text.
 */
export async function writeText(
  root: string,
  name: string,
  text: string,
): Promise<{ bytes: Buffer; absolute: string; old: Buffer | null }> {
  const absolute = await resolveInside(root, name);
  const old = await readBytesIfThere(root, name);
  const bytes = await wholeText(text, old);
  if (bytes.length > writeLimitBytes) throw new WilsonError('FILE_TOO_LARGE', 'More than 5 MB are not written');
  await replaceFile(root, absolute, bytes);
  return { bytes, absolute, old };
}

/** Says when a text did not fit the encoding that the file had. */
function formatNote(old: Buffer | null, bytes: Buffer): string {
  const before = old === null || old.length === 0 ? null : detectFormat(old);
  const after = detectFormat(bytes);
  if (before === null || before.isAscii || after === null || after.isAscii || before.encoding === after.encoding)
    return '';
  return ` It is ${after.encoding} now: ${before.encoding} has no room for some of the characters.`;
}

async function readBytes(root: string, name: string): Promise<{ bytes: Buffer; absolute: string }> {
  const { file, absolute, stats } = await openInside(root, name);
  try {
    if (stats.size > readLimitBytes) {
      throw new WilsonError(
        'FILE_TOO_LARGE',
        `${name} has ${stats.size} bytes, more than the ${readLimitBytes} allowed`,
      );
    }
    return { bytes: await file.readFile(), absolute };
  } finally {
    await file.close();
  }
}

async function readBytesIfThere(root: string, name: string): Promise<Buffer | null> {
  try {
    return (await readBytes(root, name)).bytes;
  } catch (error) {
    if (error instanceof WilsonError && error.code === 'FILE_NOT_FOUND') return null;
    // Too big to look at, or unreadable: it is replaced as UTF-8, and never changed in place.
    if (error instanceof WilsonError && error.code !== 'PATH_OUTSIDE_WORKSPACE') return Buffer.alloc(0);
    throw error;
  }
}

function partOf(lines: readonly string[], fromLine: number): string {
  let text = '';
  let line = fromLine;
  for (; line <= lines.length; line += 1) {
    const next = lines[line - 1] ?? '';
    if (text !== '' && text.length + next.length > shownLimit) break;
    text += next;
    if (text.length > shownLimit) {
      const cut = text.length - shownLimit;
      return `${text.slice(0, shownLimit)}\n[line ${line} goes on for ${cut} characters that are not shown]`;
    }
  }
  if (line > lines.length) return text;
  return `${text}[lines ${fromLine} to ${line - 1} of ${lines.length}; read on with from_line ${line}]`;
}
