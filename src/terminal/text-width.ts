import stringWidth from 'string-width';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const plainAscii = /^[\x20-\x7e]*$/;

/** What a reader takes for single characters: combining marks and joined emoji stay together. */
export function graphemes(text: string): string[] {
  if (plainAscii.test(text)) return text.split('');
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** Columns that `text` takes in a terminal; colour sequences take none. */
export function textWidth(text: string): number {
  return plainAscii.test(text) ? text.length : stringWidth(text);
}

/** `text` cut to at most `columns`, the cut shown by `…`. The text must hold no line feed and no control code. */
export function truncateToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns <= 0) return '';
  let kept = '';
  let width = 0;
  for (const grapheme of graphemes(text)) {
    const next = width + textWidth(grapheme);
    if (next > columns - 1) break;
    kept += grapheme;
    width = next;
  }
  return `${kept.trimEnd()}…`;
}

/**
 * Breaks one line into rows of at most `columns`, at spaces where that is possible. Every row but the last is whole:
 * more text after the line's end can only change the last one. The space at a break goes.
 */
export function wrapWords(line: string, columns: number): string[] {
  if (textWidth(line) <= columns) return [line];
  const rows: string[] = [];
  let row = '';
  let width = 0;
  for (const word of line.split(/(?<= )/)) {
    const bare = word.trimEnd();
    if (width > 0 && width + textWidth(bare) > columns) {
      rows.push(row.trimEnd());
      row = '';
      width = 0;
    }
    for (const piece of breakWord(word, columns)) {
      if (width + textWidth(piece.trimEnd()) > columns) {
        rows.push(row.trimEnd());
        row = '';
        width = 0;
      }
      row += piece;
      width += textWidth(piece);
    }
  }
  return [...rows, row];
}

function breakWord(word: string, columns: number): string[] {
  return textWidth(word.trimEnd()) <= columns ? [word] : graphemes(word);
}

/** One row of hard-wrapped text and where it begins, as an index into the text. */
export interface HardRow {
  readonly text: string;
  readonly start: number;
}

/** Breaks one line into rows of at most `columns` wherever the width is used up, losing no character. */
export function wrapHard(line: string, columns: number): HardRow[] {
  const limit = Math.max(1, columns);
  const rows: HardRow[] = [];
  let start = 0;
  let row = '';
  let width = 0;
  for (const grapheme of graphemes(line)) {
    const own = textWidth(grapheme);
    if (row !== '' && width + own > limit) {
      rows.push({ text: row, start });
      start += row.length;
      row = '';
      width = 0;
    }
    row += grapheme;
    width += own;
  }
  rows.push({ text: row, start });
  return rows;
}
