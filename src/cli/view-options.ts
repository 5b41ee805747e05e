import type { Environment } from '../config/paths.js';
import type { ViewOptions } from './views/view.js';

/** How to draw on a stream: its width and colours where it is a terminal, plain and uncut where it is not. */
export function viewOptionsOf(stream: object, env: Environment): ViewOptions {
  const isTerminal = 'isTTY' in stream && stream.isTTY === true;
  const columns = 'columns' in stream && typeof stream.columns === 'number' ? stream.columns : 80;
  const colors = isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return { columns: isTerminal ? columns : Number.POSITIVE_INFINITY, colors };
}
