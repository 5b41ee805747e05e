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
import { type Phrase, startsAsQuestion } from './phrase.js';
import { typeOfRequest } from './task-type.js';

export interface Request {
  readonly type: TaskType;
  /** True for an order whose verb alone says that files change. */
  readonly strong: boolean;
}

/** "Don't start anything yet", "no code, just talk": nothing is to be done, whatever else the turn says. */
const holdOff =
  /(?:^|[,;.:] ?|\b(?:please|but|and|so|just) )(?:(?:please )?(?:don't|do not|dont|no need to|never) (?:you )?(?:start|do|build|write|create|run|change|touch|begin|make|implement|code|delegate|spawn|launch|execute|fix|modify|edit)(?: (?:anything|any|it|this|that|something|a|the|code|yet|work|tasks?)\b|[.,!]|$)|without (?:starting|changing|writing|doing|running|building) (?:anything|any|code|it)|no (?:code|tasks?|changes|action)(?: yet| please|,|\.|$)|not yet\b|hypothetically|just (?:curious|wondering|asking|thinking|talking)|before (?:you|we) (?:start|begin|do|build|write|change))/;

export function holdsOff(phrase: Phrase): boolean {
  if (!holdOff.test(phrase.text)) return false;
  // "Fix the bug but don't change the tests" is an order with a limit.
  const order = phrase.clauses[0] ?? '';
  const limited = /\b(?:but|and|,) ?(?:please )?(?:don't|do not|dont|never|without)\b/.test(phrase.text);
  return !(limited && leadingVerb(order, makingVerbs, openVerbs, reviewVerbs, testVerbs) !== null);
}

/** Orders as statements: "I need a script that …", "we want dark mode". */
const wish =
  /^(?:(?:i|we)(?:'d| would)? (?:really |also |now |still |just )?(?:need|want|like|love|require|could use|am looking for|are looking for)(?: to (?:have|get|see))?|i'm looking for|we're looking for|looking for|there should be|(?:it|the [\w-]+(?: [\w-]+)?) (?:should|needs to|must|has to)(?: be able to| have| get| be)?|how about (?:adding|building|writing|making)?|what about (?:adding|building|writing|making)|time to|delegate(?: this| to (?:an|the) \w+(?: agent)?)?:?|i expect|give me|get me|hook me up with)\s+(.*)$/;

const capability = /^(?:can|could|do|are|will) you\b/;
/** A bare thing without an article is about ability: "can you write Python?", "can you code?" */
const definite =
  /\b(?:an?|the|this|that|these|those|my|our|me|us|for|some|all|every|any|it|its|their|in|to|new|unit|more|on|up)\b/;

function fitsOpenVerb(base: string, object: string): boolean {
  const local = mentionsLocal(object) || filePath.test(object);
  if (/^(?:up|sure|sense|do|love|friends|fun|me (?:laugh|smile|happy|feel))\b/.test(object)) return false;
  if (base === 'translate') return local && !/^["'«„]/.test(object);
  if (base === 'convert') return !/^\d/.test(object) && (local || codeNoun.test(object));
  if (/^(?:show|get|use|let|do|put|help|send|give|draw|read|train|plan|print|save)$/.test(base)) {
    if (base === 'help') return false;
    if (base === 'show')
      return (
        /^(?:an?|the|this) .*\b(?:on|in|at|when|next to|above|below) (?:the|every|each|a) /.test(object) &&
        codeNoun.test(object) &&
        !/^(?:me|us)\b/.test(object)
      );
    if (base === 'read' || base === 'do') return local;
    if (base === 'print') return local;
    if (
      /^(?:me |us )?(?:some |your |honest )*(?:feedback|a (?:code )?review|a second opinion|a verdict)\b/.test(object)
    )
      return local;
    if (base === 'give')
      return /^(?:the|every|all|each) /.test(object)
        ? codeNoun.test(object)
        : codeNoun.test(object) && !proseNoun.test(object) && !/\bexamples?\b/.test(object);
    return (codeNoun.test(object) || local) && !proseNoun.test(object);
  }
  if (/^(?:sort|solve|correct|combine|reverse|order)$/.test(base))
    return local || /^the [\w-]+ (?:bug|issue|problem|import)/.test(object);
  if (/^(?:run|start|rerun|execute|work on)$/.test(base)) return codeNoun.test(object) || local;
  if (
    proseNoun.test(object.split(/ (?:that|which|for|about|with|to|in|into|so) /)[0] ?? '') &&
    !filePath.test(object)
  ) {
    return /\b(?:script|program|function|app|page|template|class|parser|bot|form|generator|code|validator|component|service|queue|sender|field|column|endpoint)s?\b/.test(
      object.split(/ (?:that|which|about) /)[0] ?? '',
    );
  }
  return (
    codeNoun.test(object) ||
    local ||
    /\breports?|comparisons?|summar(?:y|ies)\b/.test(object) ||
    /^(?:it|this|that|them|an?|the|me an?|us an?|something)\b/.test(object)
  );
}

function requestOf(clause: string, isFirst: boolean, phrase: Phrase): Request | null {
  const verb = leadingVerb(
    clause,
    makingVerbs,
    openVerbs,
    reviewVerbs,
    researchVerbs,
    analysisVerbs,
    testVerbs,
    tellingVerbs,
    new Set(['check', 'ensure', 'spot', 'confirm', 'see']),
  );
  if (verb === null) return null;
  const type = typeOfRequest(clause);
  const { base, object } = verb;
  if (tellingVerbs.has(base)) return explainsLocal(clause) ? { type, strong: false } : null;
  if (makingVerbs.has(base)) {
    if (object === '' && !isFirst) return null;
    if (
      /^(?:handle|support|finish|complete|update|change|improve|replace|switch|connect|move|remove|code|program|parse|store|swap)$/.test(
        base,
      )
    ) {
      if (
        object === '' ||
        /^(?:me|us) (?:on|with|about)\b|^(?:the |my |this )?(?:sentence|subject|topic|proverb|quote|sequence|series|your mind|analogy|to (?:english|german|french|spanish|chinese))\b/.test(
          object,
        )
      )
        return null;
    }
    if (object === '' && !phrase.text.includes(' ')) return null;
    return { type, strong: true };
  }
  if (reviewVerbs.has(base)) return object === '' ? null : { type, strong: true };
  if (testVerbs.has(base))
    return object === '' || /^(?:me|my (?:knowledge|memory|patience)|123|one two|$)\b/.test(object)
      ? null
      : { type, strong: true };
  if (base === 'check' || base === 'ensure' || base === 'confirm' || base === 'see' || base === 'spot') {
    if (object === '' || /^(?:out|in|your|you)\b/.test(object)) return null;
    return mentionsLocal(object) || codeNoun.test(object) ? { type, strong: false } : null;
  }
  if (openVerbs.has(base)) return fitsOpenVerb(base, object) ? { type, strong: true } : null;
  if (object === '') return null;
  if (
    /^(?:count|calculate|compute|list|estimate|identify|determine|map|break down|measure|locate|detect)$/.test(base)
  ) {
    if (/^(?:to|from|backwards|down|up|me|on)\b/.test(object) && base === 'count') return null;
    return mentionsLocal(object) ||
      (base !== 'list' && base !== 'calculate' && base !== 'compute' && codeNoun.test(object) && !/["']/.test(object))
      ? { type, strong: false }
      : null;
  }
  if (
    /^(?:compare|summari[sz]e|recommend|search|google|condense|study|find|explore|evaluate|collect|gather)$/.test(base)
  ) {
    if (base === 'recommend') return /\b(?:and|then) write\b/.test(object) ? { type, strong: false } : null;
    const deliverable = /\b(?:report|comparison|page|table|document|write|summary|\.md|list|paragraph each)\b/.test(
      object,
    );
    if (/^(?:compare|summari[sz]e|condense)$/.test(base))
      return mentionsLocal(object) ||
        deliverable ||
        /\b(?:librar(?:y|ies)|frameworks?|packages|options|alternatives|tools|databases|papers?|articles?|vendors|providers|sources)\b/.test(
          object,
        )
        ? { type, strong: false }
        : null;
    if (
      base === 'find' &&
      /^(?:me )?(?:a |the )?(?:word|rhyme|synonym|square root|derivative|value of|x\b)/.test(object)
    )
      return null;
    return { type, strong: false };
  }
  return { type, strong: false };
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

/** Advice, opinions and how-to questions; the chat answers them even when they name files. */
const advice =
  /^(?:how (?:do|would|should|can|could|might|to|does one)|should|shall|what (?:would|should|could|do you|can)|which (?:\w+ )*(?:would|should|do you)|would (?:it|that|you (?:rather|say|prefer|recommend|call|use|build|do|start|trust|choose|agree))|what if|could (?:it|that|this)|may|might|do (?:you|i|we|people)|can (?:i|we|a|an|the|one|it|this|python|node|javascript))\b/;

/** A question about files of this folder that only reading them answers. */
function localQuestion(clause: string): Request | null {
  if (!startsAsQuestion(clause) || advice.test(clause)) return null;
  const names = filePath.test(clause);
  const local =
    names ||
    /\b(?:this|my|our|the) (?:[\w-]+ ){0,2}(?:repo|repository|codebase|project|code|branch|diff|changes|logs?|log files?|tests?|test suite|pull request|module|function|script|queries|api|endpoints?|source)\b|\bin (?:src|lib|docs|tests?)\b/.test(
      clause,
    );
  if (!local) return null;
  if (
    /^(?:is|are) (?:there )?(?:any(?:thing)? )?.*\b(?:bugs?|wrong|problems?|holes?|vulnerab\w+|secure|safe|mistakes?|correct|ok|good|clean|readable)\b|^what(?:'s| is) wrong\b/.test(
      clause,
    )
  )
    return { type: 'review', strong: false };
  if (
    /^(?:why|where|how many|how much|which (?:of|files?|functions?|tests?|modules?|lines?)|what (?:does|do|calls|uses|causes|slows|parts?|files?|is|are)|who (?:calls|wrote|changed|uses)|how (?:does|is|are|big|large|long|complex|slow|many)|is|are|does|do)\b/.test(
      clause,
    )
  )
    return { type: 'analysis', strong: false };
  return null;
}

/** Stories of what somebody did, feelings, opinions: "I built a todo app once". */
const statement =
  /^(?:i|we|he|she|they|my|our|you|someone|people|that|this|it|there|yesterday|last (?:week|night|year|month|time)|once|today|everyone|nobody|everybody)\b(?!'d like| would like| need| want)/;

/**
 * What the phrase asks to be done, or null. An order may stand in any part of the turn ("my tests are slow, find out
 * why"); the first part that has one decides, except that a plain question before it makes the turn a question.
 */
export function requestIn(phrase: Phrase): Request | null {
  const whole = phrase.clauses.join(', ');
  for (const [index, clause] of phrase.clauses.entries()) {
    const isFirst = index === 0;
    if (
      capability.test(phrase.text) &&
      isFirst &&
      phrase.clauses.length === 1 &&
      !definite.test(clause) &&
      !filePath.test(clause)
    )
      return null;
    const found = requestOf(clause, isFirst, phrase);
    if (found !== null) return isFirst ? refine(found, clause, whole) : found;
    const wished = wish.exec(clause);
    if (wished !== null) {
      const object = wished[1] ?? '';
      const nested = requestOf(object, true, phrase);
      if (nested !== null) return nested;
      const head = object.split(/ (?:that|which|who) /)[0] ?? '';
      if (
        codeNoun.test(head) &&
        !proseNoun.test(head) &&
        !/^(?:help|advice|to (?:know|understand|learn|ask))\b/.test(object) &&
        !startsAsQuestion(object)
      ) {
        return { type: typeOfRequest(`make ${object}`), strong: false };
      }
    }
    const asked = localQuestion(clause);
    if (asked !== null) return asked;
    if (isFirst && (startsAsQuestion(clause) || leadingVerb(clause, tellingVerbs) !== null)) return null;
    if (isFirst && statement.test(clause) && phrase.clauses.length === 1) return null;
  }
  return null;
}

/** A second order may say better what the first one is for: "read the logs, then tell me why …". */
function refine(found: Request, clause: string, whole: string): Request {
  if (found.type === 'code' && /^(?:look|read|open|take|go|use|have)\b/.test(clause) && whole !== clause) {
    const rest = whole.slice(clause.length + 2);
    return { ...found, type: typeOfRequest(rest) };
  }
  return found;
}

/** True for stories and statements, which ask for nothing. */
export function isStatement(phrase: Phrase): boolean {
  return statement.test(phrase.clauses[0] ?? '');
}
