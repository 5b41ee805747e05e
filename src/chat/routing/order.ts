import type { TaskType } from '../../task/task.js';
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
  tellingVerbs,
  testVerbs,
} from './english.js';
import { isIdiomOfReview, isNounRequest, namesTests, typeOfRequest } from './task-type.js';

export interface Order {
  readonly type: TaskType;
  /** True for an order whose wording alone says that something is to be made, changed, tested or judged. */
  readonly strong: boolean;
}

const checkVerbs: ReadonlySet<string> = new Set(['check', 'ensure', 'make sure', 'spot', 'confirm', 'see']);

/** Verbs of making that also stand in plain talk, and the objects that they have there. */
const alsoTalk =
  /^(?:handle|support|finish|complete|update|change|improve|replace|switch|connect|move|remove|code|program|parse|store|swap|drop|raise|protect|increase|reduce|search|register)$/;
const talkObject =
  /^(?:$|(?:me|us) (?:on|with|about)\b|(?:the |my |this )?(?:sentence|subject|topic|proverb|quote|sequence|series|your mind|analogy|to (?:english|german|french|spanish|chinese))\b)/;

const pronounObject = /^(?:it|this|that|them|these|those|some|one|something|the same|more|another)\b/;

/** The thing itself, without what is said about it: "a script" of "a script that sends emails". */
export function headOf(object: string): string {
  return (
    object.split(/ (?:that|which|for|about|with|to|in|into|so|of|from|on|who|where|when|using|between|around) /)[0] ??
    ''
  );
}

function isProse(object: string): boolean {
  return proseNoun.test(headOf(object)) && !codeNoun.test(headOf(object).replace(proseNoun, ''));
}

