import {
  isAnd,
  isExtra,
  isHarming,
  isLeaving,
  isMaking,
  isNot,
  isOnly,
  isOr,
  isSmallWord,
  isWithout,
} from './wish-words.js';

/**
 * What a negation before a thing means for it. `refused`: it is not wanted. `urged`: two negations, "don't forget the tests".
 * `stated`: there is none yet, "it has no tests". `spared`: what is there is to be left alone. Null: no negation belongs to it.
 */
export type Negation = 'refused' | 'urged' | 'stated' | 'spared' | null;

/** Words between a negation and what it is about; what is further away belongs to something else. */
const reach = 12;
/** Words of a list between "no" and "or tests" that need not be known. */
const listReach = 4;
/** What is not to be done without tests. */
const shipping =
  /^(?:ship|deliver|finish|merge|stop|release|commit|submit|end|return|come|go|leave|publish|it|this|that|anything|something|code|liefere?|livre|entreg\w+)$/;
const stating =
  /^(?:has|have|had|are|is|exist|exists|currently|there|still|hat|haben|gibt|habe|existieren|tiene|hay|a|ha|tem|há|heeft|er)$/;

/** The words of a clause before a thing, in lower case, contractions taken apart: "don't" → "do not". */
export function wordsBefore(text: string): string[] {
  const plain = text
    .toLowerCase()
    .replace(/n['’]t\b/g, ' not')
    .replace(/\b(?:dont|doesnt)\b/g, 'do not');
  return plain.match(/\bw\/o\b|[\p{L}\p{N}](?:[\p{L}\p{N}]|-(?=\p{L}))*|[,&]/gu) ?? [];
}

/**
 * Whether a negation among the words before a thing is about that thing. Only words that may stand between the two count as a
 * bridge: in "never loses data and has tests" the tests are not what is negated. `listed`: after the thing its list goes on,
 * "no docs, tests or reviews". Pure.
 */
export function negationIn(words: readonly string[], listed = false): Negation {
  let isSpared = false;
  let freeWords = 0;
  for (let at = words.length - 1; at >= 0 && at >= words.length - reach; at -= 1) {
    const word = words[at] ?? '';
    const next = words[at + 1] ?? '';
    if (isLeaving(word)) return turnedRound(words, at, isSmallWord) ? 'urged' : 'refused';
    if (isWithout(word) || isNot(word)) {
      if (isOnly(next)) return null;
      // "Vergiss nicht die Tests", "n'oublie pas les tests"; what stands after the negation is what it is about.
      if (isNot(word) && isLeaving(words[at - 1] ?? '')) return 'urged';
      if (isWithout(word) && (turnedRound(words, at, isShipping) || isNoThing(words, at))) return 'urged';
      if (isStated(words, at)) return 'stated';
      return isSpared ? 'spared' : 'refused';
    }
    if (isHarming(word)) isSpared = true;
    else if (isOr(word) && freeWords === 0) freeWords = listReach;
    else if (isAnd(word) || word === ',') {
      // A verb after it begins something new: "no docs, write tests".
      const before = words[at - 1] ?? '';
      const goesOn = isExtra(before) && (listed || word !== ',');
      if (isMaking(next) || (next === '' && !goesOn && !isNot(before))) return null;
    } else if (!(isSmallWord(word) || isMaking(word) || isExtra(word))) {
      if (freeWords === 0) return null;
      freeWords -= 1;
    }
  }
  return null;
}

/** Whether a negation before the word at `index` turns it round, with only such words between. */
function turnedRound(words: readonly string[], index: number, mayBeBetween: (word: string) => boolean): boolean {
  for (let at = index - 1; at >= 0 && at >= index - 4; at -= 1) {
    const word = words[at] ?? '';
    if (isNot(word) || isWithout(word)) return true;
    if (!mayBeBetween(word)) return false;
  }
  return false;
}

function isShipping(word: string): boolean {
  return shipping.test(word);
}

/** "No code without tests". */
function isNoThing(words: readonly string[], index: number): boolean {
  return isWithout(words[index - 2] ?? '') && !isMaking(words[index - 1] ?? '') && words[index - 1] !== ',';
}

/** "The module has no tests": how it is, not what is wanted. */
function isStated(words: readonly string[], index: number): boolean {
  const isNoun = /^(?:no|keine?n?|geen|nessun|nenhum|ningun[ao]?|aucune?)$/.test(words[index] ?? '');
  const before = words[index - 1] ?? '';
  return isNoun && stating.test(before) && !/^(?:to|should|must|that|which|soll)$/.test(words[index - 2] ?? '');
}
