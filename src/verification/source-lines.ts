/**
 * Lines (from 1) of a JavaScript or Go text that hold code: not the empty ones, not comments, not those with nothing but
 * brackets. Read without a parser; a regular expression that looks like the beginning of a comment misleads it.
 */
export function codeLines(text: string): number[] {
  const lines = withoutComments(text).split('\n');
  return lines.flatMap((line, index) => (/[^\s{}()[\];,]/.test(line) ? [index + 1] : []));
}

/** The same for a Python text that no Python has read: texts in three quotes count as code. */
export function pythonCodeLines(text: string): number[] {
  return text.split('\n').flatMap((line, index) => (/^\s*[^\s#]/.test(line) ? [index + 1] : []));
}

/** Blanks comments; line breaks stay where they are, and texts in quotes stay whole. */
function withoutComments(text: string): string {
  const token =
    /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?|`(?:[^`\\]|\\[\s\S])*`?|^#![^\n]*/g;
  return text.replace(token, (found) => (/^(\/[/*]|#!)/.test(found) ? found.replace(/[^\n]/g, ' ') : found));
}
