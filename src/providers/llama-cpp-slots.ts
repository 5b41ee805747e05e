/** A conversation whose keys and values are in memory. */
export interface SlotState {
  /** Its tokens. */
  readonly tokens: readonly number[];
  /** Grows with each use; the smallest was used longest ago. */
  readonly lastUsed: number;
}

/**
 * Which slot should serve a prompt, as an index: the one that already holds most of its start, unless that would throw
 * away more of another conversation than it saves and a slot that matters less is there. So a short question with its
 * own instructions does not push the chat's history out of memory.
 */
export function chooseSlot(slots: readonly SlotState[], prompt: readonly number[]): number {
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  slots.forEach((slot, index) => {
    const shared = commonPrefix(slot.tokens, prompt);
    const lost = slot.tokens.length - shared;
    // What is saved counts in full and what is lost by half; the age only decides between equals.
    const score = shared - lost / 2 - slot.lastUsed * 1e-9;
    if (score > bestScore) {
      best = index;
      bestScore = score;
    }
  });
  return best;
}

/** Number of equal tokens at the start of both. */
export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length += 1;
  return length;
}
