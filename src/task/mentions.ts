import { easternMentions } from './eastern-wishes.js';
import { negationIn, wordsBefore } from './negation.js';
import { isJoin, isMaking, isSmallWord } from './wish-words.js';

/** What besides the code itself a request may speak of. */
export type Extra = 'tests' | 'review' | 'docs';

/**
 * `wanted`: it is to be made. `existing`: what is there. `checked`: the work is to be "tested" or "reviewed". `refused`: it is
 * not wanted. `named`: it is spoken of, no more. `other`: the word means something else, as in "website with user reviews".
 */
export type MentionKind = 'wanted' | 'existing' | 'checked' | 'refused' | 'named' | 'other';

export interface Mention {
  readonly start: number;
  readonly end: number;
  readonly kind: MentionKind;
}

/** Characters around a word that tell what is meant by it. */
const leftReach = 120;
const rightReach = 90;

const nouns: Readonly<Record<Extra, string>> = {
  tests:
    '(?:unit|integration|regression|functional|acceptance|smoke|e2e|end-to-end|automated)[ -]tests?|test[- ]?(?:cases?|suites?|files?|coverage)|unittests?|doctests?|pytests?|tests? (?:unitaires?|automatisés?|unitari|automatici|de unidad)|tests?|testing|coverage|testf(?:all|ä(?:lle|llen))|unit-tests?|komponententests?|testabdeckung|pruebas?(?: unitarias?| automatizadas?)|pruebas|cobertura(?: de (?:pruebas|testes))?|testes?(?: unitários?| automatizados?)?|couverture de tests|copertura dei test|testen|testdekking|(?:юнит-?)?тест(?:ы|ов|ами|ах|а)?',
  review:
    'code[- ]?reviews?|peer reviews?|reviews?|reviewing|revisión(?: del? código)?|revisão(?: de código)?|revisione(?: del codice)?|revue de code|relecture|ревью',
  docs: 'docs|documentation|readme(?:\\.md)?|docstrings|doku|dokumentation|documentación|documentação|documentazione|documentatie|документаци[июя]',
};
const done: Readonly<Record<Extra, string>> = {
  tests:
    '(?:unit-?)?tested|getestete?|testée?s?|testad[oa]s?|probad[oa]s?|testat[oaie]|getest|протестир\\p{L}+|teste|testez|testa',
  review: 'reviewed|überprüft|geprüft|revisad[oa]s?|revisionat[oa]|relue?s?|nagekeken',
  docs: 'documented|dokumentiert|documentée?s?|documentad[oa]s?|documentat[oa]',
};

const edge = '[\\p{L}\\p{N}_]';
const patterns: Readonly<Record<Extra, RegExp>> = {
  tests: pattern('tests'),
  review: pattern('review'),
  docs: pattern('docs'),
};

function pattern(extra: Extra): RegExp {
  return new RegExp(`(?<!${edge}|[./\\\\])(?:(${done[extra]})|(${nouns[extra]}))(?!${edge}|[/\\\\(]|\\.${edge})`, 'gu');
}

/** The word stands before another noun, and the two are one thing: "test runner", "review site". */
const partOfName =
  /^[- ](?:apps?|applications?|sites?|websites?|pages?|portals?|platforms?|systems?|tools?|runners?|frameworks?|harness|bench|drives?|drivers?|generators?|data|datasets?|environments?|servers?|accounts?|users?|modes?|results?|scores?|grades?|questions?|answers?|papers?|takers?|prep|preparation|centers?|management|managers?|trackers?|databases?|librar(?:y|ies)|editors?|viewers?|dashboards?|forms?|sections?|boards?|feeds?|bots?|buttons?|patterns?|signals?|images?|strings?|folders?|director(?:y|ies)|aggregators?|collectors?|widgets?|features?|helpers?|tubes?|strips?|labs?|pilots?|rides?|comments?|services?|endpoints?|models?|tables?|blogs?|names?)(?![\p{L}\p{N}_])/u;
