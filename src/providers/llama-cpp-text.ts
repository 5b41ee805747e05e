/**
 * Cuts a stream of text at the first of some stop texts, which may arrive split over several pieces: what could still
 * become one is held back.
 */
export class StopScanner {
  #held = '';

  constructor(private readonly stops: readonly string[]) {}

  /** The text that is safe to show, and whether a stop text (itself not shown) has ended it. */
  push(piece: string): { text: string; stopped: boolean } {
    const all = this.#held + piece;
    let cut = -1;
    for (const stop of this.stops) {
      const at = stop === '' ? -1 : all.indexOf(stop);
      if (at !== -1 && (cut === -1 || at < cut)) cut = at;
    }
    if (cut !== -1) {
      this.#held = '';
      return { text: all.slice(0, cut), stopped: true };
    }
    const keep = this.stops.reduce((most, stop) => Math.max(most, overlap(all, stop)), 0);
    this.#held = all.slice(all.length - keep);
    return { text: all.slice(0, all.length - keep), stopped: false };
  }

  /** What was held back, once nothing more can follow. */
  flush(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** Length of the longest proper start of `stop` that `text` ends with. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}

/**
 * Notices when a stream of JSON text has closed its outermost object or array, so that generation can end there: the
 * grammar itself goes on with line feeds.
 */
export class JsonEnd {
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** Length of the part of `piece` up to the closing bracket, or null while it is open. */
  push(piece: string): number | null {
    for (let index = 0; index < piece.length; index++) {
      if (this.#step(piece[index] ?? '')) return index + 1;
    }
    return null;
  }

  #step(character: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === '\\') this.#escaped = true;
      else if (character === '"') this.#inString = false;
      return false;
    }
    if (character === '"') this.#inString = true;
    else if (character === '{' || character === '[') this.#depth += 1;
    else if (character === '}' || character === ']') {
      this.#depth -= 1;
      return this.#depth === 0;
    }
    return false;
  }
}

/**
 * Turns tokens into text. A character whose bytes are spread over several tokens comes out with the last of them.
 * `detokenize` gets the tokens that are not shown yet and those shown last, for models whose spaces depend on them.
 */
export class TokenText<Token> {
  #pending: Token[] = [];
  #shown: Token[] = [];

  constructor(
    private readonly detokenize: (tokens: Token[], before: Token[]) => string,
    prompt: readonly Token[],
  ) {
    this.#shown = prompt.slice(-8);
  }

  push(token: Token): string {
    this.#pending.push(token);
    const text = this.detokenize(this.#pending, this.#shown);
    // A character takes at most 4 bytes and so at most 4 tokens; more can only be broken text.
    if (text.endsWith('\uFFFD') && this.#pending.length < 4) return '';
    return this.#release(text);
  }

  flush(): string {
    if (this.#pending.length === 0) return '';
    return this.#release(this.detokenize(this.#pending, this.#shown));
  }

  #release(text: string): string {
    this.#shown = [...this.#shown, ...this.#pending].slice(-8);
    this.#pending = [];
    return text;
  }
}
