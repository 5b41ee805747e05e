import { proposalIn } from '../proposal-rule.js';

/** Characters at the end of an answer that may hold an offer. */
const tailLimit = 600;

/**
 * What Wilson's last message asked the user to decide, as its last two sentences; null where it asked nothing. Wider than
 * `proposalIn`, which wants to know what exactly would be done: "Go ahead?" is an offer too.
 */
export function offerIn(assistant: string): string | null {
  const tail = assistant.trim().slice(-tailLimit);
  if (proposalIn(assistant) === null && !/[?？]\s*$/.test(tail)) return null;
  return tail
    .split(/(?<=[.!?？。])\s*(?=\S)/)
    .slice(-2)
    .join(' ');
}

const twoOptions = /(?:^|[\s:])\(?(?:1|a|one)[).:]\s*(.*?)(?:[,;.]?\s*(?:or|and)?\s*)\(?(?:2|b|two)[).:]\s*(.*)$/i;

/** The option that a reply chooses from an offer of two ("the second one"); the whole offer where it chooses none. */
export function chosenOption(offer: string, reply: string): string {
  const [, one, two] = twoOptions.exec(offer) ?? [];
  if (one === undefined || two === undefined) return offer;
  if (/\b(?:second|2|b|two|latter)\b/i.test(reply)) return two.replace(/[.?!]\s.*$/s, '');
  return /\b(?:first|1|a|one|former)\b/i.test(reply) ? one : offer;
}

/** True for "Do you want me to stop it?": a yes to it is a stop order. */
export function offersToStop(offer: string): boolean {
  return /\b(?:me to|i|agents?) (?:stop|cancel|kill|abort|end|terminate)\b/i.test(offer);
}
