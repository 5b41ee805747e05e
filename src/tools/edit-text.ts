import { WilsonError } from '../errors.js';
import { decode, detectFormat, type Encoding, encode, markOf, withNewlines } from '../workspace/text-file.js';
import { keepNewlines } from './keep-newlines.js';

export interface TextEdit {
  readonly oldText: string;
  readonly newText: string;
  readonly replaceAll: boolean;
}

/**
 * Replaces text in a file and leaves every other byte as it is: the search runs over the file's own bytes, in its own
 * encoding and with its own line endings. Throws `NOT_TEXT`, `EDIT_NOT_FOUND`, `EDIT_AMBIGUOUS` (several places and not
 * `replaceAll`), or `BAD_ARGUMENTS` when nothing would change or the encoding lacks a character.
 */
export function editText(bytes: Buffer, edit: TextEdit): { bytes: Buffer; count: number } {
  const format = detectFormat(bytes);
  if (format === null) throw new WilsonError('NOT_TEXT', 'The file is binary and cannot be edited as text');
  if (edit.oldText === '') throw new WilsonError('BAD_ARGUMENTS', 'Wrong arguments: the text to replace is empty');
  if (edit.oldText === edit.newText) {
    throw new WilsonError('BAD_ARGUMENTS', 'Wrong arguments: the old and the new text are the same');
  }
  const { encoding, newline } = format;
  // As it was written first; a model sees and writes \n where the file has \r\n.
  for (const oldText of new Set([edit.oldText, withNewlines(edit.oldText, newline)])) {
    const needle = encode(oldText, encoding);
    const places = needle === null ? [] : placesOf(bytes, needle, encoding);
    if (needle === null || places.length === 0) continue;
    if (places.length > 1 && !edit.replaceAll) {
      throw new WilsonError('EDIT_AMBIGUOUS', `The text to replace is there ${places.length} times`, {
        hint: 'Give more lines around it, so that it is there once, or replace all of them.',
      });
    }
    const replacement = encode(withNewlines(edit.newText, newline), encoding);
    if (replacement === null) {
      throw new WilsonError('BAD_ARGUMENTS', `The new text has characters that the file (${encoding}) cannot hold`);
    }
    return { bytes: splice(bytes, places, needle.length, replacement), count: places.length };
  }
  throw notFound(decode(bytes, encoding), edit.oldText);
}

/** A whole new text in the format of the file that it replaces; UTF-8 as given where there was none. */
export async function wholeText(text: string, replaced: Buffer | null): Promise<Buffer> {
  const format = replaced === null || replaced.length === 0 ? null : detectFormat(replaced);
  if (replaced !== null && format !== null) {
    const { encoding, newline } = format;
    const lined = format.uniform
      ? withNewlines(text, newline)
      : await keepNewlines(decode(replaced, encoding), text, newline);
    const bytes = encode(lined, encoding);
    if (bytes !== null) return Buffer.concat([markOf(encoding), bytes]);
  }
  const bytes = encode(text, 'utf8');
  if (bytes === null) throw new WilsonError('BAD_ARGUMENTS', 'The text holds half a character');
  return bytes;
}

function placesOf(bytes: Buffer, needle: Buffer, encoding: Encoding): number[] {
  const wide = encoding === 'utf16le' || encoding === 'utf16be';
  const places: number[] = [];
  // The mark at the beginning is no part of the text.
  for (let at = bytes.indexOf(needle, markOf(encoding).length); at >= 0; ) {
    // In UTF-16 a match between two characters is none.
    const hit = !wide || at % 2 === 0;
    if (hit) places.push(at);
    at = bytes.indexOf(needle, at + (hit ? needle.length : 1));
  }
  return places;
}

function splice(bytes: Buffer, places: readonly number[], length: number, replacement: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const place of places) {
    parts.push(bytes.subarray(from, place), replacement);
    from = place + length;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

function notFound(text: string, oldText: string): WilsonError {
  const squeezed = (value: string): string => value.replace(/\s+/g, ' ').trim();
  const hint = squeezed(text).includes(squeezed(oldText))
    ? 'The same words are there with other spaces or line breaks: copy the text exactly as read_file shows it.'
    : 'Read the file again and copy the text exactly.';
  return new WilsonError('EDIT_NOT_FOUND', 'The text to replace is not in the file', { hint });
}
