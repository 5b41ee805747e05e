import { stripCourtesies } from './routing/phrase.js';

/** Longest title, in characters; what is longer ends with `…`. */
const titleLimit = 72;
/** Characters of a request that its title is made from. */
const readLimit = 400;

/** A short name for a request: its first sentence without the courtesies. Never empty for a text that is not blank. */
export function titleOf(request: string): string {
  const text = request.trim().slice(0, readLimit).replace(/\s+/g, ' ').trim();
  const bare = keepCase(text);
  const sentence = /^.*?[.!?](?=\s|$)/u.exec(bare)?.[0] ?? bare;
  const title = sentence.replace(/[\s.!?:;,]+$/u, '');
  const chosen = title === '' ? text : title;
  return chosen.length <= titleLimit ? chosen : `${cutAtWord(chosen)}…`;
}

/** Courtesies are known in lower case; the rest of the text keeps its letters. */
function keepCase(text: string): string {
  const rest = stripCourtesies(text.toLowerCase());
  // Lower case may change a text's length in a few scripts; then it stays whole.
  return text.toLowerCase().endsWith(rest) && text.length === text.toLowerCase().length
    ? text.slice(text.length - rest.length)
    : text;
}

function cutAtWord(text: string): string {
  const cut = text.slice(0, titleLimit - 1);
  const space = cut.lastIndexOf(' ');
  return space > titleLimit / 2 ? cut.slice(0, space) : cut;
}