/** Orders with verbs that say little ("make", "write", "show"): the object tells whether files are to change. */
function opensWork(base: string, object: string): boolean {
  const local = mentionsLocal(object);
  if (object === '' || /^(?:up|sure|sense|do|love|friends|fun|me (?:laugh|smile|happy|feel))\b/.test(object))
    return false;
  switch (base) {
    case 'help':
      return false;
    case 'translate':
      return local && !/^["'«„]/.test(object);
    case 'convert':
      return !/^\d/.test(object) && (local || codeNoun.test(object));
    case 'read':
    case 'do':
    case 'print':
      return local;
    case 'show':
      return (
        /^(?:an?|the|this) .*\b(?:on|in|at|when|next to|above|below) (?:the|every|each|a) /.test(object) &&
        codeNoun.test(object)
      );
    case 'give':
    case 'get':
    case 'use':
    case 'let':
    case 'put':
    case 'send':
    case 'draw':
    case 'train':
    case 'plan':
    case 'save':
    case 'set':
    case 'apply':
      if (/\b(?:feedback|review|second opinion|verdict)\b/.test(headOf(object))) return local;
      return (codeNoun.test(headOf(object)) || local) && !isProse(object) && !/\bexamples?\b/.test(object);
    case 'sort':
    case 'solve':
    case 'correct':
    case 'combine':
    case 'reverse':
      return local || /^the [\w-]+ (?:bug|issue|problem|import)/.test(object);
    case 'run':
    case 'start':
    case 'rerun':
    case 'execute':
    case 'work on':
      return codeNoun.test(object) || local;
    default:
      if (isProse(object) && !filePath.test(object)) return false;
      return (
        codeNoun.test(object) ||
        local ||
        isNounRequest(object) ||
        /^(?:me )?(?:an?|the|us an?) /.test(object) ||
        pronounObject.test(object)
      );
  }
}

function inquires(base: string, object: string): boolean {
  switch (base) {
    case 'count':
      return (
        !/^(?:to|from|backwards|down|up|me|on)\b/.test(object) &&
        (mentionsLocal(object) || (codeNoun.test(object) && !/["']/.test(object)))
      );
    case 'list':
    case 'calculate':
    case 'compute':
      return mentionsLocal(object);
    case 'estimate':
    case 'identify':
    case 'determine':
    case 'map':
    case 'break down':
    case 'measure':
    case 'locate':
    case 'detect':
      return mentionsLocal(object) || codeNoun.test(object);
    case 'recommend':
      return /\b(?:and|then) write\b/.test(object);
    case 'compare':
    case 'summarise':
    case 'summarize':
    case 'condense':
      return (
        mentionsLocal(object) ||
        /\b(?:report|comparison|page|table|document|write|summary|list|librar(?:y|ies)|frameworks?|packages|options|alternatives|tools|databases|orms?|papers?|articles?|vendors|providers|sources|for us|for our)\b/.test(
          object,
        )
      );
    case 'find':
      return !/^(?:me )?(?:a |the )?(?:word|rhyme|synonym|square root|derivative|value of|x\b)/.test(object);
    default:
      return true;
  }
}

/** "Explain how src/parser.ts works", "tell me why my tests are slow": an answer that only the files hold. */
function explainsLocal(clause: string): boolean {
  if (/^(?:forget|leave|ignore|keep|wait|remember|note|guess|imagine|pretend|suggest|discuss|ask)\b/.test(clause))
    return false;
  if (filePath.test(clause)) return true;
  return /^(?:tell me|explain|describe|say|clarify|understand)\b.*\b(?:why|what is wrong|what's wrong|where|how many|which of|what)\b.*\b(?:my|our|this|the) (?:[\w-]+ ){0,2}(?:tests?|codebase|repo|project|build|requests|branch|logs?|app|server|code|module|changes|query|pull request)\b/.test(
    clause,
  );
}

/** First words of a clause that are no verb in the imperative. */
const noVerb =
  /^(?:i|you|we|they|he|she|it|the|an?|my|our|your|their|his|her|its|this|that|these|those|there|here|some|any|all|every|each|no|not|yes|and|or|but|so|if|when|while|because|since|as|after|before|at|in|on|of|to|for|from|by|with|without|about|than|like|love|hate|prefer|think|want|need|just|only|even|also|too|very|really|is|are|was|were|am|be|been|have|has|had|do|does|did|can|could|would|should|will|shall|may|might|must|what|which|who|whose|why|how|where|one|two|three|more|most|less|both|between|during|until|though|although|maybe|perhaps|once|yesterday|today|tomorrow|last|next|it's|that's|there's|i'm|i've|you're|we're|they're|isn't|aren't|wasn't|see|mind|got|off|up|down|out|looks|seems|thanks|over|under)$/;

/**
 * A verb that no list holds, with files or code as its object: "harden the upload handler". Adjectives and nouns do not
 * stand before an article, so a word that does is very likely an order.
 */
function unknownOrder(clause: string): boolean {
  const match =
    /^([a-z]+(?:-[a-z]+)?) (?:(?:up|down|out|in|off|away|over|back|together) )?(?:the|my|our|this|these|all|every|each|any|its|an?|some|test|unit)\b(.*)$/.exec(
      clause,
    );
  const [, verb = '', object = ''] = match ?? [];
  return (
    verb !== '' &&
    !noVerb.test(verb) &&
    !tellingVerbs.has(verb) &&
    (mentionsLocal(clause) || codeNoun.test(headOf(object))) &&
    !isProse(object)
  );
}

/** What one clause orders, or null. `isOnly` is false where other clauses stand beside it. */
export function orderIn(clause: string, isOnly: boolean): Order | null {
  const order = (strong: boolean): Order => ({ type: typeOfRequest(clause), strong });
  if (/^(?:stop|prevent|keep|avoid) .+ from \w+ing\b/.test(clause)) return order(true);
  if (namesTests(clause) || isIdiomOfReview(clause)) return order(true);
  const verb = leadingVerb(
    clause,
    makingVerbs,
    openVerbs,
    reviewVerbs,
    researchVerbs,
    analysisVerbs,
    testVerbs,
    tellingVerbs,
    checkVerbs,
  );
  if (verb === null) return isNounRequest(clause) || unknownOrder(clause) ? order(true) : null;
  const { base, object } = verb;
  if (tellingVerbs.has(base)) return explainsLocal(clause) ? order(false) : null;
  if (makingVerbs.has(base)) {
    if (object === '') return null;
    return alsoTalk.test(base) && talkObject.test(object) ? null : order(true);
  }
  if (reviewVerbs.has(base)) return object === '' ? null : order(true);
  if (testVerbs.has(base))
    return object === '' || /^(?:me|my (?:knowledge|memory|patience)|123|one two)\b/.test(object) ? null : order(true);
  if (checkVerbs.has(base)) {
    if (object === '' || /^(?:out|in|your|you)\b/.test(object)) return null;
    return mentionsLocal(object) || codeNoun.test(object) ? order(false) : null;
  }
  if (openVerbs.has(base))
    return opensWork(base, object) ||
      (!isOnly && pronounObject.test(object) && /^(?:write|make|give|do|generate)$/.test(base))
      ? order(true)
      : null;
  return object !== '' && inquires(base, object) ? order(false) : null;
}
