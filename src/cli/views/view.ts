import { sanitize } from '../../terminal/sanitize.js';

/** How a view is drawn. */
export interface ViewOptions {
  /** Width of the terminal; `Infinity` where the output is no terminal, so that nothing is cut. */
  readonly columns: number;
  readonly colors: boolean;
  /** The terminal shows no UTF-8: what is drawn is drawn in ASCII. */
  readonly ascii?: boolean;
}

export type Color = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

const codes: Readonly<Record<Color, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** `text` in a colour, or as it is where colours are off. */
export function paint(text: string, color: Color | null, options: ViewOptions): string {
  if (!options.colors || color === null || text === '') return text;
  const [on, off] = codes[color];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** Text of a model or a user on one line, safe to print: no control codes, no line breaks, single spaces. */
export function oneLine(text: string): string {
  return sanitize(text).replace(/\s+/g, ' ').trim();
}

/** Text of a model or a user in several lines, safe to print. */
export function safeText(text: string): string {
  return sanitize(text.replace(/\r\n?/g, '\n')).replace(/\t/g, '    ').trimEnd();
}

/** Lines as a page: no spaces at line ends, one line feed at the end. */
export function page(lines: readonly string[]): string {
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}
