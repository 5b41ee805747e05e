/** Figures up to this count things in prose ("two reasons", "3 steps") and are no findings. */
const plainUpTo = 10;
/** Shorter quotes are words, not evidence. */
const leastQuote = 12;

export interface CheckedProse {
  /** The text without the sentences whose figures are in none of the sources. */
  readonly text: string;
  /** Those sentences. */
  readonly removed: readonly string[];
}

/**
 * Takes out the sentences with a figure that neither the facts nor the sources nor the request hold: a model that counts in
 * its head invents. Lists, tables and headings are judged line by line. Pure.
 */
export function withoutInventedFigures(prose: string, known: readonly string[]): CheckedProse {
  const figures = new Set(known.flatMap(figuresOf));
  const removed: string[] = [];
  let isCode = false;
  const lines = prose.split('\n').map((line) => {
    if (line.trimStart().startsWith('```')) isCode = !isCode;
    const mark = /^\s*(?:[-*+]|\d+[.)]|#+|\|)?\s*/.exec(line)?.[0] ?? '';
    const kept = sentencesOf(line.slice(mark.length)).filter((sentence) => {
      const isKnown = figuresOf(sentence).every((figure) => figures.has(figure) || isPlain(figure));
      if (!isKnown) removed.push(sentence.trim());
      return isKnown;
    });
    const rest = kept.join('').trimEnd();
    return rest.trim() === '' && line.trim() !== '' && !isCode ? null : `${mark}${rest}`;
  });
  const text = lines.filter((line) => line !== null).join('\n');
  return { text: text.replace(/\n{3,}/g, '\n\n').trim(), removed };
}

function sentencesOf(line: string): string[] {
  return line.match(/.*?(?:[.!?](?=\s|$)\s*|$)/g)?.filter((part) => part !== '') ?? [];
}

/** The figures of a text, written in one way: `1,204` is `1204`, `12.50%` is `12.5`. Pure. */
export function figuresOf(text: string): string[] {
  const plain = text.replace(/(?<=\d)[,'’](?=\d{3}(?!\d))/g, '');
  return [...plain.matchAll(/(?<![\p{L}\d_])\d+(?:\.\d+)?/gu)].map((match) => `${Number(match[0])}`);
}

function isPlain(figure: string): boolean {
  return !figure.includes('.') && Number(figure) <= plainUpTo;
}

/** Quotes of a text, in quotation marks or code marks, that none of the sources holds word for word. Pure. */
export function unfoundQuotes(prose: string, sources: readonly string[]): string[] {
  const known = sources.map(squeeze);
  const quotes = [...prose.replace(/```[\s\S]*?```/g, ' ').matchAll(/`([^`\n]+)`|"([^"\n]+)"|“([^”\n]+)”/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
  const asked = quotes.filter((quote) => quote.trim().length >= leastQuote);
  return [...new Set(asked)].filter((quote) => !known.some((text) => text.includes(squeeze(quote))));
}

function squeeze(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[.,;:…]+$/, '')
    .trim()
    .toLowerCase();
}
