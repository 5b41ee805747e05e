import { isKillObject } from './kill-rule.js';
import type { Phrase } from './phrase.js';

const stopVerbs = ['stop', 'kill', 'cancel', 'abort', 'terminate'] as const;
/** Words of their own that are one letter away from a stop verb, or nearer to another word ("about"). */
const otherWords: ReadonlySet<string> = new Set(
  (
    'step shop slop top atop stoop strop stow stops stomp ' +
    'will till bill fill gill hill mill pill sill dill rill ill kilt kiln krill skill kills kilo ' +
    'cancels cancer aborts about aboard abot abut abbot terminated terminates terminator germinate'
  ).split(' '),
);
/** Longest stop order with a slip in its verb, in words. */
const wordLimit = 7;
/** Shortest verb with a slip that is an order without an object; "stp" has other readings. */
const aloneFrom = 4;

/** What one slip of the fingers makes of a word: a letter lost, added or wrong, or two swapped. */
function slipsOf(word: string): string[] {
  const slips: string[] = [];
  for (let at = 0; at <= word.length; at += 1) {
    const [head, tail] = [word.slice(0, at), word.slice(at)];
    slips.push(head + tail.slice(1));
    if (tail.length >= 2) slips.push(`${head}${tail[1]}${tail[0]}${tail.slice(2)}`);
    for (const letter of 'abcdefghijklmnopqrstuvwxyz') slips.push(head + letter + tail, head + letter + tail.slice(1));
  }
  return slips.filter((slip) => slip !== word);
}

const misspelt: ReadonlySet<string> = new Set(stopVerbs.flatMap(slipsOf).filter((slip) => !otherWords.has(slip)));

/**
 * A short turn that is a stop order but for one letter of its verb: "kil the test run". It means to end something and must
 * start nothing. Only the object of a stop order makes it one: "cancl culture" is none. Pure.
 */
export function asksToKillMisspelt({ clauses, text, isQuestion }: Phrase): boolean {
  const [verb = '', ...rest] = (clauses[0] ?? '').split(' ');
  if (isQuestion || !misspelt.has(verb) || text.split(' ').length > wordLimit) return false;
  const object = rest
    .join(' ')
    .replace(/(?: (?:please|pls|now|already))+$/, '')
    .trim();
  return object === '' ? verb.length >= aloneFrom : isKillObject(object);
}
