import { wishFor } from './plan-wishes.js';
import { eastern, programWords } from './program-words.js';
import type { TaskType } from './task.js';
import { type Word, WordList, wordsOf } from './word-list.js';

/** Characters that are looked at for what is to be made, which stands at the beginning; wishes are read wherever they stand. */
const readLimit = 4_000;
/** Characters of a list of parts. */
const partsLimit = 200;

const making = programWords('make');
const whole = programWords('whole');
const large = programWords('large');
const small = programWords('small');
const changing = programWords('change');
const listing = programWords('with');
const and = programWords('and');
const next = programWords('next');
const article = programWords('article');
/** A thing that is no single file, whatever small things its description names. */
const surelyLarge = new WordList('program cli command_line');
const manyParts = new WordList('service backend dashboard');
const webParts = new WordList('webpage web_page web_interface frontend gui database login log_in account accounts');
/** Things that are large by what they are called, with or without a word about tests. */
const largeThings =
  /\b(?:rest(?:ful)? api|graphql api|full[- ]?stack|auth(?:entication|orization)?(?: and \w+)? (?:system|service|server)|micro-?services?|web ?(?:app|application)s?|platform|backend|e-?commerce|online shop|web ?shop|multi-?player|(?:complex|complete|whole|entire|big|large|full)(?: \w+){0,2} (?:app|application|system|platform|project|service|api|website|game|backend|dashboard|tool))\b/i;
const courtesy = new WordList(
  'please hey hi hello hallo wilson can_you could_you would_you pls now then and yo bitte kannst_du könntest_du s_il_te_plaît peux_tu por_favor puedes podrías per_favore puoi potresti você_pode kun_je wil_je alsjeblieft пожалуйста first also finally',
);
const fileName =
  /(?<![\w./@-])[\w./-]+\.(?:py|js|mjs|cjs|tsx?|jsx|go|rs|java|rb|php|c|cpp|h|cs|html|css|sql|sh|md|ya?ml|json)\b/i;
/** Files that hold data say nothing about where the code goes. */
const storage = /\b[\w/-]+\.(?:json|csv|txt|db|sqlite3?|ya?ml|xml|log|md)\b/gi;

/** What a clause orders, by its first word, and for words of making by what is made. */
const orders = {
  test: new WordList('test teste testen testez testa prueba cover'),
  review: new WordList('review überprüfe überprüf revisa relis revise controleer'),
  docs: new WordList('document dokumentiere documente documenta documenteer'),
  research: new WordList(
    'research investigate compare analyse analyze look_into find_out recherchiere vergleiche investiga',
  ),
  code: new WordList('add refactor fix'),
} as const;
const letting = new WordList('have get let');
const adding = new WordList('add run update');
const madeTests = new WordList('test tests coverage pruebas teste testes тесты');
const reviewed = new WordList('review reviewed');
const madeDocs = new WordList(
  'docs documentation readme report changelog doku dokumentation documentación documentação documentazione documentatie',
);
type OrderKind = keyof typeof orders;

/**
 * Whether a request is so large that the Manager Agent should plan it: a whole program that is also to be tested, reviewed
 * or documented, something large by its name, or several orders of different kinds. By wording alone, so that delegating
 * waits for no model; what is planned and turns out small stays one task all the same. Pure.
 */
