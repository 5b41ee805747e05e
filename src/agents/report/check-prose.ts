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
 * its head invents. So are those that give the figure of one name of a counted list (`west 143, south 133`) to another. Lists, tables and headings are judged line by line. Pure.
 */
export function withoutInventedFigures(
  prose: string,
  known: readonly string[],
  facts: readonly string[] = [],
): CheckedProse {
  const figures = new Set(known.flatMap(figuresOf));
  const owners = ownersOf(facts);
  const removed: string[] = [];
  let isCode = false;
  const lines = prose.split('\n').map((line) => {
    if (line.trimStart().startsWith('```')) isCode = !isCode;
    const mark = /^\s*(?:[-*+]|\d+[.)]|#+|\|)?\s*/.exec(line)?.[0] ?? '';
    const kept = sentencesOf(line.slice(mark.length)).filter((sentence) => {
      const isKnown =
        figuresOf(sentence).every((figure) => figures.has(figure) || isPlain(figure)) && !isMisplaced(sentence, owners);
      if (!isKnown) removed.push(sentence.trim());
      return isKnown;
    });
    const rest = kept.join('').trimEnd();
    return rest.trim() === '' && line.trim() !== '' && !isCode ? null : `${mark}${rest}`;
  });
  const text = lines.filter((line) => line !== null).join('\n');
  return { text: text.replace(/\n{3,}/g, '\n\n').trim(), removed };
}

/** For each figure of the counted lists, the names that it belongs to, and all names of those lists. */
interface Owners {
  readonly byFigure: ReadonlyMap<string, ReadonlySet<string>>;
  readonly names: ReadonlySet<string>;
}

function ownersOf(facts: readonly string[]): Owners {
  const byFigure = new Map<string, Set<string>>();
  const names = new Set<string>();
  for (const fact of facts) {
    const list = fact.slice(fact.indexOf(':') + 1).replace(/\.$/, '');
    for (const [, name = '', count = '', mean] of list.matchAll(
      /(?:^|,)\s*([^\d,:()]{2,40}?) (\d[\d.]*)(?: \(mean (\d[\d.]*)\))?(?=,|$| and )/g,
    )) {
      const key = name.trim().toLowerCase();
      names.add(key);
      for (const figure of [count, mean]) {
        if (figure === undefined) continue;
        const known = byFigure.get(`${Number(figure)}`) ?? new Set();
        byFigure.set(`${Number(figure)}`, known.add(key));
      }
    }
  }
  return { byFigure, names };
}

/** Whether a sentence gives a figure to a name of the lists that it does not belong to, and does not name the one it does. */
function isMisplaced(sentence: string, { byFigure, names }: Owners): boolean {
  const words = ` ${sentence
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]+/gu, ' ')
    .replace(/\.(?=\s|$)/g, '')} `;
  const named = [...names].filter((name) => words.includes(` ${name} `));
  if (named.length === 0) return false;
  return figuresOf(sentence).some((figure) => {
    const owners = byFigure.get(figure);
    return owners !== undefined && !named.some((name) => owners.has(name));
  });
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
