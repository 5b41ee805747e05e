import { isTestPath } from '../code/file-names.js';
import { codeLines, languageOfPath } from './code-lines.js';
import { type DiffFile, newLines } from './parse-diff.js';

/** A piece of new code that fits into one question. */
export interface Piece {
  readonly file: string;
  /** First and last line in the file. */
  readonly from: number;
  readonly to: number;
  /** The code without comments: what is said in them is for people, and may be said to the reviewer. */
  readonly code: string;
  readonly addedLines: number;
}

const leastAdded = 2;

/**
 * Cuts the new code of a diff into pieces of at most `limitChars`, at the beginnings of functions and classes where that
 * is possible. Tests, texts and data are left out: rules judge the first, and a small model has nothing to say about the
 * others. The pieces with most new lines come first. Pure.
 */
export function reviewPieces(files: readonly DiffFile[], limitChars: number): Piece[] {
  const pieces: Piece[] = [];
  for (const { path, hunks, status } of files) {
    const language = languageOfPath(path);
    if (status === 'deleted' || isTestPath(path) || !isCodePath(path)) continue;
    for (const hunk of hunks) {
      let current: { text: string; line: number; added: boolean }[] = [];
      const close = (): void => {
        const [first, last] = [current[0], current.at(-1)];
        const addedLines = current.filter(({ added, text }) => added && text.trim() !== '').length;
        if (first !== undefined && last !== undefined && addedLines >= leastAdded) {
          const code = current
            .map(({ text }) => text)
            .join('\n')
            .trimEnd();
          pieces.push({ file: path, from: first.line, to: last.line, code, addedLines });
        }
        current = [];
      };
      for (const each of codeLines(newLines(hunk), language)) {
        const text =
          language === 'other' || each.comment === '' ? each.text : each.text.replace(each.comment, '').trimEnd();
        if (text.trim() === '' && each.text.trim() !== '') continue;
        const size = current.reduce((sum, line) => sum + line.text.length + 1, 0);
        const begins = /^(?:async\s+)?(?:def|class|function|export|const \w+ = (?:async )?\(|func|fn|pub)\b|^@/.test(
          text,
        );
        const isDecorated = current.at(-1)?.text.startsWith('@') === true;
        if (size + text.length > limitChars || (begins && size > limitChars / 3 && !isDecorated)) close();
        current.push({ text: text.slice(0, limitChars), line: each.line, added: each.added });
      }
      close();
    }
  }
  return pieces.sort((a, b) => b.addedLines - a.addedLines);
}

function isCodePath(path: string): boolean {
  return /\.(?:py|js|mjs|cjs|jsx|ts|tsx|go|rs|java|kt|swift|c|h|cc|cpp|hpp|cs|rb|php|sh|lua|pl|scala|sql)$/i.test(path);
}
