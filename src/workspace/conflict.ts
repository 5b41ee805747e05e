import { WilsonError } from '../errors.js';
import type { LineRange } from './merge-text.js';

/** A path that cannot be brought to where it should be, and why not. */
export interface Conflict {
  readonly path: string;
  readonly reason: string;
}

const shownPaths = 10;
const shownPlaces = 3;

/** Nothing was touched because of these. */
export function conflictError(code: string, conflicts: readonly Conflict[]): WilsonError {
  const shown = conflicts.slice(0, shownPaths).map(({ path, reason }) => `${path} (${reason})`);
  const more = conflicts.length > shownPaths ? ` and ${conflicts.length - shownPaths} more` : '';
  return new WilsonError(code, `Changed since, so nothing was touched: ${shown.join('; ')}${more}`, {
    hint: 'Save your own changes elsewhere or take them back, then try again. `wilson diff` shows what the task made.',
  });
}

/** Says where two changes of one file meet: `line 3 there and lines 3 to 5 of the task`. */
export function overlapReason(
  places: readonly { readonly ours: LineRange; readonly theirs: LineRange }[],
  theirName: string,
): string {
  const parts = places
    .slice(0, shownPlaces)
    .map(({ ours, theirs }) => `${linesText(ours)} in the folder against ${linesText(theirs)} ${theirName}`);
  const more = places.length > shownPlaces ? `, and ${places.length - shownPlaces} more places` : '';
  return parts.join(', ') + more;
}

function linesText({ first, last }: LineRange): string {
  if (last < first)
    return first === 1 ? 'the lines taken out at the top' : `the lines taken out after line ${first - 1}`;
  return first === last ? `line ${first}` : `lines ${first} to ${last}`;
}
