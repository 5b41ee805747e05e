import type { TaskType } from './task.js';

/** Characters that are looked at; what a person asks for stands at the beginning. */
const readLimit = 4_000;
/** Whole things that nobody writes in one file and one go. */
const wholeThings =
  'apps?|applications?|programs?|systems?|services?|micro-?services?|apis?|websites?|web ?sites?|web ?pages?|games?|platforms?|backends?|front-?ends?|dashboards?|clis?|tools?|utility|packages?|library|libraries|frameworks?|bots?|pipelines?|projects?|trackers?|managers?|books?|converters?|generators?|calculators?|editors?|clones?|servers?|simulators?|planners?|organi[sz]ers?|quiz(?:zes)?|shops?|stores?|blogs?|wikis?|timers?|crawlers?|scrapers?|analy[sz]ers?|checkers?|catalogu?es?|ledgers?|journals?|diary|lists?';
const makingWords =
  'build|create|make|write|develop|implement|design|set up|setup|scaffold|program|code|need|want|bau|baue|erstelle?|schreibe?';
const making = new RegExp(`\\b(?:${makingWords})\\b`, 'i');
/** Things that are large by what they are called, with or without a word about tests. */
const largeThings =
  /\b(?:rest(?:ful)? api|graphql api|full[- ]?stack|auth(?:entication|orization)?(?: and \w+)? (?:system|service|server)|micro-?services?|web ?(?:app|application)s?|platform|backend|e-?commerce|online shop|web ?shop|multi-?player|(?:complex|complete|whole|entire|big|large|full)(?: \w+){0,2} (?:app|application|system|platform|project|service|api|website|game|backend|dashboard|tool))\b/i;
const extras = /\b(?:tests?|tested|unit ?tests?|review(?:ed|s)?|coverage|docs|documentation|readme)\b/i;
const refused =
  /\b(?:no|without|skip|don'?t|do not|not|any)\b[^.;,\n]{0,20}\b(?:tests?|reviews?|docs|documentation)\b/gi;
/** Changes of what exists: one task, whatever else they say. */
const changing =
  /^\W*(?:(?:please|hey|hi|wilson|can you|could you|would you|pls|now|then|and|yo)\W+)*(?:fix|repair|debug|correct|mend|refactor|rename|clean ?up|tidy|simplify|optimi[sz]e|speed up|update|upgrade|bump|migrate|port|convert|change|replace|remove|delete|move|add|extend|improve|adjust|split|extract|rewrite|review|explain|test|run|document|translate|investigate|research|analy[sz]e|find|look|check|compare|summari[sz]e)\b/i;
const smallThings =
  /\b(?:functions?|methods?|class(?:es)?|helpers?|scripts?|one[- ]liners?|regex|decorators?|hooks?|components?|endpoints?|modules?|snippets?|quer(?:y|ies)|migrations?|dockerfiles?|makefiles?)\b/i;
const fileName =
  /(?<![\w./@-])[\w./-]+\.(?:py|js|mjs|cjs|tsx?|jsx|go|rs|java|rb|php|c|cpp|h|cs|html|css|sql|sh|md|ya?ml|json)\b/i;
const orders: readonly (readonly [kind: string, words: RegExp])[] = [
  ['test', /^(?:test|cover|(?:write|add|create|run)\b.*\b(?:tests?|coverage))\b/i],
  ['review', /^(?:review|(?:have|get|let)\b.*\breview(?:ed)?)\b/i],
  ['docs', /^(?:document|(?:write|add|create|update)\b.*\b(?:docs|documentation|readme|report|changelog))\b/i],
  ['research', /^(?:research|investigate|compare|analy[sz]e|look into|find out)\b/i],
  ['code', /^(?:build|create|make|implement|develop|write|code|add|refactor|fix|set up|scaffold)\b/i],
];

/**
 * Whether a request is so large that the Manager Agent should plan it: a whole program that is also to be tested, reviewed
 * or documented, something large by its name, or several orders of different kinds. By wording alone, so that delegating
 * waits for no model; what is planned and turns out small stays one task all the same. Pure.
 */
export function needsPlan(description: string, type: TaskType): boolean {
  if (type !== 'code' && type !== 'general') return false;
  const text = description.slice(0, readLimit);
  if (/```|^\s*(?:def|class|function|export|import)\s/m.test(text)) return false;
  if (kindsOfOrders(text).size >= 3) return true;
  if (changing.test(text)) return kindsOfOrders(text).size >= 2 && isListed(text);
  const sentences = text.replace(refused, ' ');
  const thing = wholeThing(sentences);
  // A named file or function is a place for the work: it is small even with its tests.
  const small =
    smallThings.test(sentences) &&
    !/\b(?:app|application|system|program|api|game|platform|cli|command[- ]line)\b/i.test(sentences);
  if (small || (fileName.test(sentences.replace(storage, ' ')) && !thing.named))
    return isListed(text) && kindsOfOrders(text).size >= 2;
  if (!thing.found) return isListed(text) && kindsOfOrders(text).size >= 2;
  const made = making.test(sentences) || /^\W*(?:please\s+)?(?:an?|the|some)\b/i.test(sentences);
  if (!made) return false;
  return largeThings.test(sentences) || extras.test(sentences) || parts(sentences) >= 2;
}

/** Files that hold data say nothing about where the code goes. */
const storage = /\b[\w/-]+\.(?:json|csv|txt|db|sqlite3?|ya?ml|xml|log|md)\b/gi;

/** Whether something whole is asked for; `named` when it is so by a word that cannot mean a single file. */
function wholeThing(text: string): { readonly found: boolean; readonly named: boolean } {
  const made = new RegExp(`\\b(?:${wholeThings})\\b`, 'i').test(text);
  return { found: made, named: /\b(?:app|application|system|platform|api|website|web page|game)\b/i.test(text) };
}

/** Further parts that a thing is to have: "with users and posts", "a todo list with a web page". */
function parts(text: string): number {
  const list = /\b(?:with|that has|including|offering|featuring)\s+([^.!?\n]{5,200})/i.exec(text)?.[1] ?? '';
  const features = list.split(/,|\band\b|&|\+/).filter((part) => part.trim() !== '').length;
  const app = /\b(?:app|application|system|platform|api|website|service|backend|dashboard)\b/i.test(text);
  const web = /\b(?:web ?page|web interface|frontend|gui|database|login|log ?in|accounts?)\b/i.test(list);
  return app ? features + (web ? 1 : 0) : 0;
}

/** Orders stand in a list, numbered or with "then". */
function isListed(text: string): boolean {
  return /(?:^|\n)\s*(?:\d+[.)]|[-*])\s+\S/.test(text) || /\b(?:then|after that|afterwards|finally)\b/i.test(text);
}

function kindsOfOrders(text: string): Set<string> {
  const clauses = text
    .split(
      /\n\s*(?:\d+[.)]|[-*])?\s*|[.;!?]\s+|,\s*(?:and\s+|then\s+)*|\b(?:and then|then|after that|afterwards|finally)\b,?|\s+and\s+(?=(?:write|test|review|document|add|run|have|get|research|build|create)\b)/i,
    )
    .map((clause) =>
      clause.replace(/^(?:\W|\d+[.)]\s|please\b|first\b|also\b|finally\b|can you\b|could you\b)+/gi, '').trim(),
    );
  const kinds = new Set<string>();
  for (const clause of clauses) {
    const kind = orders.find(([, words]) => words.test(clause))?.[0];
    if (kind !== undefined) kinds.add(kind);
  }
  return kinds;
}
