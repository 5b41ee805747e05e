import type { TaskType } from '../../task/task.js';
import {
  codeNoun,
  filePath,
  leadingVerb,
  makingVerbs,
  openVerbs,
  proseNoun,
  reviewVerbs,
  tellingVerbs,
  testVerbs,
} from './english.js';
import { headOf, type Order, orderIn } from './order.js';
import { type Phrase, startsAsQuestion } from './phrase.js';
import { isNounRequest, typeOfRequest } from './task-type.js';

/** "Don't start anything yet", "no code, just talk": nothing is to be done, whatever else the turn says. */
const holdOff =
  /(?:^|[,;.:] ?|\b(?:please|but|and|so|just) )(?:(?:please )?(?:don't|do not|dont|no need to|never) (?:you )?(?:start|do|build|write|create|run|change|touch|begin|make|implement|code|delegate|spawn|launch|execute|fix|modify|edit)(?: (?:anything|any|it|this|that|something|a|the|code|yet|work|tasks?)\b|[.,!]|$)|without (?:starting|changing|writing|doing|running|building) (?:anything|any|code|it)|no (?:code|tasks?|changes|action)(?: yet| please|,|\.|$)|not yet\b|hold off\b|let me (?:just |first )?(?:think|sleep on)\b|hypothetically|just (?:curious|wondering|asking|thinking|talking)|before (?:you|we) (?:start|begin|do|build|write|change))/;

export function holdsOff(phrase: Phrase): boolean {
  if (!holdOff.test(phrase.text)) return false;
  // "Fix the bug but don't change the tests" is an order with a limit.
  const order = phrase.clauses[0] ?? '';
  const limited = /\b(?:but|and|,) ?(?:please )?(?:don't|do not|dont|never|without)\b/.test(phrase.text);
  return !(limited && leadingVerb(order, makingVerbs, openVerbs, reviewVerbs, testVerbs) !== null);
}

/** Orders as statements: "I need a script that …", "we want dark mode". */
const wish =
  /^(?:(?:i|we)(?:'d| would)? (?:really |also |now |still |just )?(?:need|want|like|love|require|could use|am looking for|are looking for)(?: to (?:have|get|see))?|i'm looking for|we're looking for|looking for|there should be|(?:it|the [\w-]+(?: [\w-]+)?) (?:should|needs to|must|has to)(?: be able to| have| get| be)?|how about (?:adding|building|writing|making)?|what about (?:adding|building|writing|making)|time to|delegate(?: this| to (?:an|the) \w+(?: agent)?)?:?|i expect|give me|get me|hook me up with|have)\s+(.*)$/;

function wishIn(clause: string): Order | null {
  const object = wish.exec(clause)?.[1];
  if (object === undefined) return null;
  const nested = orderIn(object, true);
  if (nested !== null) return nested;
  if (isNounRequest(object)) return { type: typeOfRequest(object), strong: true };
  const about =
    /^(?:help|advice|to (?:know|understand|learn|ask)|you|your|it|no|fun|a (?:question|problem|dream|feeling|cat|dog))\b/;
  const head = headOf(object);
  if (!codeNoun.test(head) || proseNoun.test(head) || about.test(object) || startsAsQuestion(object)) return null;
  return { type: typeOfRequest(`make ${object}`), strong: false };
}

/** Advice, opinions and how-to questions; the chat answers them even when they name files. */
const advice =
  /^(?:how (?:do|would|should|can|could|might|to|does one)(?! we (?:read|use|call|handle|load|parse|store|log))|should|shall|what (?:would|should|could|do you|can)|which (?:\w+ )*(?:would|should|do you)|would (?:it|that|you (?:rather|say|prefer|recommend|call|use|build|do|start|trust|choose|agree))|what if|could (?:it|that|this)|may|might|do (?:you|i|we|people)|can (?:i|we|a|an|the|one|it|this|python|node|javascript))\b/;

const localNoun =
  /\b(?:this|my|our|the) (?:[\w-]+ ){0,2}(?:repo|repository|codebase|project|code|branch|diff|changes|logs?|log files?|tests?|test suite|pull request|module|function|script|queries|api|endpoints?|source)\b|\bin (?:src|lib|docs|tests?)\b/;
const asksForVerdict =
  /^(?:(?:is|are) (?:there )?(?:any(?:thing)? )?|any )(?:.*)\b(?:bugs?|wrong|problems?|holes?|vulnerab\w+|secure|safe|mistakes?|correct|ok|good|clean|readable|idiomatic|sound|maintainable|thread-safe|well[- ]written)\b|^what(?:'s| is) wrong\b/;
const asksTheFiles =
  /^(?:why|where|how many|how much|which (?:of|files?|functions?|tests?|modules?|lines?|endpoints?|commits?)|what (?:does|do|calls|uses|causes|slows|parts?|files?|is|are)|who (?:calls|wrote|changed|uses)|how (?:does|do we|is|are|big|large|long|complex|slow|many)|is|are|does|do)\b/;

/** A question about files of this folder that only reading them answers. */
function localQuestion(clause: string): Order | null {
  if (!(startsAsQuestion(clause) || clause.startsWith('any ')) || advice.test(clause)) return null;
  if (!filePath.test(clause) && !localNoun.test(clause)) return null;
  if (asksForVerdict.test(clause)) return { type: 'review', strong: false };
  return asksTheFiles.test(clause) ? { type: 'analysis', strong: false } : null;
}

/** Stories of what somebody did, feelings, opinions: "I built a todo app once". */
const statement =
  /^(?:i|we|he|she|they|my|our|you|someone|people|that|this|it|there|yesterday|last (?:week|night|year|month|time)|once|today|everyone|nobody|everybody)\b(?!'d like| would like| need| want)/;

/** "Can you write Python?", "can you code?": a bare thing without an article asks for an ability. */
function asksForAbility(phrase: Phrase): boolean {
  const definite =
    /\b(?:an?|the|this|that|these|those|my|our|me|us|for|some|all|every|any|it|its|their|in|to|new|unit|more|on|up)\b/;
  const [clause = ''] = phrase.clauses;
  return (
    /^(?:can|could|do|are|will) you\b/.test(phrase.text) &&
    phrase.clauses.length === 1 &&
    !definite.test(clause) &&
    !filePath.test(clause)
  );
}

/** The type of an order that points back at what was said just before: "our module has no tests, write some". */
function typeInContext(order: Order, clause: string, before: string | undefined): TaskType {
  const back = /^(\w+) (?:some|one|it|them|that|this)\b/.exec(clause);
  if (back === null || before === undefined || order.type !== 'code') return order.type;
  return /\bno (?:unit |integration )?tests?\b|\b(?:isn't|not|un)\s?tested\b/.test(before) ? 'test' : order.type;
}

/** A second order may say better what the first one is for: "read the logs, then tell me why …". */
function refined(order: Order, clause: string, rest: string): Order {
  const prepares = order.type === 'code' && /^(?:look|read|open|take|go|use|have)\b/.test(clause) && rest !== '';
  return prepares ? { ...order, type: typeOfRequest(rest) } : order;
}

/**
 * What the phrase asks to be done, or null. An order may stand in any part of the turn ("my tests are slow, find out
 * why"); the first part that has one decides. After a plain question only another sentence can be an order.
 */
export function requestIn(phrase: Phrase): Order | null {
  if (asksForAbility(phrase)) return null;
  const { clauses, sentences } = phrase;
  let questionIn = -1;
  let aboutFiles: Order | null = null;
  for (const [index, clause] of clauses.entries()) {
    const sentence = sentences[index] ?? 0;
    if (sentence === questionIn) continue;
    const order = orderIn(clause, clauses.length === 1) ?? wishIn(clause);
    if (order !== null) {
      if (aboutFiles !== null && !order.strong) return aboutFiles;
      if (index === 0) return refined(order, clause, clauses.slice(1).join(', '));
      return { ...order, type: typeInContext(order, clause, clauses[index - 1]) };
    }
    if (startsAsQuestion(clause) || leadingVerb(clause, tellingVerbs) !== null) questionIn = sentence;
    const asked = localQuestion(clause);
    if (asked !== null) return asked;
    // "Why is the page slow? Check perf.json": the question says what the order is for.
    if (/^(?:why|where|how many|how often)\b/.test(clause)) aboutFiles = { type: 'analysis', strong: false };
    if (/^which (?:[\w-]+ ){0,3}(?:support|offer|provide|fit|suit|work)s?\b/.test(clause))
      aboutFiles = { type: 'research', strong: false };
  }
  return null;
}

/** True for stories and statements, which ask for nothing. */
export function isStatement(phrase: Phrase): boolean {
  return statement.test(phrase.clauses[0] ?? '');
}
