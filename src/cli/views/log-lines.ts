import { clockText } from './amounts.js';
import { paint, safeText, type ViewOptions } from './view.js';

/** One event of a task; times are ISO 8601. */
export interface LogEntry {
  readonly at: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
}

const colors = { info: null, warn: 'yellow', error: 'red' } as const;

/** `wilson logs`: `17:42:03 warn  text`, further lines of the text below the first. Never cut: it is meant for grep. */
export function logLines(entries: readonly LogEntry[], options: ViewOptions): string {
  return entries.map((entry) => logLine(entry, options)).join('');
}

/** The lines of one event, each with a line feed. */
export function logLine(entry: LogEntry, options: ViewOptions): string {
  const time = paint(clockText(entry.at), 'dim', options);
  const level = paint(entry.level.padEnd(5), colors[entry.level], options);
  const [first = '', ...more] = safeText(entry.text).split('\n');
  const indent = ' '.repeat(15);
  return [`${time} ${level} ${first}`, ...more.map((line) => indent + line)]
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
