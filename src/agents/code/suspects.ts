import { mentionedIn } from './mentioned.js';
import { blocksOf } from './source-outline.js';

export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Suspect {
  readonly path: string;
  /** Name of a function, class or method. */
  readonly name: string;
}

/** Points for a word of the request in a name, and in the code below it. */
const namePoints = 3;
const bodyPoints = 1;
/** Points that a guess needs, and the lead over the next one. */
const leastPoints = 3;
const leastLead = 1;

/**
 * What a complaint is about where it names nothing: the definition that shares most words with it ("the discount makes
 * things dearer" and `apply_discount`). Null when none shares enough, or two share the same. Pure.
 */
export function suspectOf(wish: string, sources: readonly Source[]): Suspect | null {
  const scored = sources.flatMap(({ path, text }) => {
    // A file that is named is the only one that counts.
    const bonus = wish.includes(path.split('/').at(-1) ?? path) ? 100 : 0;
    // What the file is called says nothing about what is meant in it.
    const words = new Set(wordsOf(wish).filter((word) => !wordsOf(path).includes(word)));
    return blocksOf(text).map(({ name, names, text: block }) => {
      const inName = new Set(wordsOf(names.join(' ')).filter((word) => words.has(word)));
      const inBody = new Set(wordsOf(block).filter((word) => words.has(word) && !inName.has(word)));
      const points = inName.size * namePoints + inBody.size * bodyPoints;
      return { path, name, points, rank: points + bonus };
    });
  });
  const [best, next] = scored.sort((a, b) => b.rank - a.rank);
  if (best === undefined || best.points < leastPoints) return null;
  return next === undefined || best.rank - next.rank >= leastLead ? { path: best.path, name: best.name } : null;
}

/** The sources that define something a request names, with what it names there. Pure. */
export function namedIn(wish: string, sources: readonly Source[]): Suspect[] {
  return sources.flatMap(({ path, text }) =>
    mentionedIn(
      wish,
      blocksOf(text).flatMap((each) => each.names),
    ).map((name) => ({ path, name })),
  );
}

/** Words of four letters and more, parts of names too, without the endings of English and German plurals and tenses. */
function wordsOf(text: string): string[] {
  return text
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-zäöüß0-9]+/)
    .filter((word) => word.length > 3 && !emptyWords.test(word))
    .map((word) => word.replace(/(?:ing|ies|ed|es|s|en|er)$/, ''))
    .filter((word) => word.length > 2);
}

const emptyWords =
  /^(this|that|with|from|should|would|could|when|then|there|their|have|does|doesn|returns?|none|true|false|self|function|class|method|value|values|please|makes?|result|wrong|right|file|code|const|import|export|else|python|instead|because|always|never|only|also|just|like|what|which|some|more|than|into|them|they|your|need|want|still|item|items|list|name|text|line)$/;
