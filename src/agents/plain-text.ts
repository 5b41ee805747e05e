import { stripVTControlCharacters } from 'node:util';

/** A model's text for a file: without control codes and without characters that hide or reorder others; lines and tabs stay. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
      /[\n\t]/.test(character) ? character : '',
    );
}
