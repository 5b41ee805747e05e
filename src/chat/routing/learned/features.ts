import {
  analysisVerbs,
  codeNoun,
  filePath,
  leadingVerb,
  makingVerbs,
  mentionsLocal,
  openVerbs,
  proseNoun,
  researchVerbs,
  reviewVerbs,
  taskId,
  tellingVerbs,
  testVerbs,
} from '../english.js';
import { type Phrase, parsePhrase, startsAsQuestion, tellingParts } from '../phrase.js';
import type { Decision, RouteContext } from '../route.js';
import { conceptsOf } from './concepts.js';
import { offerIn } from './offer.js';
import { isGeneralName, partsOf, stemOf, wordsOf } from './words.js';

type Add = (feature: string) => void;

const verbClasses: readonly (readonly [string, ReadonlySet<string>])[] = [
  ['make', makingVerbs],
  ['open', openVerbs],
  ['review', reviewVerbs],
  ['research', researchVerbs],
  ['analysis', analysisVerbs],
  ['test', testVerbs],
  ['tell', tellingVerbs],
];

/** Clauses looked at; more come only in pastes. */
const clauseLimit = 10;
/** Words of a turn that may be a reply to what Wilson said last; a longer one stands for itself. */
const replyWords = 14;

/**
 * What a turn says, as features: words, their parts, what they mean in any language, how its clauses begin, what it
 * answers, and what the rules make of it (null: not looked at). The same for learning and for use; pure.
 */
export function featuresOf(text: string, context: RouteContext, decision: Decision | null): ReadonlySet<string> {
  const phrase = parsePhrase(text);
  const features = new Set<string>();
  const add: Add = (feature) => void features.add(feature);
  const words = wordsOf(tellingParts(phrase.original));
  const stems = words.map(stemOf);
  addWords(words, stems, add);
  addConcepts(words, add);
  addPhrase(phrase, words.length, add);
  if (context.lastAssistant !== null && words.length <= replyWords) addReply(context.lastAssistant, stems, add);
  if (decision !== null) addDecision(decision, phrase.isQuestion, add);
  return features;
}

function addWords(words: readonly string[], stems: readonly string[], add: Add): void {
  stems.forEach((word, index) => {
    add(`w ${word}`);
    add(`b ${stems[index - 1] ?? '^'} ${word}`);
    if (index > 0 && index + 1 < stems.length) add(`s ${stems[index - 1]} ${stems[index + 1]}`);
  });
  add(`b ${stems.at(-1) ?? '^'} $`);
  if (words.length >= 2) add(`e ${stems.slice(-2).join(' ')}`);
  for (const word of words) {
    if (isGeneralName(word)) continue;
    for (const part of partsOf(word)) add(`c ${part}`);
  }
}

function addConcepts(words: readonly string[], add: Add): void {
  let previous = '^';
  words.forEach((word, index) => {
    const concepts = isGeneralName(word) ? [word] : conceptsOf(word);
    for (const concept of concepts) {
      add(`k ${concept}`);
      add(`kb ${previous} ${concept}`);
      if (index === 0) add(`kf ${concept}`);
    }
    previous = concepts.at(-1) ?? previous;
  });
  add(`kb ${previous} $`);
}

function addPhrase(phrase: Phrase, length: number, add: Add): void {
  const { clauses, text } = phrase;
  clauses.slice(0, clauseLimit).forEach((clause, index) => {
    addClause(clause, index === 0 ? 'first' : 'later', add);
  });
  if (clauses.length > 1) addClause(clauses.at(-1) ?? '', 'last', add);
  if (clauses.length > 2) addClause(clauses.at(-2) ?? '', 'last', add);
  const opening = wordsOf(text.slice(0, 200)).slice(0, 3).map(stemOf);
  for (const count of [1, 2, 3]) add(`o ${opening.slice(0, count).join(' ')}`);
  if (phrase.isQuestion) add('is question');
  if (/[?？]\s*$/.test(text)) add('ends with ?');
  if (filePath.test(text)) add('path');
  if (mentionsLocal(text)) add('local');
  if (taskId.test(text)) add('task id');
  if (codeNoun.test(text)) add('code noun');
  if (proseNoun.test(text)) add('prose noun');
  add(`clauses ${Math.min(4, clauses.length)}`);
  add(`length ${Math.min(6, Math.floor(Math.log2(length + 1)))}`);
}

/** How a clause begins, without its courtesies: that says most. */
function addClause(clause: string, place: string, add: Add): void {
  const words = wordsOf(clause);
  const stems = words.map(stemOf);
  for (const concept of conceptsOf(words[0] ?? '')) add(`${place} k ${concept}`);
  for (const length of [1, 2, 3]) if (stems.length >= length) add(`${place} ${stems.slice(0, length).join(' ')}`);
  for (const [name, lexicon] of verbClasses) {
    const verb = leadingVerb(clause, lexicon);
    if (verb === null) continue;
    add(`${place} verb ${name}`);
    if (codeNoun.test(verb.object)) add(`${place} verb ${name} code`);
    if (proseNoun.test(verb.object)) add(`${place} verb ${name} prose`);
    if (mentionsLocal(verb.object)) add(`${place} verb ${name} local`);
  }
  if (startsAsQuestion(clause)) add(`${place} question`);
}

function addReply(before: string, stems: readonly string[], add: Add): void {
  const offer = offerIn(before);
  const kind = offer !== null ? 'offer' : taskId.test(before) ? 'task' : 'talk';
  add(`after ${kind}`);
  for (const word of stems.slice(0, 6)) add(`after ${kind} ${word}`);
  if (stems.length <= 4) add(`after ${kind} short`);
  const said = wordsOf((offer ?? before).slice(-400))
    .map(stemOf)
    .slice(-40);
  said.forEach((word, index) => {
    add(`a ${word}`);
    if (index > 0) add(`ab ${said[index - 1]} ${word}`);
  });
}

function addDecision({ route, by, certain }: Decision, isQuestion: boolean, add: Add): void {
  const kind = route.intent === 'delegate' ? route.type : route.intent;
  add(`rule ${kind}`);
  add(`rule ${kind} by ${by} ${certain ? 'surely' : 'maybe'}`);
  add(`rule by ${by}`);
  if (isQuestion) add(`rule ${kind} question`);
}