export function needsPlan(description: string, type: TaskType): boolean {
  if (type !== 'code' && type !== 'general') return false;
  const text = description.slice(0, readLimit);
  if (/```|^\s*(?:def|class|function|export|import)\s/m.test(text)) return false;
  if (isInEasternScript(text)) return needsPlanEastern(text, wantsExtras(description));
  const words = wordsOf(text);
  const kinds = kindsOfOrders(text);
  if (kinds.size >= 3) return true;
  const isListOfOrders = kinds.size >= 2 && (/(?:^|\n)\s*(?:\d+[.)]|[-*])\s+\S/.test(text) || next.isIn(words));
  const isLarge = large.isIn(words);
  // A named file or function is a place for the work: it is small even with its tests.
  const isPlaced = !isLarge && fileName.test(text.replace(storage, ' '));
  const isSmall = !isLarge && small.isIn(words) && !surelyLarge.isIn(words);
  const start = afterCourtesies(words);
  if (changing.lengthAt(words, start) > 0 || isSmall || isPlaced || !whole.isIn(words)) return isListOfOrders;
  if (!making.isIn(words) && article.lengthAt(words, start) === 0) return false;
  return largeThings.test(text) || parts(text, words, isLarge) >= 2 || wantsExtras(description);
}

function wantsExtras(description: string): boolean {
  return (['tests', 'review', 'docs'] as const).some((extra) => wishFor(description, extra) === 'asked');
}

/** The index of the first word that is no greeting and no please. */
function afterCourtesies(words: readonly Word[]): number {
  let index = 0;
  for (let length = courtesy.lengthAt(words, 0); length > 0; length = courtesy.lengthAt(words, index)) index += length;
  return index;
}

/** Further parts that a thing is to have: "with users and posts", "a todo list with a web page". */
function parts(text: string, words: readonly Word[], isLarge: boolean): number {
  if (!isLarge && !manyParts.isIn(words)) return 0;
  const at = words.findIndex((_, index) => listing.lengthAt(words, index) > 0);
  const last = words[at + listing.lengthAt(words, at) - 1];
  if (at < 0 || last === undefined) return 0;
  const list = /^[^.!?\n]*/.exec(text.slice(last.end, last.end + partsLimit))?.[0] ?? '';
  const inside = wordsOf(list);
  const divided = inside
    .filter((_, index) => and.lengthAt(inside, index) > 0)
    .map(({ start, end }) => ({ start, end }));
  let rest = list;
  for (const { start, end } of divided.reverse()) rest = `${rest.slice(0, start)},${rest.slice(end)}`;
  const features = rest.split(/[,&+]/).filter((part) => part.trim() !== '').length;
  return features + (webParts.isIn(inside) ? 1 : 0);
}

function kindsOfOrders(text: string): Set<OrderKind> {
  const kinds = new Set<OrderKind>();
  for (const clause of text.split(/\n\s*(?:\d+[.)]|[-*])?\s*|[.;!?]\s+|,\s*/)) {
    const words = wordsOf(clause);
    let begin = 0;
    const close = (end: number): void => {
      const kind = orderOf(words.slice(begin, end));
      if (kind !== null) kinds.add(kind);
    };
    for (let index = 0; index < words.length; index += 1) {
      const length = next.lengthAt(words, index);
      const isNewOrder = and.lengthAt(words, index) > 0 && beginsOrder(words, index + 1);
      if (length === 0 && !isNewOrder) continue;
      close(index);
      begin = index + Math.max(1, length);
    }
    close(words.length);
  }
  return kinds;
}

function beginsOrder(words: readonly Word[], index: number): boolean {
  const begins = [orders.test, orders.review, orders.docs, orders.research, letting, adding, making];
  return begins.some((list) => list.lengthAt(words, index) > 0);
}

function orderOf(clause: readonly Word[]): OrderKind | null {
  const words = clause.filter(({ text }) => !/^\d+$/.test(text));
  const start = afterCourtesies(words);
  const isFirst = (list: WordList): boolean => list.lengthAt(words, start) > 0;
  const rest = words.slice(start + 1);
  const makes = isFirst(making) || isFirst(adding);
  if (isFirst(orders.test) || (makes && madeTests.isIn(rest))) return 'test';
  if (isFirst(orders.review) || (isFirst(letting) && reviewed.isIn(rest))) return 'review';
  if (isFirst(orders.docs) || (makes && madeDocs.isIn(rest))) return 'docs';
  if (isFirst(orders.research)) return 'research';
  return isFirst(making) || isFirst(orders.code) ? 'code' : null;
}

/** Mostly Chinese, Japanese or Korean; a name in it may be in Latin letters. */
function isInEasternScript(text: string): boolean {
  return (text.match(eastern.script)?.length ?? 0) >= 4;
}

function needsPlanEastern(text: string, hasExtras: boolean): boolean {
  if (eastern.change.test(text) || !eastern.whole.test(text) || !eastern.make.test(text)) return false;
  const isLarge = eastern.large.test(text);
  if (!isLarge && (eastern.small.test(text) || fileName.test(text.replace(storage, ' ')))) return false;
  const list = isLarge ? (eastern.parts.exec(text)?.[1] ?? '') : '';
  return hasExtras || list.split(eastern.between).filter((part) => part.trim() !== '').length >= 2;
}
