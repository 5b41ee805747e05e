import { parseCommand } from './command-rule.js';
import {
  analysisVerbs,
  filePath,
  leadingVerb,
  makingVerbs,
  openVerbs,
  researchVerbs,
  reviewVerbs,
  taskId,
  tellingVerbs,
} from './english.js';
import { asksToSee } from './image-rule.js';
import { asksToKill } from './kill-rule.js';
import { asksToKillMisspelt } from './misspelt-kill.js';
import { asksForModels } from './models-rule.js';
import type { Order } from './order.js';
import { type ForeignIntent, foreignIntent } from './other-languages.js';
import { type Phrase, parsePhrase, startsAsQuestion } from './phrase.js';
import { asksForProgress } from './progress-rule.js';
import { proposalReply } from './proposal-rule.js';
import { holdsOff, isStatement, requestIn } from './request-rule.js';
import { type Decision, delegate, type Route, type RouteContext } from './route.js';

const answer: Route = { intent: 'answer' };
const taskWord = /\b(?:tasks?|jobs?|agents?|workers?)\b/;

function decided(route: Route, by: string, certain = true): Decision {
  return { route, by, certain };
}

/** Talk that holds no request: greetings, thanks, reactions. */
const smallTalk =
  /^(?:hi|hey|hello|yo|good (?:morning|afternoon|evening|night)|thanks|thank you|thx|ty|cheers|bye|goodbye|see you|ok|okay|cool|nice|great|awesome|perfect|wow|lol|haha|yes|no|yeah|yep|nope|sure|sorry|never ?mind|sounds good|good (?:job|work)|well done|i see|got it|interesting|really|hm+|oh|ah|welcome|please|test|ping|leave it|forget it)\b[^a-z]*(?:[\w', !.]{0,40})$/;

/** A picture is to be looked at; but what a task that looks at one does, and a stop order, are asked like all others. */
function isAboutImage(phrase: Phrase, request: Order | null, foreignIs: ForeignIntent | null): boolean {
  if (!asksToSee(phrase, request, foreignIs)) return false;
  if (foreignIs === 'kill' || foreignIs === 'progress' || foreignIs === 'models') return false;
  return !asksToKill(phrase) && !(taskWord.test(phrase.text) && asksForProgress(phrase));
}

function foreign(intent: ForeignIntent | null): Decision | null {
  if (intent === null) return null;
  if (intent === 'answer' || intent === 'progress' || intent === 'models' || intent === 'kill') {
    return decided({ intent }, 'language');
  }
  return decided(delegate(intent), 'language');
}

/**
 * Decides a turn by its wording alone: pure, a few microseconds. The order matters: what must never be misread comes
 * first (hold-off, stop orders), then plain orders, then questions about tasks and models.
 */
export function decideByRules(text: string, context: RouteContext): Decision {
  const command = parseCommand(text);
  if (command !== null) return decided(command, 'command');
  const phrase = parsePhrase(text);
  const reply = proposalReply(phrase, context);
  if (reply !== null) return decided(reply, 'proposal');
  if (holdsOff(phrase)) return decided(answer, 'hold-off');
  if (asksToKillMisspelt(phrase)) return decided({ intent: 'kill' }, 'misspelt stop');
  const intent = foreignIntent(phrase.text);
  const request = requestIn(phrase);
  if (isAboutImage(phrase, request, intent)) return decided(delegate('analysis'), 'image');
  const other = foreign(intent);
  if (other !== null) return other;
  if (asksToKill(phrase)) return decided({ intent: 'kill' }, 'kill');
  const first = phrase.clauses[0] ?? '';
  if (
    asksForModels(phrase) &&
    !(request?.strong === true && leadingVerb(first, makingVerbs) !== null && !/^switch\b/.test(first))
  ) {
    return decided({ intent: 'models' }, 'models');
  }
  if (request?.strong === true) return decided(delegate(request.type), 'request');
  // "Why does the build fail in this repo?" is about files, whatever a task may be called.
  const aboutFiles =
    filePath.test(phrase.text) ||
    /\bin (?:this|my|our|the) (?:repo|repository|project|codebase|code)\b/.test(phrase.text);
  if (request !== null && aboutFiles && !taskId.test(phrase.text)) return decided(delegate(request.type), 'request');
  if (asksForProgress(phrase)) return decided({ intent: 'progress' }, 'progress');
  if (request !== null) return decided(delegate(request.type), 'request');
  if (startsAsQuestion(first)) return decided(answer, 'question');
  if (smallTalk.test(phrase.text) || phrase.clauses.length === 0) return decided(answer, 'small-talk');
  if (leadingVerb(first, tellingVerbs) !== null) return decided(answer, 'telling');
  if (isStatement(phrase)) return decided(answer, 'statement', !filePath.test(phrase.text));
  if (phrase.isQuestion) return decided(answer, 'question');
  // A known verb without an object that is made of files ("compare apples and oranges") asks for words; two words alone
  // say nothing that a model could find an order in.
  const knownVerb = leadingVerb(first, makingVerbs, openVerbs, researchVerbs, analysisVerbs, reviewVerbs) !== null;
  return decided(answer, 'no rule', knownVerb || phrase.text.split(' ').length < 3);
}
