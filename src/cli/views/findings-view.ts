import type { Finding } from '../json-shapes.js';
import { plural } from './amounts.js';
import { wrapTo } from './columns.js';
import { type Color, page, paint, safeText, type ViewOptions } from './view.js';

const marks: Readonly<Record<Finding['level'], readonly [mark: string, color: Color]>> = {
  ok: ['✓', 'green'],
  warn: ['!', 'yellow'],
  error: ['✗', 'red'],
};

/** `wilson doctor`: each finding with its remedy below it, and the count at the end. */
export function findingsView(findings: readonly Finding[], options: ViewOptions): string {
  const lines = findings.flatMap(({ level, what, remedy }) => {
    const [mark, color] = marks[level];
    const [first = '', ...more] = wrapTo(safeText(what), options.columns - 2);
    const below = remedy === '' ? [] : wrapTo(safeText(remedy), options.columns - 4);
    return [
      `${paint(mark, color, options)} ${first}`,
      ...more.map((line) => `  ${line}`),
      ...below.map((line, index) => `${index === 0 ? '  → ' : '    '}${line}`),
    ];
  });
  const errors = findings.filter(({ level }) => level === 'error').length;
  const warnings = findings.filter(({ level }) => level === 'warn').length;
  const verdict =
    errors + warnings === 0 ? 'All is well.' : `${plural(errors, 'error')}, ${plural(warnings, 'warning')}.`;
  return page([...lines, '', verdict]);
}