/** Tests and reviews that people take or write: "tests for students", "reviews by customers". */
const folk =
  'students?|teachers?|pupils?|kids|children|candidates?|learners?|patients?|employees?|class(?:es)?|schools?|customers?|drivers?|players?|people|applicants?|trainees?|members|visitors|guests|readers|beginners|users?|buyers|clients|citizens|schüler\\p{L}*|lehrer\\p{L}*|studenten|kunden|kinder|étudiants|élèves|clients|estudiantes|alumnos|clientes|studenti|clienti|alunos|estudantes|leerlingen|studenten|klanten';
const ofFolk = new RegExp(
  `^ (?:for|by|from|of|für|von|pour|de|para|per|di|voor|van) (?:(?:the|my|our|all|its|their|die|les|los|las|os|de|gli|i) )?(?:${folk})(?![\\p{L}\\p{N}_])`,
  'u',
);
const otherBefore =
  /(?:^|[\s([-])(?:user|users'?|customer|customers'?|client|product|products|movie|film|book|restaurant|hotel|star|place|player|guest|buyer|seller|game|music|album|wine|recipe|app|store|online|performance|annual|literature|blood|lab|medical|covid|pregnancy|driving|driver'?s|typing|iq|personality|aptitude|entrance|placement|spelling|vocabulary|vocab|math|maths|knowledge|choice|practice|speed|a\/b|ab|exam|school|hearing|eye|language|grammar|reaction|memory|insurance|news|network|area|map|crash|taste|beta|ratings?(?: and|,| &)|and rate|rate(?: and|,)|comment(?: and|s and))[ -]$/u;
/** Who does it: "so that users can review products", "a script that tests links". */
const helping =
  "(?:'ll|'ve|'d)?(?: (?:can|could|will|would|shall|should|may|might|must|have|had|already|also|want|like|to|then|just|werde|habe)){0,3} $";
const doneByOthers = new RegExp(
  `(?:^|[\\s,(])(?:(?:we|they|he|she|one|who|users?|people|customers?|clients?|students?|teachers?|team|qa|ich|wir|je|nous|yo|eu|ik)${helping}|you (?:can|could) $|lets? (?:\\p{L}+ ){1,3}$|(?:be able|ability|way|used|meant|made) (?:to|for) $|(?:app|tool|program|script|site|website|game|function|class|library|api|bot|system|method|service)(?: \\p{L}+)? (?:to|for) $)`,
  'u',
);
const doneByMe = new RegExp(`(?:^|[\\s,(])I${helping}`, 'u');
const doneByThing =
  /(?:^|[\s,(])(?:which|that|it|this|program|script|function|tool|class|method)(?: (?:also|then|only))? $/;
const bareInfinitive = /(?:^| )(?:to|te|zum|zu) $/;
const orderedInfinitive =
  /(?:you to|sure to|remember to|forget to|want to|need to|try to|have to|not to|time to|asked to) $/;
const someone = /^ (?:(?:your|their|his|her|my|own|whether|if|how|what) )/;
const passing =
  /^ (?:(?:should|must|shall|will|still|all|to|now|do|does|can|is|are|not|again|that|which|they|it) ){0,4}(?:pass(?:es|ed|ing)?|fail(?:s|ed|ing|ures?)?|green|red|run|runs|work|works|break|breaks|succeeds?|broken|flaky|slow|grün|durchlaufen|laufen|bestehen|passent|échouent|pasen|pasan|fallen|fallan|passino|passano|passem|passam|slagen)\b/;
const there =
  /(?:^|[\s(])(?:the|all|every|existing|failing|failed|broken|flaky|slow|red|current|old|present|our|my|these|those|run|rerun|pass|fix|die|den|alle|alten|bestehenden|les|las|los|i|gli|os|as|de|het) (?:\p{L}+ ){0,1}$/u;
const brokenBefore =
  /(?:^|\s)(?:failing|failed|broken|flaky|red|skipped|slow|fehlschlagende[nr]?|kaputte[nr]?) (?:\p{L}+ )?$/u;
const refusedAfter =
  /^(?:-free\b|(?:,? (?:\p{L}+ ){0,3}?)(?:(?:not|nicht|ne sont pas|no son|no hacen|non (?:sono|servono)|não são|niet|не) (?:be )?(?:strictly |unbedingt |really )?(?:needed|necessary|required|wanted|important|nötig|notwendig|erforderlich|gebraucht|gewünscht|nécessaires?|requis|utiles|necesari[oa]s|falta|necessari|servono|necessári[oa]s|precisos|nodig|vereist|gewenst|нужны)|non servono|unnecessary|überflüssig|unnötig|inutiles?)|(?: are|:)? (?:can|could|may) (?:wait|be (?:left out|skipped|omitted))|: (?:no|none|keine|non|nein)\b| (?:weg(?:lassen)?|auslassen)\b| (?:nicht|niet)[.!,;]?$| out\b(?! of)| (?:brauch|benötig)\p{L}* (?:ich|wir|du) (?:\p{L}+ )?nicht)/u;
const urgedAfter = /^ (?:bitte )?(?:(?:nicht|niet)(?: (?:zu|te))?|zu) (?:vergessen|weglassen|auslassen|vergeten)/;
const leftAlone = /^ (?:alone|as they are|as is|as it is|untouched|unchanged|intact)\b/;
const reviewObject =
  /^(?:$|[.,;:!?)\n]| (?:it|them|this|that|these|everything|all|please|and|or|then|before|after|by|at|of|from|with|too|as well|is|the (?:code|result|work|changes?|whole|diff|program|tests?|implementation))(?![\p{L}\p{N}_]))/u;

/**
 * Where a text speaks of tests, of a review or of documents, and what it means by it; code in the text is passed over. Pure,
 * in time that grows with the text and no faster.
 */
export function mentionsOf(text: string, extra: Extra): Mention[] {
  const said = withoutCode(text);
  const prose = lowered(said);
  const found: Mention[] = [];
  for (const match of prose.matchAll(patterns[extra])) {
    const start = match.index;
    const end = start + match[0].length;
    const left = clauseBefore(prose.slice(Math.max(0, start - leftReach), start));
    const isMine = doneByMe.test(clauseBefore(said.slice(Math.max(0, start - leftReach), start)));
    const right = prose
      .slice(end, end + rightReach)
      .replace(/\n[\s\S]*$/, '')
      .replace(/n['’]t\b/g, ' not');
    const place = { word: match[0], isDone: match[1] !== undefined, left, right, isMine };
    found.push({ start, end, kind: kindOf(extra, place) });
  }
  return [...found, ...easternMentions(prose, extra)].sort((a, b) => a.start - b.start);
}

interface Place {
  readonly word: string;
  /** A form that says that the work is tested or reviewed, rather than the noun. */
  readonly isDone: boolean;
  readonly left: string;
  readonly right: string;
  /** "I test" in capitals: the Italian article is written small. */
  readonly isMine: boolean;
}

function kindOf(extra: Extra, place: Place): MentionKind {
  const { word, isDone, left, right } = place;
  if (extra !== 'docs' && meansOther(extra, place)) return 'other';
  if (urgedAfter.test(right)) return 'wanted';
  if (extra === 'tests' && (passing.test(right) || brokenBefore.test(left)) && !isJoinedTo(left, false))
    return 'existing';
  const negation = negationIn(wordsBefore(left), /^,?\s*(?:or|nor|and|oder|und|ou|et|o|y|e|of|en)\s/.test(right));
  if (negation === 'refused' && /^ (?:nicht|niet)(?![\p{L}])/u.test(right)) return 'wanted';
  if (negation === 'refused') return leftAlone.test(right) ? 'other' : 'refused';
  if (negation === 'spared' || negation === 'stated') return 'other';
  if (negation === null && refusedAfter.test(right)) return 'refused';
  if (negation === 'urged') return 'wanted';
  if (isDone) return extra === 'tests' && /^(?:teste|testez|testa)$/.test(word) && !isOrder(left) ? 'other' : 'checked';
  const isVerb =
    /^(?:test|review)$/.test(word) && /^ (?:it|them|this|that|these|everything|all of (?:it|them))\b/.test(right);
  if (isVerb) return 'checked';
  if (extra === 'review') return 'wanted';
  if (isJoinedTo(left, true) || isAlone(left)) return 'wanted';
  if (extra === 'tests' && there.test(left)) return 'existing';
  return / |^(?:unittest|doctest|pytest|testf|komponententest)/.test(word) ||
    /\b(?:an?|some|few|eine?|une?|una)\s(?:\p{L}+\s)?$/u.test(left)
    ? 'wanted'
    : 'named';
}

function meansOther(extra: 'tests' | 'review', { word, isDone, left, right, isMine }: Place): boolean {
  if (partOfName.test(right) || ofFolk.test(right) || otherBefore.test(left)) return true;
  if (/^ (?:if|whether|ob)\b/.test(right) || someone.test(right)) return true;
  const mayBeVerb = isDone || /^(?:tests?|testing|testen|reviews?|reviewing)$/.test(word);
  if (mayBeVerb && (isMine || doneByOthers.test(left))) return true;
  if (/^(?:tests|reviews)$/.test(word) && doneByThing.test(left)) return true;
  if (word === 'testing' && / for $/.test(left)) return true;
  if (mayBeVerb && bareInfinitive.test(left) && !orderedInfinitive.test(left)) return true;
  if (isDone) return /^ (?:on|with|in|against|under|by)\b/.test(right) && extra === 'tests';
  if (extra === 'review' && word === 'reviews') return !isListedReview(left, right);
  return extra === 'review' && word === 'review' && !reviewObject.test(right);
}

/** "Tests and reviews", "no reviews": of several reviews people speak mostly where a shop or a site is to show them. */
function isListedReview(left: string, right: string): boolean {
  return (
    /(?:tests?|docs|documentation),?\s*(?:(?:and|or|nor|&|plus|und)\s*)?(?:(?:a|an|some|any|code|ein|eine|einem) ){0,2}$/u.test(
      left,
    ) ||
    /^,?\s*(?:(?:and|or|nor|&|und)\s*)?(?:(?:a|some|any|unit|the) )?(?:tests?|docs|documentation)\b/u.test(right) ||
    /(?:^| )(?:no|any|without|skip) (?:more |further |code )?$/.test(left)
  );
}

/** "With tests", "and a few tests", "write the tests": a join or a verb of making, and small words alone between. */
function isJoinedTo(left: string, mayBeThere: boolean): boolean {
  if (!mayBeThere && there.test(left)) return false;
  const words = wordsBefore(left);
  for (let at = words.length - 1; at >= 0 && at >= words.length - 6; at -= 1) {
    const word = words[at] ?? '';
    if (/^(?:failing|existing|broken|run|fix|make|makes|making|get|gets|let)$/.test(word) && there.test(left))
      return false;
    if (isJoin(word) || isMaking(word)) return true;
    if (!isSmallWord(word) && !(at === words.length - 1 && /^[\p{L}\p{N}-]+$/u.test(word))) return false;
  }
  return false;
}

/** Nothing but small words before it in its clause: "Unit tests please." */
function isAlone(left: string): boolean {
  const words = wordsBefore(left.replace(/^.*,/s, ''));
  return words.every((word) => isSmallWord(word)) && !there.test(left);
}

/** A form that is also a verb's third person or a noun's: an order where its clause begins. */
function isOrder(left: string): boolean {
  return /(?:^|[,:] ?|\b(?:und|et|y|e|puis|dann|poi|luego|depois|bitte) )$/.test(left);
}

/** The end of a text, from the last mark on that ends a clause. */
function clauseBefore(text: string): string {
  const parts = text.split(/[.!?:](?=\s)|[;()\n]/);
  return (parts.at(-1) ?? '').replace(/\s+/g, ' ').replace(/^ /, '');
}

/** In lower case, each character in its place: a few become longer, and stay as they are. */
function lowered(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return [...text].map((each) => (each.toLowerCase().length === each.length ? each.toLowerCase() : each)).join('');
}

/** Code blocks and docstrings as blanks: what they say of tests is for the code. */
function withoutCode(text: string): string {
  return text.replace(/```[\s\S]*?(?:```|$)|("""|''')[\s\S]*?\1/g, (code) => code.replace(/[^\n]/g, ' '));
}
