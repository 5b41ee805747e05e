/*
 * Width of text in terminal columns without an import: string-width takes as long to import as all of `wilson ps` may
 * take besides (60 ms). A test compares the two.
 */

const plainAscii = /^[\x20-\x7e]*$/;
const invisible = /^[\p{Cc}\p{Cf}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]*$/u;
const emoji = /^(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Regional_Indicator}{2})/u;
/** East Asian Wide and Fullwidth, in the blocks that have letters (Unicode, EastAsianWidth.txt). */
const wide =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;

let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): string[] {
  if (plainAscii.test(text)) return text.split('');
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

function graphemeColumns(grapheme: string): number {
  if (plainAscii.test(grapheme)) return grapheme.length;
  if (invisible.test(grapheme)) return 0;
  return emoji.test(grapheme) || wide.test(grapheme) ? 2 : 1;
}

/** Columns that one line of text without control codes takes. */
export function columnsOf(text: string): number {
  if (plainAscii.test(text)) return text.length;
  return graphemes(text).reduce((sum, grapheme) => sum + graphemeColumns(grapheme), 0);
}

/** A line without colours, cut to at most `limit` columns; `…` shows the cut. */
export function cutTo(text: string, limit: number): string {
  if (columnsOf(text) <= limit) return text;
  let kept = '';
  let used = 0;
  for (const grapheme of graphemes(text)) {
    const next = used + graphemeColumns(grapheme);
    if (next > limit - 1) break;
    kept += grapheme;
    used = next;
  }
  return limit < 1 ? '' : `${kept.trimEnd()}…`;
}

/** Text without colours as lines of at most `limit` columns, broken at spaces; a longer word is broken where it must. */
export function wrapTo(text: string, limit: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(1, limit)));
}

function wrapLine(line: string, limit: number): string[] {
  if (columnsOf(line) <= limit) return [line];
  const rows: string[] = [];
  let row = '';
  for (const word of line.split(' ')) {
    const joined = row === '' ? word : `${row} ${word}`;
    if (columnsOf(joined) <= limit) {
      row = joined;
      continue;
    }
    if (row !== '') rows.push(row);
    const pieces = breakWord(word, limit);
    row = pieces.pop() ?? '';
    rows.push(...pieces);
  }
  return [...rows, row];
}

function breakWord(word: string, limit: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const grapheme of graphemes(word)) {
    if (piece !== '' && columnsOf(piece + grapheme) > limit) {
      pieces.push(piece);
      piece = '';
    }
    piece += grapheme;
  }
  return [...pieces, piece];
}
