import { withoutWishes } from './plan-wishes.js';

/**
 * The whole request that a part belongs to, for the agent that works on the part; null where the part says it already, but for
 * the wishes that other parts have. Pure.
 */
export function requestBehind(whole: string, part: string): string | null {
  const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();
  return plain(part).includes(plain(withoutWishes(whole)).replace(/[.!?]$/, '')) ? null : whole.trim();
}

/** At most `limit` characters of a text: its beginning and its end, with a mark that says how much is left out. Pure. */
export function beginningAndEnd(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.floor(limit * 0.7);
  const tail = limit - head;
  return `${text.slice(0, head)}\n[… ${text.length - head - tail} characters are left out here …]\n${text.slice(-tail)}`;
}
