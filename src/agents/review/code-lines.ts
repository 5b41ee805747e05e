import type { NewLine } from './parse-diff.js';

export type LintLanguage = 'python' | 'javascript' | 'other';

/** A line that is in the file now, with its code apart from its text and comments. */
export interface CodeLine {
  readonly line: number;
  readonly added: boolean;
  /** Added, or beside a line that was removed. */
  readonly touched: boolean;
  /** As it is written. */
  readonly text: string;
  /** Without comments, and with blanks in place of what strings hold; of the same length as `text` up to the comment. */
  readonly code: string;
  readonly comment: string;
  readonly indent: number;
}

export function languageOfPath(path: string): LintLanguage {
  if (/\.pyi?$/i.test(path)) return 'python';
  return /\.(?:js|mjs|cjs|jsx|ts|tsx|mts|cts)$/i.test(path) ? 'javascript' : 'other';
}

/** Marks that begin a text; the longest first. */
const quotes: Readonly<Record<LintLanguage, readonly string[]>> = {
  python: ['"""', "'''", '"', "'"],
  javascript: ['"', "'", '`'],
  other: ['"', "'"],
};
const spanning = new Set(['"""', "'''", '`', '/*']);

/**
 * Takes strings and comments out of lines that follow each other, so that rules look at code alone. It begins outside of
 * any string: a hunk that starts in the middle of one is read wrongly up to its end. Pure.
 */
export function codeLines(lines: readonly NewLine[], language: LintLanguage): CodeLine[] {
  let open: string | null = null;
  return lines.map((each) => {
    const scanned = scanLine(each.text, language, open);
    open = scanned.open;
    const { code, comment } = scanned;
    const indent = each.text.length - each.text.trimStart().length;
    return {
      line: each.line,
      added: each.kind === 'added',
      touched: each.touched,
      text: each.text,
      code,
      comment,
      indent,
    };
  });
}

function scanLine(
  text: string,
  language: LintLanguage,
  before: string | null,
): { code: string; comment: string; open: string | null } {
  let open = before;
  let code = '';
  let comment = '';
  for (let at = 0; at < text.length; ) {
    if (open !== null) {
      const end: string = open === '/*' ? '*/' : open;
      if (text.startsWith(end, at)) {
        if (open === '/*') comment += end;
        code += open === '/*' ? '  ' : end;
        at += end.length;
        open = null;
        continue;
      }
      const escaped = text[at] === '\\' && open !== '/*' ? 2 : 1;
      if (open === '/*') comment += text[at];
      code += ' '.repeat(Math.min(escaped, text.length - at));
      at += escaped;
      continue;
    }
    const rest = text.slice(at);
    if (language === 'javascript' ? rest.startsWith('//') : rest.startsWith('#')) {
      return { code, comment: comment + rest, open };
    }
    const mark =
      language === 'javascript' && rest.startsWith('/*')
        ? '/*'
        : quotes[language].find((each) => rest.startsWith(each));
    if (mark === undefined) {
      code += text[at];
      at += 1;
      continue;
    }
    open = mark;
    code += mark === '/*' ? '  ' : mark;
    if (mark === '/*') comment += mark;
    at += mark.length;
  }
  // Only some strings go on over the end of a line.
  return { code, comment, open: open !== null && spanning.has(open) ? open : null };
}
