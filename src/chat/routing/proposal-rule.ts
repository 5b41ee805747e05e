import { filePath } from './english.js';
import { type Phrase, parsePhrase, tellingParts } from './phrase.js';
import { delegate, type Route, type RouteContext } from './route.js';
import { typeOfRequest } from './task-type.js';

const offers =
  /\b(?:shall|should|can|could|may) i\b|\b(?:would you like|do you want|want) me to\b|\bi (?:can|could|will|would) (?:start|delegate|build|write|add|create|do|make|fix|implement|run|have)\b.*\?|\blet me (?:know|start)\b/i;

const agrees =
  /^(?:(?:yes|yeah|yep|yup|ok|okay|k|sure|of course|absolutely|definitely|fine|alright|right|correct|please|please do|go|great|good|perfect|cool|do|sounds good|go ahead|go for it|do it|do that|do so|make it so|start|start it|start that|let's (?:go|do it|do that)|that works|why not|by all means|ja|ja bitte|mach das|mach|sí|si|claro|hazlo|oui|vas-y|d'accord|好|好的|可以|是的|はい|お願い|да|давай|sim|va bene|and|then|now|wilson|thanks|thank you|i'd like that|that'd be great|that would be great|that sounds (?:good|great)|with tests(?: please)?)[\s,.!]*)+$/;

const refuses =
  /^(?:no|nope|nah|not (?:now|yet|really)|never ?mind|leave it|forget it|don't|do not|stop|cancel|skip|later|rather not|nein|non|不|不用|いいえ|нет|não)\b/;

/** "Do it" in any form, which needs nothing but something to refer to. */
const doIt =
  /^(?:(?:yes|ok|okay|then|so|please|sure|great|good|alright|just|now|and)[\s,]*)*(?:do (?:it|that|this)|build (?:it|that)|make it so|implement (?:it|that)|write (?:it|that)|go ahead|go for it|please do|start (?:it|that))(?:[\s,]+(?:please|now|then|for me|thanks|wilson))*[\s.!]*$/;

/** Characters at the end of Wilson's answer that may hold a proposal. */
const proposalLimit = 600;
/** Longest reply to one, in characters; a longer turn says something of its own. */
const replyLimit = 80;

/** The task in Wilson's own question, without the words of the question. */
export function proposalIn(assistant: string): string | null {
  const sentences = assistant
    .trim()
    .slice(-proposalLimit)
    .split(/(?<=[.!?])\s+/)
    .slice(-3);
  const position = sentences.findLastIndex((sentence) => offers.test(sentence));
  const offer = sentences[position];
  if (offer === undefined) return null;
  const wanted = withoutOffer(offer);
  // "… Shall I do that?" offers what the sentence before says.
  const before = sentences[position - 1];
  return /^(?:do|start|build|write) (?:that|it|so|this)$/i.test(wanted) && before !== undefined
    ? withoutOffer(before)
    : wanted;
}

/** The sentence without "Shall I", "start a task that" and its end. */
function withoutOffer(offer: string): string {
  return offer
    .trim()
    .replace(
      /^.*?\b(?:(?:shall|should|can|could|may) i|(?:would you like|do you want|want) me to|let me know if|i (?:can|could|will|would))\s+(?:go ahead and |please )?/i,
      '',
    )
    .replace(
      /^(?:start|create|run|launch|delegate|begin) (?:an?|the|another) (?:\w+ )?(?:task|agent|job)s? (?:that|which|to|for)\s+/i,
      '',
    )
    .replace(/[?!.\s]+$/, '');
}

/** What an answer to Wilson's own proposal means; null where there was none or the turn says something else. */
export function proposalReply(phrase: Phrase, context: RouteContext): Route | null {
  if (phrase.text.length > replyLimit) return null;
  const proposal = context.lastAssistant === null ? null : proposalIn(context.lastAssistant);
  if (proposal !== null) {
    if (refuses.test(phrase.text) && phrase.text.length < 60 && !filePath.test(phrase.text))
      return { intent: 'answer' };
    if (agrees.test(phrase.text) || doIt.test(phrase.text)) {
      return delegate(typeOfRequest(baseForm(parsePhrase(proposal).clauses.join(', '))));
    }
    return null;
  }
  if (
    doIt.test(phrase.text) &&
    /\b(?:it|that)\b/.test(phrase.text) &&
    context.lastUser !== null &&
    context.lastAssistant !== null
  ) {
    return delegate(typeOfRequest(tellingParts(context.lastUser).toLowerCase()));
  }
  return doIt.test(phrase.text) || (agrees.test(phrase.text) && phrase.text.length < 40) ? { intent: 'answer' } : null;
}

/** "adds a login page" → "add a login page": enough for the rules, which know base forms. */
function baseForm(text: string): string {
  return text.replace(/^(\w{2,}[^s\s])s\b/, '$1');
}
