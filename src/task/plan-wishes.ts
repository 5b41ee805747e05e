import { coverageAskedFor } from './coverage-wish.js';
import { type Extra, type Mention, type MentionKind, mentionsOf } from './mentions.js';
import { isSmallWord } from './wish-words.js';

/** What a request says about one thing beside the code: `asked`, `refused`, or null where it says nothing. */
export type Wish = 'asked' | 'refused' | null;

/** What a request says about the steps around the code itself. */
export interface PlanWishes {
  readonly tests: Wish;
  readonly review: Wish;
  /** Percent of coverage that it names. */
  readonly coverage: number | null;
}

/** Reads the wishes by wording alone. Pure. */
export function planWishes(request: string): PlanWishes {
  return {
    tests: wishFor(request, 'tests'),
    review: wishFor(request, 'review'),
    coverage: coverageAskedFor(request),
  };
}

/** The wish for one thing; what is asked for anywhere is not refused elsewhere: "no e2e tests, but unit tests". Pure. */
export function wishFor(request: string, extra: Extra): Wish {
  const kinds = mentionsOf(request, extra).map(({ kind }) => kind);
  if (kinds.some((kind) => kind !== 'refused' && kind !== 'other')) return 'asked';
  return kinds.includes('refused') ? 'refused' : null;
}

/** Whether a request wants tests to be written: "with unit tests", "and tests for it", "mit Tests". Pure. */
export function asksForNewTests(request: string): boolean {
  return mentionsOf(request, 'tests').some(({ kind }) => kind === 'wanted');
}

/** Whether a request speaks of tests that are to pass, new or old. Pure. */
export function asksForTests(request: string): boolean {
  return mentionsOf(request, 'tests').some(({ kind }) => kind === 'wanted' || kind === 'existing');
}

/** What may follow a wish and belongs to it alone: "tests for it", "a review of the code, please". */
const tail =
  /^(?: ?(?:nicht|niet|too|as well|also|please|required|needed|included|are (?:required|needed|a must|included)|bitte|alsjeblieft|included|dazu|s'il (?:te|vous) plaît)| (?:for|of|für|pour|para|per|di|de|voor|van) (?:it|them|this|that|these|those|everything|(?:the |all (?:the |of )?)?(?:code|app|program|result|functions?|it|this|that|them|work)|each function|every function|both|all|alles|tout|todo|tutto|tudo))(?![\p{L}\p{N}_])/iu;
/** "And review it": the object goes with its verb. */
const verbObject = /^ (?:it|them|this|everything|all|the (?:code|result|work|changes?|app|program))(?![\p{L}])/iu;
/** What may stand behind a wish that is taken out: the end of its clause, or words that stand well after the rest. */
const clauseGoesOn =
  /^ ?(?:$|[.,;!?)\n]|(?:and|but|then|in|on|using|that|which|with|without|for|so|und|aber|dann|im|mit|ohne|die|das|der|et|mais|en|avec|sans|dans|y|pero|con|sin|e|ma|mas|com|mas|sem|em|senza|maar|met|zonder|и|но|на|с|без)(?![\p{L}]))/iu;
/** What says more of the tests than that they are wanted, and would be lost with them. */
const details = /^(?::| (?:for|of|that|which|covering|against|für|pour|para|per|voor|die|qui|que|che) )/i;
const eastern = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/u;
const easternJoin =
  /(?:[，,、]\s*)?(?:(?:并且?|且|和|与|以及|再)?(?:带有?|附带|包含|包括|含有?|加上?|有|编写|添加|增加|写|做)?(?:一些|几个|完整的?|的|上|了|不要|不需要|不用|无需|没有)?)$/u;

/**
 * The request without its clauses about tests and reviews, which other steps have; never empty for a request that is not. A
 * clause that says more than that they are wanted stays: nothing of it may be lost. Pure.
 */
export function withoutWishes(whole: string): string {
  const request = whole
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n\s*/g, '\n')
    .trim();
  const wishes: readonly MentionKind[] = ['wanted', 'checked', 'refused'];
  const rest = withoutMentions(request, ['tests', 'review'], wishes)
    .replace(/ +([.,!?;])/g, '$1')
    .replace(/([.!?])[ ,;]*(?=[.!?])/g, '')
    .replace(/^[ ,;.]+/, '')
    .trim()
    .replace(/(?:[,;:，、\s]|\s(?:and|but|und|aber|et|mais|y|pero|e|ma|mas|en|maar))+$/i, '')
    .replace(/[，,、]\s*(?=[。.！!]?$)/u, '');
  return isEnough(rest) ? rest : request;
}

