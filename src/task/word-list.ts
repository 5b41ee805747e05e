/** A word of a text in lower case, and where it stands. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The words of a text: runs of letters and digits; hyphens and apostrophes part them. Pure. */
export function wordsOf(text: string): Word[] {
  return [...text.matchAll(/[\p{L}\p{N}]+/gu)].map((match) => ({
    text: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/**
 * A list of words written apart by spaces: `*` at an end stands for anything, `_` joins the words of a phrase. Sets instead of
 * a regular expression, since one of that many alternatives takes a tenth of a second to be made.
 */
export class WordList {
  private readonly whole = new Set<string>();
  private readonly starts: string[] = [];
  private readonly ends: string[] = [];
  /** Phrases by their first word. */
  private readonly phrases = new Map<string, (readonly string[])[]>();

  constructor(list: string) {
    for (const entry of list.split(' ')) {
      const [first = '', ...rest] = entry.split('_');
      if (rest.length > 0) this.phrases.set(first, [...(this.phrases.get(first) ?? []), [first, ...rest]]);
      else if (entry.endsWith('*')) this.starts.push(entry.slice(0, -1));
      else if (entry.startsWith('*')) this.ends.push(entry.slice(1));
      else this.whole.add(entry);
    }
  }

  /** How many words from `index` on are an entry of the list; 0 where none is. */
  lengthAt(words: readonly Word[], index: number): number {
    const text = words[index]?.text;
    if (text === undefined) return 0;
    const phrase = (this.phrases.get(text) ?? []).find((each) =>
      each.every((part, offset) => words[index + offset]?.text === part),
    );
    if (phrase !== undefined) return phrase.length;
    return this.hasWord(text) ? 1 : 0;
  }

  /** Whether any of the words, or of the phrases that they make, is in the list. */
  isIn(words: readonly Word[]): boolean {
    return words.some((_, index) => this.lengthAt(words, index) > 0);
  }

  private hasWord(text: string): boolean {
    return (
      this.whole.has(text) ||
      this.starts.some((start) => text.startsWith(start)) ||
      this.ends.some((end) => text.endsWith(end))
    );
  }
}
