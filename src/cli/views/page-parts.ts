import { wrapTo } from './columns.js';
import { paint, safeText, type ViewOptions } from './view.js';

/* What the page of a task is made of: facts with a label, and sections with a title. */

export const labelColumns = 10;
export const indent = '  ';

/** `Label     text`, further lines of the text below its first. */
export function labelled(label: string, text: string, options: ViewOptions): string[] {
  const [first = '', ...more] = wrapTo(text, options.columns - labelColumns);
  return [
    `${paint(label.padEnd(labelColumns), 'dim', options)}${first}`,
    ...more.map((line) => ' '.repeat(labelColumns) + line),
  ];
}

/** Lines under a title, with an empty line before; nothing where there are no lines. */
export function section(title: string, lines: readonly string[], options: ViewOptions): string[] {
  return lines.length === 0 ? [] : ['', paint(title, 'bold', options), ...lines];
}

/** A text of a model or a user as lines of a section. */
export function indented(text: string, options: ViewOptions): string[] {
  return wrapTo(safeText(text), options.columns - indent.length).map((line) => indent + line);
}

/** One line of a section at `depth` steps to the right, wrapped; what follows the first line stands `hang` further. */
export function hanging(text: string, depth: number, hang: number, options: ViewOptions): string[] {
  const before = indent.repeat(depth);
  const [first = '', ...more] = wrapTo(text, options.columns - before.length - hang);
  return [before + first, ...more.map((line) => before + ' '.repeat(hang) + line)];
}
