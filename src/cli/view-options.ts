import type { Environment } from '../config/paths.js';
import type { ViewOptions } from './views/view.js';

/** Whether a stream is a terminal; what collects text for the chat says that it is one where the chat's is. */
export function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

/** How to draw on a stream: its width and colours where it is a terminal, plain and uncut where it is not; in the locale's charset. */
export function viewOptionsOf(stream: object, env: Environment): ViewOptions {
  const onTerminal = isTerminal(stream);
  const columns = 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : 80;
  const colors = onTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return { columns: onTerminal ? columns : Number.POSITIVE_INFINITY, colors, ascii: isAscii(env) };
}

/** Whether the locale is one without UTF-8; where none is set (in containers, on Windows) it is taken for one with it. */
function isAscii({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '');
  return locale !== undefined && !/utf-?8/i.test(locale);
}