/** The request without the clauses that say that no tests are wanted. Pure. */
export function withoutRefusals(request: string): string {
  return withoutMentions(request, ['tests'], ['refused']);
}

function withoutMentions(text: string, extras: readonly Extra[], kinds: readonly MentionKind[]): string {
  return extras
    .flatMap((extra) => mentionsOf(text, extra))
    .filter(({ kind }) => kinds.includes(kind))
    .sort((a, b) => b.start - a.start)
    .reduce(withoutMention, text);
}

function isEnough(text: string): boolean {
  return text.split(/\s/).length >= 3 || (eastern.test(text) && text.length >= 4);
}

/** The text without one wish and what joins it to the rest. Those behind it are gone already. */
function withoutMention(text: string, { start, end }: Mention): string {
  let after = text.slice(end);
  for (let more = tail.exec(after); more !== null; more = tail.exec(after)) after = after.slice(more[0].length);
  const before = text.slice(0, start);
  if (eastern.test(text.slice(start, end))) return `${before.replace(easternJoin, '')}${after}`;
  // "and review it": the object goes with its verb.
  if (/^(?:review|test)$/i.test(text.slice(start, end))) after = after.replace(verbObject, '');
  const isTold = after !== text.slice(end);
  if ((!isTold && details.test(after)) || !clauseGoesOn.test(after)) return text;
  const joined = joinBefore(before);
  if (joined === null) return text;
  const isWholeClause = /(?:^|[.!?]\s|\n)$/.test(joined);
  return isWholeClause
    ? `${joined}${after.replace(/^[.,;!?]?\s*(?:(?:and|but|und|aber|et|mais|y|pero|e|ma|mas|en|maar)\s+)?/i, '')}`
    : `${joined}${after}`;
}

/** Words that join a wish to the rest, or begin a clause that is all wish. */
const heads =
  /^(?:and|with|plus|including|then|without|no|not|have|has|having|get|add|write|include|do|don['’]?t|never|skip|forget|remember|also|but|fully|well|thoroughly|properly|mit|und|aber|ohne|keine?n?|schreibe?n?|vergiss|avec|et|mais|sans|pas|aucune?|ajoute\p{L}*|n['’]oublie\p{L}*|con|y|pero|sin|añad\p{L}*|escrib\p{L}*|no|olvid\p{L}*|e|ma|senza|non|dimentic\p{L}*|com|mas|sem|não|esque\p{L}*|met|en|maar|zonder|geen|vergeet|с|и|без)$/iu;

/** The text before a wish without the words that join it on; null where something else stands between. */
function joinBefore(before: string): string | null {
  let rest = before.trimEnd();
  let joined: string | null = null;
  for (let count = 0; count < 9; count += 1) {
    const word = /(?:^|[\s(])([\p{L}\p{N}][\p{L}\p{N}'’-]*)$/u.exec(rest)?.[1];
    if (word === undefined) break;
    const isHead = heads.test(word);
    if (!isHead && !isSmallWord(word.toLowerCase()) && !(count === 0 && isQualifier(word))) break;
    rest = rest.slice(0, rest.length - word.length).trimEnd();
    if (isHead) joined = rest;
  }
  // Nothing before it in its clause: "Tests please."
  if (/(?:^|[.!?,;\n])$/.test(rest)) joined = rest;
  if (joined === null) return null;
  const isStart = joined === '' || /[.!?\n]$/.test(joined);
  return isStart ? `${joined}${joined === '' || joined.endsWith('\n') ? '' : ' '}` : joined.replace(/[,;]$/, '');
}

/** One word before the noun that says what kind of tests: "hypothesis tests". */
function isQualifier(word: string): boolean {
  return /^[\p{L}][\p{L}-]*$/u.test(word);
}
