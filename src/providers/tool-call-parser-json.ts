/** What was read of a text that should hold a value. `end` is the index after it. */
export type LenientResult =
  | { readonly kind: 'value'; readonly value: unknown; readonly end: number }
  /** The text ends within the value. */
  | { readonly kind: 'truncated' }
  | { readonly kind: 'invalid'; readonly at: number };

/** Deeper nesting than any tool needs; bounds the recursion. */
const maxDepth = 64;

class Truncated extends Error {}
class Invalid extends Error {
  constructor(readonly at: number) {
    super('invalid');
  }
}

/**
 * Reads one JSON value at `start`, with the faults that small models make: single quotes, backquotes, triple quotes,
 * line breaks within strings, keys without quotes, trailing commas, comments, unknown escapes, Python's `True`, `False`,
 * `None`. What is unfinished is reported, never completed. Pure; never throws.
 */
export function parseLenientJson(text: string, start = 0): LenientResult {
  const reader = new Reader(text, start);
  try {
    return { kind: 'value', value: reader.value(0), end: reader.at };
  } catch (thrown) {
    if (thrown instanceof Truncated) return { kind: 'truncated' };
    if (thrown instanceof Invalid) return { kind: 'invalid', at: thrown.at };
    throw thrown;
  }
}

/** The arguments of a call as Python writes them: `start` is the index after the opening parenthesis. */
export function parseLenientArguments(text: string, start: number): LenientResult {
  const reader = new Reader(text, start);
  try {
    return { kind: 'value', value: reader.callArguments(), end: reader.at };
  } catch (thrown) {
    if (thrown instanceof Truncated) return { kind: 'truncated' };
    if (thrown instanceof Invalid) return { kind: 'invalid', at: thrown.at };
    throw thrown;
  }
}

/** What stood between the parentheses of a call. */
export interface CallArguments {
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

const words = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['null', null],
  ['None', null],
  ['undefined', null],
]);

const escapes = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['/', '/'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
]);

class Reader {
  constructor(
    private readonly text: string,
    public at: number,
  ) {}

  value(depth: number): unknown {
    if (depth > maxDepth) throw new Invalid(this.at);
    this.skip();
    const char = this.peek();
    if (char === '{') return this.object(depth);
    if (char === '[') return this.array(depth);
    if (char === '"' || char === "'" || char === '`') return this.string(char);
    if (/[-+.\d]/.test(char)) return this.number();
    const word = this.word();
    if (words.has(word)) {
      this.at += word.length;
      return words.get(word);
    }
    // Half a word at the very end, `tru`, is a cut and no mistake.
    if (this.at + word.length === this.text.length && [...words.keys()].some((each) => each.startsWith(word))) {
      throw new Truncated();
    }
    throw new Invalid(this.at);
  }

  callArguments(): CallArguments {
    const positional: unknown[] = [];
    const named = new Map<string, unknown>();
    for (;;) {
      this.skip();
      if (this.peek() === ')') break;
      const name = /^([A-Za-z_]\w*)\s*=(?!=)/.exec(this.text.slice(this.at, this.at + 200));
      if (name?.[1] !== undefined) {
        this.at += name[0].length;
        named.set(name[1], this.value(0));
      } else {
        positional.push(this.value(0));
      }
      this.skip();
      if (this.peek() === ',') this.at += 1;
      else if (this.peek() !== ')') throw new Invalid(this.at);
    }
    this.at += 1;
    return { positional, named: Object.fromEntries(named) };
  }

  private object(depth: number): Record<string, unknown> {
    const entries = new Map<string, unknown>();
    this.at += 1;
    for (;;) {
      this.skip();
      if (this.peek() === '}') break;
      const key = this.key();
      this.skip();
      if (this.peek() !== ':') throw new Invalid(this.at);
      this.at += 1;
      entries.set(key, this.value(depth + 1));
      this.separator('}');
    }
    this.at += 1;
    // Defines each key as the object's own, `__proto__` too.
    return Object.fromEntries(entries);
  }

  private array(depth: number): unknown[] {
    const items: unknown[] = [];
    this.at += 1;
    for (;;) {
      this.skip();
      if (this.peek() === ']') break;
      items.push(this.value(depth + 1));
      this.separator(']');
    }
    this.at += 1;
    return items;
  }

  private separator(close: string): void {
    this.skip();
    if (this.peek() === ',') this.at += 1;
    else if (this.peek() !== close) throw new Invalid(this.at);
  }

  private key(): string {
    const char = this.peek();
    if (char === '"' || char === "'" || char === '`') return this.string(char);
    const word = this.word();
    if (word === '') throw new Invalid(this.at);
    this.at += word.length;
    return word;
  }

  private string(quote: string): string {
    const triple = quote.repeat(3);
    if (quote !== '`' && this.text.startsWith(triple, this.at)) return this.quoted(triple);
    return this.quoted(quote);
  }

  private quoted(quote: string): string {
    let result = '';
    this.at += quote.length;
    for (;;) {
      if (this.text.startsWith(quote, this.at)) break;
      const char = this.peek();
      this.at += 1;
      result += char === '\\' ? this.escape() : char;
    }
    this.at += quote.length;
    return result;
  }

  private escape(): string {
    const char = this.peek();
    this.at += 1;
    if (char === 'u') {
      const digits = this.text.slice(this.at, this.at + 4);
      if (/^[0-9a-fA-F]{4}$/.test(digits)) {
        this.at += 4;
        return String.fromCharCode(Number.parseInt(digits, 16));
      }
      if (this.at + digits.length >= this.text.length) throw new Truncated();
    }
    // An escape that JSON does not know (`\d` in a pattern, `\` before a line end) was meant as it stands.
    return escapes.get(char) ?? `\\${char}`;
  }

  private number(): number {
    const match = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/.exec(this.text.slice(this.at, this.at + 64));
    if (match === null) {
      if (this.at + 2 >= this.text.length) throw new Truncated();
      throw new Invalid(this.at);
    }
    this.at += match[0].length;
    return Number(match[0]);
  }

  private word(): string {
    const match = /^[A-Za-z_$][\w$-]*/.exec(this.text.slice(this.at, this.at + 128));
    return match?.[0] ?? '';
  }

  private skip(): void {
    for (;;) {
      const char = this.text[this.at];
      if (char !== undefined && /\s/.test(char)) this.at += 1;
      else if (this.text.startsWith('//', this.at)) this.to('\n');
      else if (this.text.startsWith('/*', this.at)) this.to('*/');
      else return;
    }
  }

  private to(end: string): void {
    const index = this.text.indexOf(end, this.at);
    if (index === -1) throw new Truncated();
    this.at = index + end.length;
  }

  private peek(): string {
    const char = this.text[this.at];
    if (char === undefined) throw new Truncated();
    return char;
  }
}
