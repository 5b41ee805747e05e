import { imagesInQuestion } from '../../task/images-in-question.js';
import { codeNoun, leadingVerb, makingVerbs, openVerbs } from './english.js';
import { headOf, type Order } from './order.js';
import type { ForeignIntent } from './other-languages.js';
import type { Phrase } from './phrase.js';
import { isStatement } from './request-rule.js';

/** Making that takes its words from a picture: "extract the text from scan.png". */
const takesOut: ReadonlySet<string> = new Set(['extract', 'simplify', 'complete', 'finish', 'validate', 'support']);
/** Verbs that say little: what is made decides. The others of their kind ask for words ("show me", "translate"). */
const makesThings: ReadonlySet<string> = new Set([
  'make',
  'write',
  'generate',
  'produce',
  'design',
  'draft',
  'prepare',
  'convert',
  'turn',
  'format',
  'set',
  'put',
  'apply',
  'use',
  'save',
]);
/** What is written about a picture. */
const words =
  /\b(?:captions?|alt[- ]?texts?|alternative text|texts?|descriptions?|titles?|summar(?:y|ies)|reports?|stor(?:y|ies)|poems?|haikus?|lists?|transcripts?|transcriptions?|translations?|keywords|tags|labels|names?|explanations?|paragraphs?|sentences?|notes?|reviews?|markdown|prices|numbers|colou?rs|recipes?|quotes?)\b/;
const program =
  /\b(?:skripte?|programme?|code|funktion|app|webseite|website|seite|modul|klasse|script|fonction|programa|aplicación|función|página|pagina|funzione|função)\b|скрипт|программ|脚本|程序|代码|函数|コード|스크립트|코드/i;

/**
 * Whether a turn wants a picture to be looked at: it names an image, and is neither work on code or files ("make a page
 * like mockup.png", "resize photo.png") nor a statement ("I took photo.png yesterday"). `request` and `foreign` are what the
 * other rules found. Pure.
 */
export function asksToSee(phrase: Phrase, request: Order | null, foreign: ForeignIntent | null): boolean {
  const { original, clauses } = phrase;
  if (imagesInQuestion(original).length === 0) return false;
  if (foreign !== null) return !(isCoding(foreign) && program.test(original));
  if (request !== null) return !(isCoding(request.type) && clauses.some(makesCode));
  // Without an order: a question, the name alone, or words that the rules do not know.
  return phrase.isQuestion || !isStatement(phrase);
}

function isCoding(intent: string): boolean {
  return intent === 'code' || intent === 'test';
}

function makesCode(clause: string): boolean {
  const making = leadingVerb(clause, makingVerbs);
  if (making !== null && !takesOut.has(making.base)) return !words.test(headOf(making.object));
  const open = leadingVerb(clause, openVerbs);
  if (open === null)
    return making === null && /^i (?:need|want)\b|^(?:we )?need\b/.test(clause) && codeNoun.test(headOf(clause));
  const head = headOf(open.object);
  return makesThings.has(open.base) && codeNoun.test(head) && !words.test(head);
}
